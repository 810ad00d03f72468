import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../../../../src/codec/turn/byte-writer.ts'

/** The buffer that a writer begins with. */
const FIRST_BYTES = 65_536

const FIELDS: readonly [name: string, write: (writer: ByteWriter) => void, bytes: readonly number[]][] = [
  ['a byte', (writer) => writer.u8(7), [7]],
  ['four bytes', (writer) => writer.u32(0x04030201), [1, 2, 3, 4]],
  ['eight bytes', (writer) => writer.u64(2 ** 32 + 5), [5, 0, 0, 0, 1, 0, 0, 0]],
  ['bytes and their length', (writer) => writer.sized(Uint8Array.of(8, 9)), [2, 0, 0, 0, 8, 9]],
]

describe('a buffer that fields are put into', () => {
  it.each(FIELDS)('grows under %s, wherever its end lies', (_name, write, bytes) => {
    for (let left = 0; left <= bytes.length; left++) {
      const writer = new ByteWriter()
      writer.gap(FIRST_BYTES - left)
      write(writer)
      expect([...writer.taken().subarray(FIRST_BYTES - left)]).toEqual(bytes)
      expect(writer.length).toBe(FIRST_BYTES - left + bytes.length)
    }
  })

  it('keeps what was written before it grew, and begins anew in the larger one', () => {
    const writer = new ByteWriter()
    for (let n = 0; n < FIRST_BYTES + 10; n++) writer.u8(n % 251)
    expect(writer.taken().every((byte, n) => byte === n % 251)).toBe(true)
    writer.reset()
    writer.u8(1)
    expect([...writer.taken()]).toEqual([1])
  })
})
