/** The hub's and buckets' machines as a group's log drives them: items in, outcomes out, the state kept here. */
import { encodeEffect, type ToBucket, type ToHub } from '../../codec/entry/effect.ts'
import { HUB } from '../../codec/entry/item.ts'
import type { BucketTables } from '../../core/bucket/tables.ts'
import { decodeState, encodeState } from '../../core/records/encode-state.ts'
import { StateHash } from '../../core/records/state-hash.ts'
import type { Records } from '../../core/records/tables.ts'
import type { Shape } from '../../core/records/view.ts'
import type { AppliedAt } from '../../core/records/world.ts'
import { checkConservation } from '../../core/system/conservation.ts'
import type { HubTables } from '../../core/system/tables.ts'
import type { LogMachine, Machines } from '../../core/witness/machine.ts'
import { assert } from '../../model/fault.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { Machine } from './group.ts'

/** A machine whose state can be taken from its own snapshot, as after a restart. */
export interface RestorableMachine extends Machine {
  restore(): void
}

export interface HubMachine extends RestorableMachine {
  readonly records: Records<HubTables>
}

export interface BucketMachine extends RestorableMachine {
  readonly records: Records<BucketTables>
}

/** Credits are counted after every item. */
export function hubMachine(machines: Machines, voters: AppliedAt['voters'], sha256: Sha256): HubMachine {
  const records = machines.hub.open()
  const around = { voters, slot: (n: number) => machines.slotFacts(records, n) }
  const hub = records as unknown as Records<HubTables>
  return { records: hub, ...machine(machines.hub, records, around, sha256, () => checkConservation(hub)) }
}

/** `slot`: the hub's slots as far as this replica holds them. */
export function bucketMachine(
  machines: Machines,
  bucket: number,
  around: Omit<AppliedAt, 'position'>,
  sha256: Sha256,
): BucketMachine {
  const one = machines.bucket(bucket)
  const records = one.open()
  return {
    records: records as unknown as Records<BucketTables>,
    ...machine(one, records, around, sha256, () => undefined),
  }
}

function machine(
  of: LogMachine<ToBucket | ToHub>,
  records: Records<Shape>,
  around: Omit<AppliedAt, 'position'>,
  sha256: Sha256,
  check: () => void,
): RestorableMachine {
  const hash = new StateHash(records, sha256)
  return {
    apply: (item, encoded, position) => {
      const { writes, verdict, effects, subject } = of.apply(records, item, encoded, { ...around, position })
      records.apply(writes)
      check()
      const sent = effects.map(({ target, body }) => ({
        target: target === 'hub' ? HUB : target,
        body: encodeEffect(body),
      }))
      return { verdict, effects: sent, subject }
    },
    hash: () => hash.current(),
    restore: () => {
      restore(records)
    },
  }
}

/** Every record goes, and comes again from the encoded state: nothing is left of how the state came to be. */
function restore(records: Records<Shape>): void {
  const decoded = decodeState(encodeState(records))
  assert(decoded.ok, 'a state is read as it was written')
  const rows = decoded.value
    .names()
    .flatMap((table) => decoded.value.keys(table).map((key) => ({ table, key })))
  records.apply(rows.map((row) => ({ ...row, value: undefined })))
  records.apply(rows.map((row) => ({ ...row, value: decoded.value.get(row.table, row.key) })))
}
