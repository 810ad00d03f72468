import { type Rejection, reject } from '../../model/rejection.ts'
import { err, ok, type Result } from '../../model/result.ts'
import { equalBytes } from '../bytes.ts'
import { leafHash } from '../merkle/hash.ts'
import { rootFromPath } from '../merkle/inclusion.ts'
import type { Kind } from '../payload/verbs.ts'
import type { CheckSignature } from '../signed/statement.ts'
import type { Envelope } from './envelope.ts'
import type { PathSignature } from './root-signature.ts'
import type { UnverifiedSingle } from './single-form.ts'
import {
  type FastVerdict,
  judgeRoot,
  lastWord,
  maySign,
  notDelegated,
  type VerifyContext,
} from './verify-root.ts'

/** An envelope whose path and signature were checked. */
export type SingleEnvelope<K extends Kind = Kind> = Envelope<K, PathSignature>

/** The rule itself: `verify` is `Crypto.verify`. Rejects as `verifyBatch`, all of it for the one envelope. */
export function verifyEnvelope(
  envelope: UnverifiedSingle,
  context: VerifyContext,
  verify: CheckSignature,
): Result<SingleEnvelope, Rejection> {
  return lastWord(verifyEnvelopeFast(envelope, context, verify))
}

/** What can be said without the second opinion: `verifyFast` is `Crypto.verifyFast`. */
export function verifyEnvelopeFast(
  envelope: UnverifiedSingle,
  context: VerifyContext,
  verifyFast: CheckSignature,
): FastVerdict<SingleEnvelope> {
  const { bytes, body, sig } = envelope
  const { sender } = body
  const leaf = leafHash(bytes, context.sha256)
  if (!equalBytes(rootFromPath(leaf, sig.path, context.sha256), sig.root)) {
    const rejection = reject('BAD_SIGNATURE', 'body and path do not lead to the root', 'sig.path').error
    return { kind: 'refused', rejection }
  }
  return judgeRoot(sig.by ?? sender, sig, context, verifyFast, () =>
    maySign(sender, sig.by, context) ? ok(envelope as SingleEnvelope) : err(notDelegated(sender)),
  )
}
