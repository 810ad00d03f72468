import type * as z from 'zod'
import { attestPayload } from './attest.ts'
import { attestCommitPayload } from './attest-commit.ts'
import { attestPlanPayload } from './attest-plan.ts'
import { cancelPayload } from './cancel.ts'
import { challengePayload } from './challenge.ts'
import { challengeCommitPayload } from './challenge-commit.ts'
import { claimPayload } from './claim.ts'
import { commitPayload } from './commit.ts'
import { completeUnbondingPayload } from './complete-unbonding.ts'
import { deregisterPayload } from './deregister.ts'
import { heartbeatPayload } from './heartbeat.ts'
import { manifestPayload } from './manifest.ts'
import { needPayload } from './need.ts'
import { proposePayload } from './propose.ts'
import { registerPayload } from './register.ts'
import { revealPlanPayload } from './reveal-plan.ts'
import { stakePayload } from './stake.ts'
import { transferPayload } from './transfer.ts'
import { unstakePayload } from './unstake.ts'
import { updatePlanPayload } from './update-plan.ts'
import { verdictPayload } from './verdict.ts'
import { withdrawPayload } from './withdraw.ts'
import { yieldPayload } from './yield.ts'

/** What is fixed of a verb. */
export interface Verb {
  readonly payload: z.ZodType
  /** Who may send it, for people: the right itself is checked against state. */
  readonly sender: string
  /** `need`: the thread that a NEED opened. `account`: the sender's own, which its first envelope opens. */
  readonly thread: 'need' | 'account'
}

/** Every verb that can be sent so far. Source: protocol.md, "Verbs". */
export const VERBS = {
  NEED: { payload: needPayload, sender: 'requester', thread: 'need' },
  CANCEL: { payload: cancelPayload, sender: 'requester', thread: 'need' },
  PROPOSE: { payload: proposePayload, sender: 'planner or worker', thread: 'need' },
  REVEAL_PLAN: { payload: revealPlanPayload, sender: 'the bidder at the head', thread: 'need' },
  ATTEST_PLAN: { payload: attestPlanPayload, sender: 'plan seat', thread: 'need' },
  CLAIM: { payload: claimPayload, sender: 'the entitled worker', thread: 'need' },
  HEARTBEAT: { payload: heartbeatPayload, sender: 'lease holder', thread: 'need' },
  YIELD: { payload: yieldPayload, sender: 'lease holder', thread: 'need' },
  COMMIT: { payload: commitPayload, sender: 'lease holder', thread: 'need' },
  ATTEST_COMMIT: { payload: attestCommitPayload, sender: 'result seat', thread: 'need' },
  ATTEST: { payload: attestPayload, sender: 'result seat', thread: 'need' },
  UPDATE_PLAN: { payload: updatePlanPayload, sender: 'any participant of the thread', thread: 'need' },
  CHALLENGE_COMMIT: {
    payload: challengeCommitPayload,
    sender: 'any account with the bond free',
    thread: 'need',
  },
  CHALLENGE: { payload: challengePayload, sender: 'who committed to it', thread: 'need' },
  WITHDRAW: { payload: withdrawPayload, sender: 'challenger', thread: 'need' },
  VERDICT: { payload: verdictPayload, sender: 'challenge seat', thread: 'need' },
  TRANSFER: { payload: transferPayload, sender: 'account', thread: 'account' },
  STAKE: { payload: stakePayload, sender: 'account', thread: 'account' },
  UNSTAKE: { payload: unstakePayload, sender: 'account', thread: 'account' },
  COMPLETE_UNBONDING: { payload: completeUnbondingPayload, sender: 'account', thread: 'account' },
  REGISTER: { payload: registerPayload, sender: 'account', thread: 'account' },
  DEREGISTER: { payload: deregisterPayload, sender: 'account', thread: 'account' },
  MANIFEST: { payload: manifestPayload, sender: 'account', thread: 'account' },
} as const satisfies Record<string, Verb>

export type Kind = keyof typeof VERBS

/** In the order of the table. */
export const KINDS = Object.keys(VERBS) as readonly Kind[]

/** Verbs that can open a thread: all others need something before them. */
export function canOpen(kind: Kind): boolean {
  return kind === 'NEED' || VERBS[kind].thread === 'account'
}

export function isKind(text: string): text is Kind {
  return Object.hasOwn(VERBS, text)
}

/** A verb's payload as it was read: nothing of it is written to. */
export type Payload<K extends Kind = Kind> = {
  [Name in K]: Unwritten<z.input<(typeof VERBS)[Name]['payload']>>
}[K]

/** The same, read-only all the way down. */
type Unwritten<T> = T extends string | number | boolean | Uint8Array | { readonly multihash: unknown }
  ? T
  : { readonly [Key in keyof T]: Unwritten<T[Key]> }
