import { describe, expect, it } from 'vitest'
import { itemLeaf } from '../../../../src/codec/certificate/leaf.ts'
import { encodeBucketCommand } from '../../../../src/codec/entry/bucket-command.ts'
import { encodeEffect } from '../../../../src/codec/entry/effect.ts'
import { encodeItem } from '../../../../src/codec/entry/item.ts'
import { itemsOf } from '../../../../src/services/heart/need-items.ts'
import { BucketKit, NeedKit, sha256 } from '../../../setup/heart-bucket.ts'
import { MemoryLogs } from '../../../setup/memory-logs.ts'

const BUCKET = 7

/** Counts what is read. */
class ReadLogs extends MemoryLogs {
  read = 0

  override record(machine: number, at: number) {
    this.read += 1
    return super.record(machine, at)
  }
  override kind() {
    return 'item' as const
  }
}

/** A log in which each of these needs was opened, and so many entries of it followed, one need after the other. */
function logOf(needs: readonly NeedKit[], entries: number): ReadLogs {
  const logs = new ReadLogs(new Uint8Array(0))
  const add = (one: NeedKit, item: Uint8Array, applied = true): void => {
    const subject = applied ? { subject: { name: one.key, head: new Uint8Array(32) } } : {}
    const leaf = itemLeaf({ item: sha256(item), applied, outputs: [], ...subject })
    logs.append(BUCKET, { kind: 'item', leaf, item })
  }
  for (const [n, one] of needs.entries()) {
    const body = encodeEffect(one.opening())
    add(one, encodeItem({ kind: 'received', source: -1, n: n + 1, body }))
    for (let i = 0; i < entries; i++) add(one, entryOf(one, i))
    add(one, entryOf(one, 1_000), false)
  }
  return logs
}

function entryOf({ id, kit }: NeedKit, slot: number): Uint8Array {
  const shared = { v: 1 as const, need: id, prev: new Uint8Array(32), slot, by: kit.voter().did }
  return encodeItem({ kind: 'command', command: encodeBucketCommand({ ...shared, kind: 'settle' }) })
}

describe('what a log says of needs that are not over', () => {
  const kit = new BucketKit()
  const needs = ['a', 'b', 'c', 'd'].map((key) => new NeedKit(kit, {}, key))
  const [, second, third] = needs as [NeedKit, NeedKit, NeedKit, NeedKit]

  it('is the items of their histories, in order; what was refused is of none', () => {
    const logs = logOf(needs, 3)
    const items = itemsOf(logs, BUCKET, new Set([second.key, third.key]))
    expect(items.map(({ kind }) => kind)).toEqual(
      [second, third].flatMap(() => ['received', 'command', 'command', 'command']),
    )
    const [opening] = items
    expect(opening?.kind === 'received' && opening.body).toEqual(encodeEffect(second.opening()))
  })

  it('is read from the end of the log on, and no further than the oldest of them began', () => {
    const logs = logOf(needs, 10)
    itemsOf(logs, BUCKET, new Set([third.key]))
    expect(logs.read).toBe(2 * 12)
    logs.read = 0
    itemsOf(logs, BUCKET, new Set())
    expect(logs.read).toBe(0)
  })

  it('of one that the log has not is nothing', () => {
    const other = new NeedKit(kit, {}, 'other')
    expect(itemsOf(logOf(needs, 2), BUCKET, new Set([other.key]))).toEqual([])
  })
})
