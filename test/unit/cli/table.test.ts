import { describe, expect, it } from 'vitest'
import { fields, table } from '../../../src/cli/table.ts'

const HEADINGS = ['name', 'state', 'detail']
const ROWS = [
  ['ledger', 'ok', 'credits in = credits out'],
  ['raft', 'degraded', 'slot 5, leads 3 of 17 groups and follows in all the others'],
]

describe('a table', () => {
  it('aligns its columns, and has long lines where nobody says how wide it may be', () => {
    expect(table(HEADINGS, ROWS).split('\n')).toEqual([
      'NAME    STATE     DETAIL',
      'ledger  ok        credits in = credits out',
      'raft    degraded  slot 5, leads 3 of 17 groups and follows in all the others',
    ])
  })

  it('goes on below the beginning of its last cell where the terminal ends', () => {
    const lines = table(HEADINGS, ROWS, 46).split('\n')
    expect(lines.slice(2)).toEqual([
      'raft    degraded  slot 5, leads 3 of 17 groups',
      '                  and follows in all the',
      '                  others',
    ])
    expect(lines.every((line) => line.length <= 46)).toBe(true)
  })

  it('gives the first cell a line of its own where there is no room for that', () => {
    const id = `bafy${'x'.repeat(55)}`
    expect(table(['need', 'state', 'worker'], [[id, 'SETTLED', 'w'.repeat(20)]], 80).split('\n')).toEqual([
      'NEED',
      '  STATE    WORKER',
      id,
      `  SETTLED  ${'w'.repeat(20)}`,
    ])
  })

  it('without rows is its headings', () => {
    expect(table(HEADINGS, [], 10)).toBe('NAME\n  STATE  DETAIL')
    expect(table(HEADINGS, [])).toBe('NAME  STATE  DETAIL')
  })
})

describe('fields', () => {
  it('align their values, which go on below where the terminal ends', () => {
    const pairs = [
      ['state', 'ok'],
      ['up', 'for a long time, and by itself'],
    ] as const
    expect(fields(pairs)).toBe('state  ok\nup     for a long time, and by itself')
    expect(fields(pairs, 32)).toBe('state  ok\nup     for a long time, and by\n       itself')
  })
})
