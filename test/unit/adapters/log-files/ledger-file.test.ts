import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { LedgerFile } from '../../../../src/adapters/log-files/ledger-file.ts'
import { LineFile } from '../../../../src/adapters/log-files/line-file.ts'
import type { LedgerRow } from '../../../../src/ports/ledger-log.ts'
import { scratch } from '../../../setup/canswarm.ts'

function rows(first: number, count: number): LedgerRow[] {
  return Array.from({ length: count }, (_, at) => ({
    n: first + at,
    slot: 1,
    time: 1_000,
    id: `cause/${first + at}`,
    operation: 'TRANSFER',
    amount: '1',
    from: 'balance did:key:zA',
    to: `balance did:key:zB${'x'.repeat(100)}`,
  }))
}

function numbers(file: LedgerFile): number[] {
  return [...file.backwards()].map(({ n }) => n)
}

describe('the file of what the ledger did', () => {
  it('gives its rows newest first, over many blocks', () => {
    using place = scratch()
    const file = new LedgerFile(join(place.path, 'ledger.jsonl'))
    for (let first = 1; first < 2_000; first += 10) file.note(rows(first, 10))
    expect(numbers(file)).toEqual(Array.from({ length: 2_000 }, (_, at) => 2_000 - at))
    file.close()
  })

  it('gives those before a number, wherever that stands, and reads little for it', () => {
    using place = scratch()
    const file = new LedgerFile(join(place.path, 'ledger.jsonl'))
    // As after a state that was given without the entries before it.
    file.note(rows(1, 3_000))
    file.note(rows(10_000, 3_000))
    for (const before of [1, 2, 3, 1_500, 2_999, 3_000, 3_001, 5_000, 10_000, 10_001, 11_234, 13_000]) {
      const [first, second] = [...file.backwards(before)].map(({ n }) => n)
      const known = (n: number): number => (n > 3_000 && n < 10_000 ? 3_000 : n)
      const expected = [known(before - 1), known(known(before - 1) - 1)].map((n) => (n > 0 ? n : undefined))
      expect([first, second]).toEqual(expected)
    }
    file.close()
  })

  it('reads nothing of those behind a number but their numbers, a block aside', () => {
    using place = scratch()
    const path = join(place.path, 'lines.jsonl')
    const lines = Array.from({ length: 4_000 }, (_, at) =>
      at < 1_000
        ? `{"n":${at + 1},"good":"${'x'.repeat(200)}"}`
        : `{"n":${at + 1},"unreadable":${'x'.repeat(200)}}`,
    )
    writeFileSync(path, `${lines.join('\n')}\n`)
    const file = new LineFile<{ readonly n: number }>(path)
    expect([...file.backwards(500)].map(({ n }) => n)).toEqual(
      Array.from({ length: 499 }, (_, at) => 499 - at),
    )
    expect(() => [...file.backwards(Number.MAX_SAFE_INTEGER)]).toThrow(SyntaxError)
    file.close()
  })

  it('puts a file aside that is full, and lets the oldest go', () => {
    using place = scratch()
    const path = join(place.path, 'ledger.jsonl')
    const file = new LedgerFile(path, 20_000)
    for (let first = 1; first < 2_000; first += 10) {
      file.note(rows(first, 10))
      file.flush()
    }
    const kept = numbers(file)
    expect(kept[0]).toBe(2_000)
    expect(kept.length).toBeLessThan(400)
    expect(kept).toEqual(kept.map((_, at) => 2_000 - at))
    file.close()
    const again = new LedgerFile(path, 20_000)
    again.note(rows(2_000, 2))
    expect(numbers(again)).toEqual([2_001, ...kept])
    const middle = kept[Math.floor(kept.length / 2)] as number
    expect([...again.backwards(middle)][0]?.n).toBe(middle - 1)
    again.close()
  })

  it('goes on where it was ended just when the file had been put aside', () => {
    using place = scratch()
    const path = join(place.path, 'ledger.jsonl')
    const before = new LedgerFile(path)
    before.note(rows(1, 3))
    before.close()
    renameSync(path, `${path}.1`)
    const after = new LedgerFile(path)
    after.note(rows(2, 4))
    expect(numbers(after)).toEqual([5, 4, 3, 2, 1])
    after.close()
  })

  it('passes over what it knows, after it was opened again too: entries are applied again after a crash', () => {
    using place = scratch()
    const path = join(place.path, 'ledger.jsonl')
    const before = new LedgerFile(path)
    before.note(rows(1, 3))
    before.note(rows(2, 2))
    before.close()
    const after = new LedgerFile(path)
    after.note(rows(2, 4))
    expect(numbers(after)).toEqual([5, 4, 3, 2, 1])
    after.close()
  })

  it('cuts off half a line that a crash left, and writes it again', () => {
    using place = scratch()
    const path = join(place.path, 'ledger.jsonl')
    const before = new LedgerFile(path)
    before.note(rows(1, 2))
    before.close()
    appendFileSync(path, '{"n":3,"slot"')
    const after = new LedgerFile(path)
    after.note(rows(3, 1))
    expect(numbers(after)).toEqual([3, 2, 1])
    after.close()
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(3)
  })

  it('has gaps where rows never came here', () => {
    using place = scratch()
    const file = new LedgerFile(join(place.path, 'ledger.jsonl'))
    expect(numbers(file)).toEqual([])
    file.note(rows(1, 1))
    file.note(rows(9, 1))
    expect(numbers(file)).toEqual([9, 1])
    file.close()
  })
})
