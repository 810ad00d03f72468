import { decodeBucketCommand } from '../../codec/entry/bucket-command.ts'
import { decodeToBucket, decodeToHub, type ToBucket, type ToHub } from '../../codec/entry/effect.ts'
import { decodeHubCommand } from '../../codec/entry/hub-command.ts'
import type { GroupItem } from '../../codec/entry/item.ts'
import type { OpenedGenesis } from '../../codec/genesis/genesis.ts'
import type { Rejection } from '../../model/rejection.ts'
import { receiveAtBucket } from '../bucket/receive.ts'
import { openBucket, stepBucket } from '../bucket/step.ts'
import type { BucketTables } from '../bucket/tables.ts'
import type { Records } from '../records/tables.ts'
import type { Shape, Step, View } from '../records/view.ts'
import type { AppliedAt, World } from '../records/world.ts'
import { openHub } from '../system/open-hub.ts'
import { receiveAtHub } from '../system/receive.ts'
import { slotFacts } from '../system/slots.ts'
import { stepHub } from '../system/step-hub.ts'
import type { HubTables } from '../system/tables.ts'
import type { Machines } from '../witness/machine.ts'

/**
 * The machines of a network, for whoever folds its logs: an item's bytes are decoded and given to the step that they
 * are for. Tables are looked at by name only, so the types of each machine's own end here.
 */
export function machinesOf(genesis: OpenedGenesis, world: World): Machines {
  return {
    hub: {
      open: () => openHub(genesis, world) as unknown as Records<Shape>,
      apply: (view, item, encoded, at) =>
        erased(applyAtHub(view as View<HubTables>, item, encoded, at, world)),
    },
    bucket: (bucket) => ({
      open: () => openBucket(bucket, world.generation) as unknown as Records<Shape>,
      apply: (view, item, encoded, at) =>
        erased(applyAtBucket(view as View<BucketTables>, item, encoded, at, world)),
    }),
    slotFacts: (hub, n) => slotFacts(hub as View<HubTables>, n),
  }
}

function applyAtHub(
  view: View<HubTables>,
  item: GroupItem,
  encoded: Uint8Array,
  at: AppliedAt,
  world: World,
): Step<HubTables, ToBucket> {
  if (item.kind === 'command') {
    const command = decodeHubCommand(item.command)
    return command.ok ? stepHub(view, command.value, encoded, at, world) : refused(command.error)
  }
  const effect = decodeToHub(item.body)
  if (!effect.ok) return refused(effect.error)
  return receiveAtHub(view, effect.value, encoded, { bucket: item.source, n: item.n }, at, world)
}

function applyAtBucket(
  view: View<BucketTables>,
  item: GroupItem,
  encoded: Uint8Array,
  at: AppliedAt,
  world: World,
): Step<BucketTables, ToHub> {
  if (item.kind === 'command') {
    const command = decodeBucketCommand(item.command)
    return command.ok ? stepBucket(view, command.value, encoded, at, world) : refused(command.error)
  }
  const effect = decodeToBucket(item.body)
  return effect.ok
    ? receiveAtBucket(view, effect.value, encoded, { n: item.n }, at, world)
    : refused(effect.error)
}

function refused<Tables extends Shape, Body>({ code, message }: Rejection): Step<Tables, Body> {
  return { writes: [], verdict: { kind: 'rejected', code, message }, effects: [] }
}

function erased<Body>(
  step: Step<never, Body> | Step<HubTables, Body> | Step<BucketTables, Body>,
): Step<Shape, Body> {
  return step as unknown as Step<Shape, Body>
}
