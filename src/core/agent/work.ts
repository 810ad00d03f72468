import type { CID } from '../../codec/cid.ts'
import type { Payload } from '../../codec/payload/verbs.ts'
import type { ProofType } from '../../model/task.ts'
import type { Line } from './line.ts'

/** The task is to be done. */
export interface DeliverWork {
  readonly kind: 'deliver'
  readonly key: string
  readonly attempt: number
}

/** A delivered result is to be judged. */
export interface JudgeWork {
  readonly kind: 'judge'
  readonly key: string
  readonly attempt: number
  /** Text of the COMMIT's id. */
  readonly commit: string
  /** What was delivered: text of its CID. */
  readonly artifact: string
  /** What is said to be wrong; absent: everything that the NEED asks for is looked at. */
  readonly proof?: ProofType
}

/** What an agent wants done outside; wanted as long as it is asked for. */
export type Work = DeliverWork | JudgeWork

export type Delivery =
  | {
      readonly kind: 'delivered'
      readonly artifact: Payload<'COMMIT'>['artifact']
      readonly telemetry: Payload<'COMMIT'>['telemetry']
      /** Ids of the NEEDs that it was made from. */
      readonly subNeeds?: readonly CID[]
    }
  /** The job ended without a result, or cannot be begun here. `reason`: for people; `detail`: for the operator alone. */
  | { readonly kind: 'failed'; readonly reason: string; readonly detail?: string }

export interface Judgement {
  /** unavailable: what is to be judged cannot be had, or nothing here can judge it. */
  readonly verdict: 'accept' | 'reject' | 'unavailable'
  /** What doing it again made. */
  readonly artifact?: CID
  readonly gas: number
  /** For people. */
  readonly reason: string
}

/** What came of work, by its key; undefined while there is nothing yet. */
export interface Outcomes {
  readonly delivery: (key: string) => Delivery | undefined
  readonly judgement: (key: string) => Judgement | undefined
}

/** What an agent says and wants done in a need as it stands. */
export interface Part {
  readonly lines: readonly Line[]
  readonly work: readonly Work[]
}

export const NO_PART: Part = { lines: [], work: [] }

export function saying(...lines: readonly Line[]): Part {
  return { lines, work: [] }
}

export function wanting(work: Work): Part {
  return { lines: [], work: [work] }
}

export function together(parts: readonly Part[]): Part {
  return { lines: parts.flatMap(({ lines }) => lines), work: parts.flatMap(({ work }) => work) }
}

/**
 * 32 bytes that nobody else can foresee, the same for one label whenever they are asked for: after a restart a commitment is
 * opened by the salt that it was made with.
 */
export type SaltOf = (label: string) => Uint8Array
