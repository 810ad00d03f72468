import type { Did } from '../../model/ids.ts'
import type { NeedState } from '../bucket/transitions.ts'
import { line } from './line.ts'
import type { Scene } from './scene.ts'
import { NO_PART, type Part, saying } from './work.ts'

export interface RequesterSelf {
  readonly did: Did
  /** True when the need with this id is not wanted any more. */
  readonly isCancelled: (need: string) => boolean
}

/** What a requester does once its need is posted: nothing depends on it; while the need is OPEN it may take it back. */
export function requesterPart({ need, terms, cid, id }: Scene, { did, isCancelled }: RequesterSelf): Part {
  if (need.state !== 'OPEN' || terms.requester !== did || !isCancelled(id)) return NO_PART
  return saying(line('CANCEL', { need_id: cid }))
}

/** Where a need stands, for who waits for it. */
export interface Progress {
  readonly state: NeedState
  readonly attempt: number
  readonly bidRound: number
  /** Whoever holds the lease, or delivered. */
  readonly worker?: Did
  /** Text of the delivered artifact's CID. */
  readonly artifact?: string
  /** Text of the id of the FinalizeRecord. */
  readonly record?: string
  /** Challenges so far. */
  readonly challenges: number
}

export function progressOf({
  state,
  attempt,
  bidRound,
  lease,
  commit,
  finalized,
  challenges,
}: Scene['need']): Progress {
  const worker = commit?.worker ?? lease?.worker
  return {
    state,
    attempt,
    bidRound,
    ...(worker === undefined ? {} : { worker }),
    ...(commit === undefined ? {} : { artifact: commit.artifact }),
    ...(finalized === undefined ? {} : { record: finalized.record }),
    challenges: challenges.length,
  }
}
