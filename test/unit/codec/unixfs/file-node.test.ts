import { unixfs } from '@helia/unixfs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes } from '../../../../src/codec/bytes.ts'
import { cidFromDigest, RAW } from '../../../../src/codec/cid.ts'
import { decodeFileNode } from '../../../../src/codec/unixfs/file-node.ts'

const CHILD = cidFromDigest(new Uint8Array(32).fill(7), RAW)

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest])
    bytes.push((rest % 128) + 128)
  }
}
const field = (number: number, value: number | Uint8Array): Uint8Array =>
  typeof value === 'number'
    ? concatBytes(varint(number * 8), varint(value))
    : concatBytes(varint(number * 8 + 2), varint(value.length), value)
const link = (cid = CHILD.bytes): Uint8Array =>
  field(2, concatBytes(field(1, cid), field(2, new Uint8Array()), field(3, 9)))
const file = (...fields: Uint8Array[]): Uint8Array => field(1, concatBytes(field(1, 2), ...fields))
const code = (bytes: Uint8Array): string => {
  const read = decodeFileNode(bytes)
  return read.ok ? 'ok' : read.error.code
}

describe('a block of a file', () => {
  it('tells its own bytes, its parts and their sizes', () => {
    const own = Uint8Array.of(1, 2, 3)
    const read = decodeFileNode(
      concatBytes(link(), link(), file(field(2, own), field(3, 13), field(4, 4), field(4, 6))),
    )
    expect(read).toEqual({
      ok: true,
      value: {
        data: own,
        size: 13,
        parts: [
          { cid: CHILD, size: 4 },
          { cid: CHILD, size: 6 },
        ],
      },
    })
  })

  it('is what the library of IPFS writes', async () => {
    const blocks = new Map<string, Uint8Array>()
    const blockstore = {
      put: (cid: { toString(): string }, bytes: unknown) => {
        blocks.set(String(cid), bytes as Uint8Array)
        return cid as never
      },
      has: () => false,
      get: function* () {},
    }
    const cid = await unixfs({ blockstore }).addBytes(new Uint8Array(2_500_000).fill(1))
    const read = decodeFileNode(blocks.get(String(cid)) as Uint8Array)
    expect(read.ok && read.value.size).toBe(2_500_000)
    expect(read.ok && read.value.parts.map(({ size }) => size)).toEqual([1_048_576, 1_048_576, 402_848])
  })

  it('is refused where sizes do not add up, are missing, or a part has none', () => {
    expect(code(concatBytes(link(), file(field(3, 4), field(4, 4))))).toBe('ok')
    expect(code(concatBytes(link(), file(field(3, 5), field(4, 4))))).toBe('MALFORMED')
    expect(code(concatBytes(link(), file(field(3, 0))))).toBe('MALFORMED')
    expect(code(concatBytes(link(), file(field(3, 0), field(4, 0))))).toBe('MALFORMED')
    expect(code(file(field(3, 4), field(4, 4)))).toBe('MALFORMED')
  })

  it('is refused as a directory, with links by other hashes, and with fields of other kinds', () => {
    expect(code(field(1, field(1, 1)))).toBe('MALFORMED')
    expect(code(concatBytes(link(Uint8Array.of(1, 0x55, 0x13, 1, 1)), file(field(4, 4))))).toBe('MALFORMED')
    expect(code(concatBytes(link(CHILD.bytes.subarray(1)), file(field(4, 4))))).toBe('MALFORMED')
    expect(code(concatBytes(file(), file()))).toBe('MALFORMED')
    expect(code(concatBytes(file(), field(3, 1)))).toBe('MALFORMED')
    expect(code(Uint8Array.of(0x0b))).toBe('MALFORMED')
    expect(code(new Uint8Array())).toBe('MALFORMED')
  })

  it('any bytes are read or refused, never more than they are', () => {
    const good = concatBytes(link(), file(field(2, Uint8Array.of(9)), field(3, 5), field(4, 4)))
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.nat(good.length - 1),
        fc.nat(255),
        (bytes, at, value) => {
          const changed = good.slice()
          changed[at] = value
          for (const one of [bytes, changed]) {
            const read = decodeFileNode(one)
            if (read.ok) expect(read.value.data.length).toBeLessThanOrEqual(one.length)
          }
        },
      ),
    )
  })
})
