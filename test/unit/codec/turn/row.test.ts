import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeRow, decodeRowFrame, decodeRowPart } from '../../../../src/codec/turn/decode-row.ts'
import { encodeRow } from '../../../../src/codec/turn/encode-row.ts'
import type { RowPart, TurnRow } from '../../../../src/codec/turn/row.ts'
import { ROW_BYTES_MAX } from '../../../../src/model/turn.ts'
import { checkpoint, entries, entry, group, note } from '../../../setup/turn-writes.ts'
import { anyRow } from './row-arbitrary.ts'

const NOTHING = { forget: false, head: undefined, checkpoint: undefined, entries: [], notes: [] }

function row(...parts: readonly RowPart[]): TurnRow {
  return { turn: 5 as TurnRow['turn'], parts }
}

/** Bytes with the directory's checksum made right again, so that what lies behind it is looked at. */
function resealed(bytes: Uint8Array, parts: number): Uint8Array {
  const copy = bytes.slice()
  const at = 13 + 12 * parts
  new DataView(copy.buffer).setUint32(at, crc32(copy.subarray(0, at)), true)
  return copy
}

/** A row of one part with these bytes, and checksums that fit. */
function rowOfPart(part: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(13 + 12 + 4 + part.length)
  const view = new DataView(bytes.buffer)
  bytes[0] = 1
  view.setUint32(1, 5, true)
  view.setUint32(9, 1, true)
  view.setUint32(17, part.length, true)
  view.setUint32(21, crc32(part), true)
  bytes.set(part, 29)
  return resealed(bytes, 1)
}

describe('a row of a turn', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(anyRow, (one) => {
        expect(decodeRow(encodeRow(one, crc32), crc32)).toEqual({ ok: true, value: one })
      }),
      { numRuns: 300 },
    )
  })

  it('has one form: what is read is what would be written', () => {
    fc.assert(
      fc.property(anyRow, fc.nat(), fc.nat({ max: 255 }), (one, at, byte) => {
        const bytes = encodeRow(one, crc32)
        const bent = bytes.slice()
        bent[at % bent.length] = byte
        const parts = decodeRowFrame(bytes, crc32)
        for (const candidate of [bent, resealed(bent, parts.ok ? parts.value.parts.length : 0)]) {
          const found = decodeRow(candidate, () => 0)
          if (found.ok)
            expect(
              Buffer.compare(
                encodeRow(found.value, () => 0),
                candidate,
              ),
            ).toBe(0)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('keeps its bytes: the format is on disks', () => {
    const one = row(
      { ...NOTHING, group: group(1), forget: true },
      {
        ...NOTHING,
        group: group(258),
        head: { term: 3, vote: 2, commit: 4, floor: 1, floorTerm: 1, last: 6 } as RowPart['head'],
        checkpoint: { ...checkpoint('own', 4, 2), chunks: 1, bytes: 9, stage: 7 },
        entries: [entry(5, 3, 'a'), entry(6, 3, '')],
        notes: [note(1, 255)],
      },
    )
    expect(Buffer.from(encodeRow(one, crc32)).toString('hex')).toMatchInlineSnapshot(
      `"0105000000000000000200000001000000010000001bdf05a502010000b50000002b7365a5a69ecb60011e0300000000000000020000000000000004000000000000000100000000000000010000000000000006000000000000000004000000000000000200000000000000010000000900000000000000070000000000000001000000040300000001000000000000000200000000000000030000000000000000000000000000000000000000050000000000000002000000030000000000000000010000006103000000000000000000000000010000000101000000ff"`,
    )
  })

  it('finds every single flipped bit (B3)', () => {
    const bytes = encodeRow(
      row({ ...NOTHING, group: group(3), entries: entries(2, 4, 1), notes: [note(2, 1, 2)] }),
      crc32,
    )
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const bent = bytes.slice()
      bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(decodeRow(bent, crc32).ok).toBe(false)
    }
  })

  it('is refused at every length but its own', () => {
    const bytes = encodeRow(row({ ...NOTHING, group: group(3), entries: entries(2, 4, 1) }), crc32)
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeRow(bytes.subarray(0, length), crc32).ok).toBe(false)
    }
    expect(decodeRow(Uint8Array.of(...bytes, 0), crc32)).toMatchObject({ error: { code: 'MALFORMED' } })
  })

  it('leaves the other groups readable when the part of one is damaged, and names it', () => {
    const parts = [1, 2, 3].map((id) => ({ ...NOTHING, group: group(id), entries: entries(2, 4, id) }))
    const bytes = encodeRow(row(...parts), crc32)
    bytes[bytes.length - 120] = 0xff
    const frame = decodeRowFrame(bytes, crc32)
    const found = frame.ok ? frame.value.parts.map((part) => decodeRowPart(part, crc32)) : []
    expect(found.map(({ ok }) => ok)).toEqual([true, false, true])
    expect(found[1]).toMatchObject({
      error: {
        code: 'MALFORMED',
        message: expect.stringMatching(/^the part of group 2 has checksum [0-9a-f]{8}, /u),
      },
    })
  })

  it('of any bytes is a row or a typed rejection, and takes no more memory than they', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const found = decodeRow(rowOfPart(bytes), crc32)
        if (!found.ok) expect(found.error.code).toMatch(/MALFORMED|NOT_CANONICAL|TOO_LARGE/u)
      }),
      { numRuns: 2_000 },
    )
  })

  it('says what is wrong with a part', () => {
    const u32 = (value: number) => [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24]
    const u64 = (value: number) => [...u32(value), 0, 0, 0, 0]
    const cases: readonly [readonly number[], string, string][] = [
      [[0], 'MALFORMED', 'nothing'],
      [[32], 'MALFORMED', 'more than we know'],
      [[1, 1], 'MALFORMED', 'more bytes'],
      [[2, 255, 255, 255, 255, 255, 255, 255, 255], 'MALFORMED', '2^53'],
      [[4, 2], 'MALFORMED', 'unknown kind'],
      [[8, ...u64(1), ...u32(0)], 'NOT_CANONICAL', 'no entries'],
      [[8, ...u64(0), ...u32(1), ...u64(1), 0, ...u32(0)], 'MALFORMED', 'no log has this index'],
      [[8, ...u64(1), ...u32(0xffffffff)], 'MALFORMED', 'cut short'],
      [[8, ...u64(1), ...u32(1), ...u64(1), 0, ...u32(0xfffffff)], 'TOO_LARGE', 'allowed'],
      [[16, ...u32(0)], 'NOT_CANONICAL', 'no notes'],
      [[16, ...u32(2), 1, ...u32(0), 1, ...u32(0)], 'NOT_CANONICAL', 'ascend by kind'],
      [[16, ...u32(1), 1, ...u32(65_537)], 'TOO_LARGE', '65536 are allowed'],
    ]
    for (const [part, code, message] of cases) {
      const found = decodeRow(rowOfPart(Uint8Array.from(part)), crc32)
      expect(found).toMatchObject({ ok: false, error: { code, message: expect.stringContaining(message) } })
    }
  })

  it('is refused for another version, turn 0, groups that do not ascend, and a size beyond the bound', () => {
    const bytes = encodeRow(
      row({ ...NOTHING, group: group(1), forget: true }, { ...NOTHING, group: group(2), forget: true }),
      crc32,
    )
    const bent = (at: number, value: number) => {
      const copy = bytes.slice()
      copy[at] = value
      return decodeRow(resealed(copy, 2), crc32)
    }
    expect(bent(0, 2)).toMatchObject({
      error: { code: 'MALFORMED', message: expect.stringContaining('version 2') },
    })
    expect(bent(1, 0)).toMatchObject({
      error: { code: 'MALFORMED', message: expect.stringContaining('turn 0') },
    })
    expect(bent(13, 2)).toMatchObject({ error: { code: 'NOT_CANONICAL' } })
    expect(decodeRow(new Uint8Array(ROW_BYTES_MAX + 1), crc32)).toMatchObject({
      error: { code: 'TOO_LARGE' },
    })
  })

  it('that is not of its form is a defect of ours', () => {
    const one = { ...NOTHING, group: group(1), forget: true }
    const wrong: readonly [TurnRow, string][] = [
      [row(one, one), 'ascend by group'],
      [row({ ...NOTHING, group: group(1) }), 'has something'],
      [row({ ...NOTHING, group: group(1), entries: [entry(1, 1), entry(3, 1)] }), 'consecutive'],
      [row({ ...NOTHING, group: group(1), notes: [note(2), note(1)] }), 'ascend by kind'],
      [
        row({ ...NOTHING, group: group(1), entries: [entry(1, 1, new Uint8Array(ROW_BYTES_MAX))] }),
        'within its bound',
      ],
    ]
    for (const [bad, message] of wrong) expect(() => encodeRow(bad, crc32)).toThrow(message)
  })
})
