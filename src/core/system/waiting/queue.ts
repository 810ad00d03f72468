import { queueKey, type Waiting } from '../tables.ts'
import type { Turn } from '../turn.ts'

/** Needs and draws that wait at once: more needs are refused. */
export const WAITING_MAX = 65_536

/** Beacons from now on that must come: the links of two voters, so that nobody knew the second. */
const BEACONS_AHEAD = 2

/** Puts it at the end. */
export function enqueue(turn: Turn, work: Waiting): void {
  const { queue, waiting } = turn.network
  turn.draft.put('waiting', queueKey(queue), work)
  turn.patchNetwork({ queue: queue + 1, waiting: waiting + 1 })
}

/** Takes it out: it is served. */
export function dequeue(turn: Turn, key: string): void {
  turn.draft.put('waiting', key, undefined)
  turn.patchNetwork({ waiting: turn.network.waiting - 1 })
}

/** Which beacon is the second one from now on. */
export function secondBeacon(turn: Turn): number {
  return turn.network.beacons + BEACONS_AHEAD
}
