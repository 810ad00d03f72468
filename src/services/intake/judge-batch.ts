import { type OpenedBatch, openBatch } from '../../codec/envelope/open-batch.ts'
import { type VerifiedBatch, verifyBatchFast } from '../../codec/envelope/verify-batch.ts'
import type { VerifyContext } from '../../codec/envelope/verify-root.ts'
import { assert } from '../../model/fault.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { SecondOpinion } from '../../ports/second-opinion.ts'

export interface JudgeDeps {
  readonly crypto: Pick<Crypto, 'verifyFast'>
  readonly secondOpinion: Pick<SecondOpinion, 'verdicts'>
}

/**
 * What a wire batch that `peer` handed over is worth. Cheap checks come first: bytes, schema, tree, then one native
 * verification; only what that refuses is asked elsewhere, out of the peer's budget. So a forged batch costs
 * the main thread what a genuine one does, and no more of the worker than its sender may buy.
 * Rejects as `openBatch` and `verifyBatch` do, all of which the peer answers for; RATE_LIMITED when the budget is
 * spent, which says nothing of the batch: it may be offered again. Faults `worker`.
 * Source: protocol.md, "Identity", "Signed types".
 */
export async function judgeBatch(
  peer: string,
  bytes: Uint8Array,
  context: VerifyContext,
  deps: JudgeDeps,
): Promise<Result<VerifiedBatch, Rejection>> {
  const opened = openBatch(bytes, context)
  return opened.ok ? await judgeOpened(peer, opened.value, context, deps) : opened
}

async function judgeOpened(
  peer: string,
  opened: OpenedBatch,
  context: VerifyContext,
  { crypto, secondOpinion }: JudgeDeps,
): Promise<Result<VerifiedBatch, Rejection>> {
  const verdict = verifyBatchFast(opened, context, crypto.verifyFast)
  switch (verdict.kind) {
    case 'valid':
      return { ok: true, value: verdict.value }
    case 'refused':
      return { ok: false, error: verdict.rejection }
    case 'undecided': {
      const [answer] = await secondOpinion.verdicts(peer, [verdict.check])
      assert(answer !== undefined, 'one answer a check')
      return answer.ok ? verdict.settle(answer.value) : answer
    }
    default:
      return verdict satisfies never
  }
}
