import type { BucketCommand } from '../../codec/entry/bucket-command.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import { applyCancel } from './entries/cancel.ts'
import { applyCert } from './entries/cert.ts'
import { applyChallenge } from './entries/challenge.ts'
import { applyClaim } from './entries/claim.ts'
import { applyClose } from './entries/close.ts'
import { applyCommit } from './entries/commit.ts'
import { applyDecide } from './entries/decide.ts'
import { applyExpire } from './entries/expire.ts'
import { applyFinalize } from './entries/finalize.ts'
import { applyInvalidate } from './entries/invalidate.ts'
import { applyLapse } from './entries/lapse.ts'
import { applyPass } from './entries/pass.ts'
import { applyReject } from './entries/reject.ts'
import { applyRelease } from './entries/release.ts'
import { applyReveal } from './entries/reveal.ts'
import { applySettle } from './entries/settle.ts'
import { applySplit } from './entries/split.ts'
import { applyVerdict } from './entries/verdict.ts'
import { applyVoidChallenge } from './entries/void-challenge.ts'
import { applyWave } from './entries/wave.ts'
import { applyYield } from './entries/yield.ts'
import type { NeedTurn } from './need-turn.ts'

/** Commands that concern one need. */
export type NeedCommand = Exclude<BucketCommand, { kind: 'fence' | 'lead' }>

/** The entry's own rules, when the frame and the state allow it. The result is what the proposer learns. */
export function applyEntry(turn: NeedTurn, command: NeedCommand): Result<Uint8Array, Rejection> {
  switch (command.kind) {
    case 'cancel':
      return applyCancel(turn, command)
    case 'close':
      return applyClose(turn, command)
    case 'pass':
      return applyPass(turn, command)
    case 'decide':
      return applyDecide(turn, command)
    case 'claim':
      return applyClaim(turn, command)
    case 'lapse':
      return applyLapse(turn, command)
    case 'yield':
      return applyYield(turn, command)
    case 'release':
      return applyRelease(turn, command)
    case 'commit':
      return applyCommit(turn, command)
    case 'reveal':
      return applyReveal(turn, command)
    case 'wave':
      return applyWave(turn, command)
    case 'finalize':
      return applyFinalize(turn, command)
    case 'reject':
      return applyReject(turn, command)
    case 'challenge':
      return applyChallenge(turn, command)
    case 'void-challenge':
      return applyVoidChallenge(turn, command)
    case 'verdict':
      return applyVerdict(turn, command)
    case 'invalidate':
      return applyInvalidate(turn, command)
    case 'settle':
      return applySettle(turn)
    case 'expire':
      return applyExpire(turn, command)
    case 'split':
      return applySplit(turn, command)
    case 'cert':
      return applyCert(turn, command)
    default:
      return command satisfies never
  }
}
