import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SlotFile } from '../../../../src/adapters/log-files/slot-file.ts'
import type { SlotFacts } from '../../../../src/model/slot-facts.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slots-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const slot = (n: number): SlotFacts => ({
  n,
  time: 1_700_000_000_000 + n,
  clock: 50 * n,
  ...(n % 2 === 0 ? { beacon: hash(n) } : {}),
  roster: hash(n + 1),
  registry: hash(n + 2),
})

describe('a file of slots', () => {
  const path = (): string => join(folder, 'slots.bin')

  it('gives every slot as it was put, before and after it was opened again', () => {
    const file = new SlotFile(path())
    for (const n of [1, 2, 3, 7, 2]) file.put(slot(n))
    expect([1, 2, 3, 7].map((n) => file.get(n))).toEqual([1, 2, 3, 7].map(slot))
    file.flush()
    file.close()
    const again = new SlotFile(path())
    expect([1, 2, 3, 7].map((n) => again.get(n))).toEqual([1, 2, 3, 7].map(slot))
    expect([4, 8, 4_000].map((n) => again.get(n))).toEqual([undefined, undefined, undefined])
    again.close()
  })

  it('says which slot is damaged', () => {
    const file = new SlotFile(path())
    for (const n of [1, 2, 3]) file.put(slot(n))
    file.close()
    const bytes = readFileSync(path())
    bytes[128 + 40] = (bytes[128 + 40] ?? 0) ^ 1
    writeFileSync(path(), bytes)
    const damaged = new SlotFile(path())
    expect(damaged.get(1)).toEqual(slot(1))
    expect(() => damaged.get(2)).toThrow(/damaged at slot 2/u)
    damaged.close()
  })

  it('takes a torn last slot for one that was never put', () => {
    const file = new SlotFile(path())
    for (const n of [1, 2]) file.put(slot(n))
    file.close()
    writeFileSync(path(), readFileSync(path()).subarray(0, 200))
    const torn = new SlotFile(path())
    expect(torn.get(1)).toEqual(slot(1))
    expect(torn.get(2)).toBeUndefined()
    torn.close()
  })
})
