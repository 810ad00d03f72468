import type { HubCommandOf } from '../../../codec/entry/hub-command.ts'
import { merkleRoot } from '../../../codec/merkle/root.ts'
import type { Did } from '../../../model/ids.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { slotSubject } from '../../records/history.ts'
import { checkStatement } from '../../records/voter-statement.ts'
import type { SlotFacts } from '../../records/world.ts'
import { applyDueActs } from '../acts.ts'
import { rosterLeaves } from '../agents.ts'
import { inForce, isNextLink, missLink, useLink } from '../chains.ts'
import { refresh } from '../finish.ts'
import { nextBeacon, registryRoot, SLOTS_KEPT } from '../slots.ts'
import { slotKey } from '../tables.ts'
import type { Turn } from '../turn.ts'
import { serveWaiting } from '../waiting/serve.ts'

type Slot = HubCommandOf<'slot'>

/**
 * The next slot: time and, where the voter whose turn it is shows its link, chance; then whatever waited for the beacon.
 * Rejects CONFLICT (not the next one, a link that is not the chain's), NOT_IN_COMMITTEE (no majority of the voters),
 * BAD_SIGNATURE, MALFORMED (a reading for another slot), WINDOW_CLOSED (before a slot interval is over; clocks that
 * go back do not stop the slots, which then have the time of the last). Source: consensus.md, "Time and chance: slots".
 */
export function applySlot(turn: Turn, command: Slot): Result<undefined, Rejection> {
  const { network, settings } = turn
  if (command.n !== network.slot + 1) return reject('CONFLICT', `the last slot is ${network.slot}`, 'n')
  const times = readTimes(turn, command)
  if (!times.ok) return times
  const last = turn.now
  const median = lowerMedian(times.value)
  const { slotMs } = settings.parameters
  if (last !== undefined && median >= last.time && median < last.time + slotMs) {
    return reject('WINDOW_CLOSED', `slot ${last.n} was at ${last.time}, the next is ${slotMs} ms later`)
  }
  const beacon = drawBeacon(turn, command)
  if (!beacon.ok) return beacon
  const time = Math.max(median, last?.time ?? 0)
  const passed = last === undefined ? 0 : Math.min(time - last.time, 2 * slotMs)
  record(turn, { n: command.n, time, clock: (last?.clock ?? 0) + passed }, beacon.value)
  applyDueActs(turn)
  serveWaiting(turn)
  return ok(undefined)
}

/** The readings of a majority of the voters, each voter once. */
function readTimes(turn: Turn, { n, readings }: Slot): Result<readonly number[], Rejection> {
  const { voters } = turn.at
  const spoke = new Set<Did>()
  for (const reading of readings) {
    if (!voters.includes(reading.voter)) return reject('NOT_IN_COMMITTEE', `${reading.voter} is no voter`)
    if (reading.body.n !== n) return reject('MALFORMED', `a reading for slot ${reading.body.n}`, 'readings')
    if (spoke.has(reading.voter)) return reject('DUPLICATE', `${reading.voter} reads twice`, 'readings')
    const checked = checkStatement('clock-reading', reading, turn.world)
    if (!checked.ok) return checked
    spoke.add(reading.voter)
  }
  if (spoke.size * 2 <= voters.length) {
    return reject('NOT_IN_COMMITTEE', `${spoke.size} of ${voters.length} voters are no majority`, 'readings')
  }
  return ok(readings.map(({ body }) => body.time))
}

/** Of an even number the lower of the two in the middle. */
function lowerMedian(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[(times.length - 1) >> 1] as number
}

/** The beacon, or undefined where the voter whose turn it is shows no link. */
function drawBeacon(turn: Turn, { n, link }: Slot): Result<Uint8Array | undefined, Rejection> {
  const { at, draft, network, world } = turn
  const voter = at.voters[n % at.voters.length] as Did
  const chain = inForce(draft.get('chains', voter), n)
  if (link === undefined) {
    if (chain !== undefined) missLink(turn, voter, chain)
    return ok(undefined)
  }
  if (chain === undefined || !isNextLink(chain, link, world.sha256)) {
    return reject('CONFLICT', `not the next link of ${voter}`, 'link')
  }
  draft.put('chains', voter, useLink(chain, link))
  return ok(nextBeacon(network.beacon, link, world.sha256))
}

function record(
  turn: Turn,
  time: Pick<SlotFacts, 'n' | 'time' | 'clock'>,
  beacon: Uint8Array | undefined,
): void {
  refresh(turn)
  const { draft, network, now, world } = turn
  const { sha256 } = world
  const roster =
    now === undefined || network.isRosterDirty ? merkleRoot(rosterLeaves(turn), sha256) : now.roster
  const registry = now === undefined || network.isDirty ? registryRoot(draft, sha256) : now.registry
  const facts: SlotFacts = { ...time, ...(beacon === undefined ? {} : { beacon }), roster, registry }
  draft.put('slots', slotKey(time.n), facts)
  if (time.n > SLOTS_KEPT) draft.put('slots', slotKey(time.n - SLOTS_KEPT), undefined)
  const drawn = beacon === undefined ? {} : { beacon, beacons: network.beacons + 1 }
  turn.patchNetwork({ slot: time.n, isDirty: false, isRosterDirty: false, ...drawn })
  turn.about(slotSubject(facts, sha256))
}
