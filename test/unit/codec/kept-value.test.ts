import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeDagCbor } from '../../../src/codec/dag-cbor/decode.ts'
import { encodeDagCbor } from '../../../src/codec/dag-cbor/encode.ts'
import { decodeKept, encodeKept } from '../../../src/codec/dag-cbor/kept-value.ts'
import { ipld } from './ipld-arbitrary.ts'

describe('values beside their bytes', () => {
  it('are what reading the bytes gives, and the bytes are those of the value', () => {
    fc.assert(
      fc.property(ipld(), (value) => {
        const bytes = encodeKept(value)
        expect(bytes).toEqual(encodeDagCbor(value))
        expect(decodeKept(bytes, {})).toEqual(decodeDagCbor(bytes))
      }),
    )
  })

  it('are those of one array alone: another one is read', () => {
    const value = [1, 'two']
    const bytes = encodeKept(value)
    const kept = decodeKept(bytes, {})
    expect(kept.ok && kept.value).toBe(value)
    const read = decodeKept(bytes.slice(), {})
    expect(read).toEqual({ ok: true, value })
    expect(read.ok && read.value).not.toBe(value)
  })

  it('are refused beyond the limits, as reading refuses them', () => {
    const many = encodeKept(Array.from({ length: 100 }, () => 0))
    for (const limits of [{ bytesMax: 101 }, { itemsMax: 99 }, { itemsMax: 100 }, {}]) {
      expect(decodeKept(many, limits)).toEqual(decodeDagCbor(many, limits))
    }
    expect(decodeKept(many, { bytesMax: 101 })).toMatchObject({ error: { code: 'TOO_LARGE' } })
    expect(decodeKept(many, { itemsMax: 99 })).toMatchObject({ error: { code: 'TOO_LARGE' } })
  })
})
