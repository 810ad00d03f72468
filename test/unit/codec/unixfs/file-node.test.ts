import { unixfs } from '@helia/unixfs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes } from '../../../../src/codec/bytes.ts'
import { cidFromDigest, RAW } from '../../../../src/codec/cid.ts'
import { decodeFileNode } from '../../../../src/codec/unixfs/file-node.ts'
import { protoField } from '../../../setup/file-block.ts'

const CHILD = cidFromDigest(new Uint8Array(32).fill(7), RAW)

const link = (cid = CHILD.bytes): Uint8Array =>
  protoField(2, concatBytes(protoField(1, cid), protoField(2, new Uint8Array()), protoField(3, 9)))
const file = (...fields: Uint8Array[]): Uint8Array => protoField(1, concatBytes(protoField(1, 2), ...fields))
const code = (bytes: Uint8Array): string => {
  const read = decodeFileNode(bytes)
  return read.ok ? 'ok' : read.error.code
}

describe('a block of a file', () => {
  it('tells its own bytes, its parts and their sizes', () => {
    const own = Uint8Array.of(1, 2, 3)
    const read = decodeFileNode(
      concatBytes(
        link(),
        link(),
        file(protoField(2, own), protoField(3, 13), protoField(4, 4), protoField(4, 6)),
      ),
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
    expect(code(concatBytes(link(), file(protoField(3, 4), protoField(4, 4))))).toBe('ok')
    expect(code(concatBytes(link(), file(protoField(3, 5), protoField(4, 4))))).toBe('MALFORMED')
    expect(code(concatBytes(link(), file(protoField(3, 0))))).toBe('MALFORMED')
    expect(code(concatBytes(link(), file(protoField(3, 0), protoField(4, 0))))).toBe('MALFORMED')
    expect(code(file(protoField(3, 4), protoField(4, 4)))).toBe('MALFORMED')
  })

  it('is refused as a directory, with links by other hashes, and with fields of other kinds', () => {
    expect(code(protoField(1, protoField(1, 1)))).toBe('MALFORMED')
    expect(code(concatBytes(link(Uint8Array.of(1, 0x55, 0x13, 1, 1)), file(protoField(4, 4))))).toBe(
      'MALFORMED',
    )
    expect(code(concatBytes(link(CHILD.bytes.subarray(1)), file(protoField(4, 4))))).toBe('MALFORMED')
    expect(code(concatBytes(file(), file()))).toBe('MALFORMED')
    expect(code(concatBytes(file(), protoField(3, 1)))).toBe('MALFORMED')
    expect(code(Uint8Array.of(0x0b))).toBe('MALFORMED')
    expect(code(new Uint8Array())).toBe('MALFORMED')
  })

  it('any bytes are read or refused, never more than they are', () => {
    const good = concatBytes(
      link(),
      file(protoField(2, Uint8Array.of(9)), protoField(3, 5), protoField(4, 4)),
    )
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
