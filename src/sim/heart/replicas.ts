import { decodeItem, type GroupItem, HUB } from '../../codec/entry/item.ts'
import { slotOfItem } from '../../codec/entry/slot-of-item.ts'
import type { AppliedAt } from '../../core/records/world.ts'
import { slotFacts } from '../../core/system/slots.ts'
import type { Machines } from '../../core/witness/machine.ts'
import { assert } from '../../model/fault.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { Chance } from '../raft/chance.ts'
import type { LoggedItem } from './group.ts'
import { type BucketMachine, bucketMachine, hubMachine } from './machines.ts'

export interface ReplicaParts {
  readonly machines: Machines
  readonly voters: AppliedAt['voters']
  readonly sha256: Sha256
  readonly chance: Chance
}

/** A logged item as a replica reads it, once for all replicas. */
export interface FoldItem extends LoggedItem {
  readonly read: GroupItem
  /** The slot that it waits for. */
  readonly slot: number
}

export function foldable(log: readonly LoggedItem[]): readonly FoldItem[] {
  return log.map((logged) => {
    const read = decodeItem(logged.item)
    assert(read.ok, 'a log holds items')
    return { ...logged, read: read.value, slot: slotOfItem(read.value) }
  })
}

/**
 * Another replica folds the same logs, hub and buckets interleaved as chance will, and restarts from its own snapshot now and
 * then; a command waits until its slot is there.
 * Gives the state hash of each machine at the end, by machine. Source: consensus.md, "Time and chance: slots" (replicas
 * that are at different places of the system log never disagree).
 */
export function refold(
  logs: ReadonlyMap<number, readonly FoldItem[]>,
  { machines, voters, sha256, chance }: ReplicaParts,
): ReadonlyMap<number, string> {
  const hub = hubMachine(machines, voters, sha256)
  const around = { voters, slot: (n: number) => slotFacts(hub.records, n) }
  const all = new Map<number, BucketMachine | typeof hub>([[HUB, hub]])
  for (const machine of logs.keys()) {
    if (machine !== HUB) all.set(machine, bucketMachine(machines, machine, around, sha256))
  }
  const places = new Map([...logs.keys()].map((machine) => [machine, 0]))
  const isReady = (machine: number): boolean => {
    const logged = logs.get(machine)?.[places.get(machine) ?? 0]
    return logged !== undefined && (machine === HUB || logged.slot <= lastSlot(hub))
  }
  for (;;) {
    const ready = [...logs.keys()].filter(isReady)
    if (ready.length === 0) break
    const machine = chance.pick(ready)
    for (let burst = 1 + chance.below(8); burst > 0 && isReady(machine); burst--) {
      const place = places.get(machine) ?? 0
      applyLogged(all.get(machine), logs.get(machine)?.[place], place)
      places.set(machine, place + 1)
    }
    if (chance.is(0.05)) all.get(machine)?.restore()
  }
  for (const [machine, place] of places)
    assert(place === logs.get(machine)?.length, 'every item can be folded')
  return new Map([...all].map(([machine, of]) => [machine, of.hash().toHex()]))
}

function applyLogged(
  machine: Pick<BucketMachine, 'apply'> | undefined,
  logged: FoldItem | undefined,
  position: number,
): void {
  assert(machine !== undefined && logged !== undefined, 'a log has its machine')
  const { verdict } = machine.apply(logged.read, logged.item, position)
  const outcome = verdict.kind === 'applied' ? 'applied' : verdict.code
  assert(
    outcome === logged.outcome,
    `item ${position} came to ${outcome} here and to ${logged.outcome} there`,
  )
}

function lastSlot(hub: ReturnType<typeof hubMachine>): number {
  return hub.records.get('network', 'all')?.slot ?? 0
}
