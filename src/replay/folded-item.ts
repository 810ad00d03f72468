import type { BundleBlock } from '../codec/bundle/block.ts'
import { closeBytes, closeItem } from '../codec/bundle/nested.ts'
import type { ItemLeaf } from '../codec/certificate/leaf.ts'
import type { ToBucket, ToHub } from '../codec/entry/effect.ts'
import { decodeItem, type GroupItem } from '../codec/entry/item.ts'
import { type Ipld, isList, isMap } from '../codec/ipld.ts'
import { recordOfIpld } from '../core/records/record-ipld.ts'
import type { Records } from '../core/records/tables.ts'
import type { Shape, Step } from '../core/records/view.ts'
import type { AppliedAt } from '../core/records/world.ts'
import { isStepOf, type LogMachine } from '../core/witness/machine.ts'
import { type Row, writesOfRows } from '../core/witness/rows.ts'
import type { Sha256 } from '../ports/crypto.ts'
import { CHECK_OF, type CheckName } from './checks.ts'
import { Diverged, expectThat, sound } from './divergence.ts'

/** An item of a file, closed and read. */
export interface FoldedItem {
  readonly at: number
  readonly encoded: Uint8Array
  readonly item: GroupItem
  /** What kind of command or effect it is, for people. */
  readonly name: string
}

type ItemBlock = Extract<BundleBlock, { readonly kind: 'hub-item' | 'bucket-item' | 'item' }>

/** The name of what stands opened in an item; for people, before anything of it is checked. */
export function nameOfItem(opened: Ipld): string {
  const inner = isList(opened) ? (opened[0] === 0 ? opened[1] : opened[3]) : undefined
  const kind = inner !== undefined && isMap(inner) ? inner['kind'] : undefined
  return typeof kind === 'string' && /^[a-z-]{1,32}$/.test(kind) ? kind : 'item'
}

export function readItem({ at, item }: ItemBlock): FoldedItem {
  const encoded = sound(closeItem(item), 'encoding')
  return { at, encoded, item: sound(decodeItem(encoded), 'encoding'), name: nameOfItem(item) }
}

export function readLeaf(opened: Ipld): Uint8Array {
  return sound(closeBytes(opened), 'encoding')
}

/**
 * One item over the shadow of its machine: rows first, then the step itself. What was applied is refused by no rule.
 * What a step makes of records that no machine ever wrote is not known, so whatever it throws is that file's fault.
 */
export function foldItem(
  machine: LogMachine<ToBucket | ToHub>,
  shadow: Records<Shape>,
  { item, encoded }: FoldedItem,
  rows: readonly Row[],
  at: AppliedAt,
): Step<Shape, ToBucket | ToHub> {
  const isRead = rows.every(([, , [record]]) => record === undefined || recordOfIpld(record) !== undefined)
  expectThat(isRead, 'encoding', 'MALFORMED', 'a record that it read is none')
  let step: Step<Shape, ToBucket | ToHub>
  try {
    shadow.apply(writesOfRows(rows))
    step = machine.apply(shadow, item, encoded, at)
    shadow.apply(step.writes)
  } catch (error) {
    if (error instanceof Diverged) throw error
    const message = error instanceof Error ? error.message : String(error)
    throw new Diverged('encoding', {
      code: 'MALFORMED',
      message: `over the records that it read: ${message}`,
    })
  }
  if (step.verdict.kind === 'applied') return step
  const { code, message } = step.verdict
  throw new Diverged(CHECK_OF[code], { code, message })
}

/** The step did what the certified leaf says. */
export function expectLeaf(
  leaf: Uint8Array,
  read: ItemLeaf,
  { encoded, name }: FoldedItem,
  step: Step<Shape, ToBucket | ToHub>,
  sha256: Sha256,
): void {
  if (isStepOf(leaf, read, encoded, step, sha256)) return
  const check = checkOfLeaf(name, read)
  throw new Diverged(check, {
    code: 'CONFLICT',
    message: `the rules make another thing of it than its certified leaf says: ${summary(step)}`,
  })
}

/** Who does something else than the rules does it where the item is about: a slot, seats, or money. */
function checkOfLeaf(name: string, { outputs }: ItemLeaf): CheckName {
  if (name === 'draw' || (name === 'slot' && outputs.some(({ kind }) => kind === 'effect')))
    return 'committees'
  return name === 'slot' ? 'slots' : 'money'
}

function summary({ effects }: Step<Shape, ToBucket | ToHub>): string {
  const kinds = effects.map(({ target, body }) => `${body.kind} to ${target === 'hub' ? 'the hub' : target}`)
  return kinds.length === 0 ? 'no effects' : kinds.slice(0, 8).join(', ')
}
