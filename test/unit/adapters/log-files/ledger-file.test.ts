import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { LedgerFile } from '../../../../src/adapters/log-files/ledger-file.ts'
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
