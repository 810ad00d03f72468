import { equalBytes } from '../../codec/bytes.ts'
import { type ItemLeaf, itemLeaf, type Output } from '../../codec/certificate/leaf.ts'
import { encodeEffect, type ToBucket, type ToHub } from '../../codec/entry/effect.ts'
import { type GroupItem, HUB } from '../../codec/entry/item.ts'
import { assertGroupId, type GroupId } from '../../model/raft.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { Records } from '../records/tables.ts'
import type { Shape, Step, View } from '../records/view.ts'
import type { AppliedAt, SlotFacts } from '../records/world.ts'

/** A state machine as whoever folds a log sees it. */
export interface LogMachine<Body> {
  /** Its state before the first item. */
  open(): Records<Shape>
  /** `encoded`: bytes of the item. An item that cannot be read is refused, like any other. */
  apply(view: View<Shape>, item: GroupItem, encoded: Uint8Array, at: AppliedAt): Step<Shape, Body>
}

/** The machines of a network. */
export interface Machines {
  readonly hub: LogMachine<ToBucket>
  readonly bucket: (bucket: number) => LogMachine<ToHub>
  /** What the hub's state says of a slot. */
  readonly slotFacts: (hub: View<Shape>, n: number) => SlotFacts | undefined
}

/** The hub is group 0, bucket b is group b + 1. */
export function groupOfMachine(machine: number): GroupId {
  return assertGroupId(machine - HUB)
}

/** `HUB`, or the bucket, whose machine a group is. */
export function machineOfGroup(group: GroupId): number {
  return group + HUB
}

/** What a step made of an item, as leaves name it. */
export interface MadeOfItem {
  /** SHA-256 of the item. */
  readonly item: Uint8Array
  readonly applied: boolean
  /** In order, with the hashes of their bodies. */
  readonly effects: readonly { readonly group: GroupId; readonly hash: Uint8Array }[]
  readonly subject: ItemLeaf['subject'] | undefined
}

/**
 * True when the leaf says what was made, where the effects' numbers are those of the leaf, in order. What else it names,
 * answers to other groups and what of theirs arrived, is between hosts and stays as it stands.
 */
export function isLeafOf(leaf: Uint8Array, read: ItemLeaf, made: MadeOfItem): boolean {
  const waiting = [...made.effects]
  const outputs: Output[] = []
  for (const output of read.outputs) {
    const effect = output.kind === 'effect' ? waiting.shift() : undefined
    if (output.kind !== 'effect') outputs.push(output)
    else if (effect === undefined || output.group !== effect.group) return false
    else outputs.push({ ...output, hash: effect.hash })
  }
  if (waiting.length > 0) return false
  const { item, applied, subject } = made
  const expected = { item, applied, outputs }
  return equalBytes(itemLeaf(subject === undefined ? expected : { ...expected, subject }), leaf)
}

function groupOfTarget(target: 'hub' | number): GroupId {
  return groupOfMachine(target === 'hub' ? HUB : target)
}

/** True when the step did what the leaf says. */
export function isStepOf(
  leaf: Uint8Array,
  read: ItemLeaf,
  item: Uint8Array,
  { verdict, effects, subject }: Step<Shape, ToBucket | ToHub>,
  sha256: Sha256,
): boolean {
  const sent = effects.map(({ target, body }) => ({
    group: groupOfTarget(target),
    hash: sha256(encodeEffect(body)),
  }))
  const made = { item: sha256(item), applied: verdict.kind === 'applied', effects: sent, subject }
  return isLeafOf(leaf, read, made)
}
