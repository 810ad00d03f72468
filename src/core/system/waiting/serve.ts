import { assert } from '../../../model/fault.ts'
import { weightsOf } from '../../market/weight.ts'
import { rosterMemberOf } from '../agents.ts'
import { parametersToWire } from '../parameters.ts'
import type { Turn } from '../turn.ts'
import { answerDraw } from './answer-draw.ts'
import type { DrawSlot } from './draw-slot.ts'
import { openWaiting } from './open-need.ts'
import { dequeue } from './queue.ts'

/** Pieces of waiting work in one slot: each sends an effect, and an entry's leaf names a bounded number of them. */
const SERVED_MAX = 960

/** What waited for this beacon, in the order in which it came; nothing where the slot has none. */
export function serveWaiting(turn: Turn): void {
  const { draft, network, now } = turn
  assert(now !== undefined, 'what waits is served in a slot')
  const { beacon } = now
  if (beacon === undefined) return
  let slot: DrawSlot | undefined
  let served = 0
  for (const key of draft.keys('waiting')) {
    const waiting = draft.get('waiting', key)
    if (waiting === undefined || waiting.beacons > network.beacons) continue
    if (served === SERVED_MAX) return
    served += 1
    slot ??= drawSlot(turn, { ...now, beacon })
    dequeue(turn, key)
    if (waiting.kind === 'open') openWaiting(turn, slot, waiting)
    else answerDraw(turn, slot, waiting)
  }
}

function drawSlot(turn: Turn, facts: DrawSlot['facts']): DrawSlot {
  const { book, draft, settings } = turn
  const members = draft.keys('agents').flatMap((did) => {
    const agent = draft.get('agents', did)
    return agent?.isActive === true ? [rosterMemberOf(did, agent, book.account(did))] : []
  })
  const { parameters } = settings
  return { facts, members, weights: weightsOf(members, parameters), parameters: parametersToWire(parameters) }
}
