import { describe, expect, it } from 'vitest'
import {
  decodeLogRecord,
  encodeLogRecord,
  KIND_AT,
  kindOfByte,
} from '../../../../src/codec/network-log/log-record.ts'
import type { LogRecord } from '../../../../src/ports/network-log.ts'

const PART = new Uint8Array([1, 2, 3])
const OTHER = new Uint8Array([4])

describe('a record of a stored log', () => {
  it.each<[string, LogRecord]>([
    ['an item', { kind: 'item', item: PART, leaf: OTHER }],
    ['a leaf between hosts', { kind: 'passed', leaf: PART }],
    ['a change of voters', { kind: 'voters', leaf: PART }],
    ['a certificate', { kind: 'certificate', certificate: PART }],
  ])('%s is read as it was written', (_, record) => {
    const encoded = encodeLogRecord(record)
    expect(decodeLogRecord(encoded)).toEqual({ ok: true, value: record })
    expect(kindOfByte(encoded[KIND_AT] ?? 0)).toBe(record.kind)
  })

  it('of a kind that nobody knows is refused', () => {
    const unknown = encodeLogRecord({ kind: 'passed', leaf: PART }).with(1, 4)
    expect(decodeLogRecord(unknown)).toMatchObject({ ok: false, error: { code: 'MALFORMED' } })
  })
})
