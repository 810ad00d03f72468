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

/**
 * The leaf that a step makes, where the effects' numbers are known: those of `numbered`, in order. What else the leaf
 * names, answers to other groups and what of theirs arrived, is between hosts and stays as it stands. Undefined where
 * the step does not ask for as many effects, of the same groups.
 */
function leafOfStep(
  item: Uint8Array,
  { verdict, effects, subject }: Step<Shape, ToBucket | ToHub>,
  numbered: ItemLeaf,
  sha256: Sha256,
): Uint8Array | undefined {
  const waiting = [...effects]
  const outputs: Output[] = []
  for (const output of numbered.outputs) {
    const effect = output.kind === 'effect' ? waiting.shift() : undefined
    if (output.kind !== 'effect') outputs.push(output)
    else if (effect === undefined || output.group !== groupOfTarget(effect.target)) return undefined
    else outputs.push({ ...output, hash: sha256(encodeEffect(effect.body)) })
  }
  if (waiting.length > 0) return undefined
  const leaf = { item: sha256(item), applied: verdict.kind === 'applied', outputs }
  return itemLeaf(subject === undefined ? leaf : { ...leaf, subject })
}

function groupOfTarget(target: 'hub' | number): GroupId {
  return groupOfMachine(target === 'hub' ? HUB : target)
}

/** True when the step did what the leaf says. */
export function isStepOf(
  leaf: Uint8Array,
  read: ItemLeaf,
  item: Uint8Array,
  step: Step<Shape, ToBucket | ToHub>,
  sha256: Sha256,
): boolean {
  const made = leafOfStep(item, step, read, sha256)
  return made !== undefined && equalBytes(made, leaf)
}
