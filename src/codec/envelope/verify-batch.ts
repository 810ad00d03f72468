/**
 * Who signed a batch, once its bodies were read. By its own bytes a batch is refused whole: for a root to which the
 * bodies do not lead (BAD_SIGNATURE, `root`), for a signer whose key is not acceptable (BAD_KEY), for a root that
 * the signer did not sign (BAD_SIGNATURE, `s`). By what is known now, body by body: a sender whom no delegation
 * covers (BAD_SIGNATURE, `sig.by`); ask `undelegated` first, and fetch what is missing.
 * Source: protocol.md, "Identity", "Signed types", "Envelope".
 */
import type { Did } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { err, ok, type Result } from '../../model/result.ts'
import { equalBytes } from '../bytes.ts'
import { leafHash } from '../merkle/hash.ts'
import { merkleRoot } from '../merkle/root.ts'
import type { CheckSignature } from '../signed/statement.ts'
import type { Batch } from './batch.ts'
import type { Envelope, UnverifiedEnvelope } from './envelope.ts'
import type { OpenedBatch, RefusedBody } from './open-batch.ts'
import {
  type FastVerdict,
  judgeRoot,
  lastWord,
  maySign,
  notDelegated,
  type VerifyContext,
} from './verify-root.ts'

/** A batch whose root its signer signed. */
export interface VerifiedBatch {
  readonly batch: Batch
  readonly signer: Did
  /** One for each body, in order. */
  readonly items: readonly Result<Envelope, RefusedBody>[]
}

/** The rule itself: `verify` is `Crypto.verify`. For state machines, replay and the command line. */
export function verifyBatch(
  opened: OpenedBatch,
  context: VerifyContext,
  verify: CheckSignature,
): Result<VerifiedBatch, Rejection> {
  return lastWord(verifyBatchFast(opened, context, verify))
}

/** What can be said without the second opinion: `verifyFast` is `Crypto.verifyFast`. For intake. */
export function verifyBatchFast(
  opened: OpenedBatch,
  context: VerifyContext,
  verifyFast: CheckSignature,
): FastVerdict<VerifiedBatch> {
  const { batch, signer } = opened
  const leaves = batch.bodies.map((body) => leafHash(body, context.sha256))
  if (!equalBytes(merkleRoot(leaves, context.sha256), batch.root)) {
    const rejection = reject('BAD_SIGNATURE', 'the bodies do not lead to the root', 'root').error
    return { kind: 'refused', rejection }
  }
  return judgeRoot(signer, batch, context, verifyFast, () =>
    ok({ batch, signer, items: opened.items.map((item) => authorised(item, batch.by, context)) }),
  )
}

function authorised(
  item: Result<UnverifiedEnvelope, RefusedBody>,
  by: Did | undefined,
  context: VerifyContext,
): Result<Envelope, RefusedBody> {
  if (!item.ok) return item
  const { id, body } = item.value
  return maySign(body.sender, by, context)
    ? ok(item.value as Envelope)
    : err({ id, rejection: notDelegated(body.sender) })
}

/** Senders for whom `by` signed and no delegation that covers it now is known, each once. */
export function undelegated({ batch, items }: OpenedBatch, context: VerifyContext): readonly Did[] {
  const senders = items.flatMap((item) => (item.ok ? [item.value.body.sender] : []))
  return [...new Set(senders)].filter((sender) => !maySign(sender, batch.by, context))
}
