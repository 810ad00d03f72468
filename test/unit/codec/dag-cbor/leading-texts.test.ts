import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeDagCbor } from '../../../../src/codec/dag-cbor/decode.ts'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import { readLeadingTexts } from '../../../../src/codec/dag-cbor/leading-texts.ts'
import { isList } from '../../../../src/codec/ipld.ts'

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary', minLength: 20, maxLength: 400 }))

describe('texts that a list begins with', () => {
  it('are those that the whole list has, without a look at the rest', () => {
    fc.assert(
      fc.property(text, text, fc.uint8Array(), (a, b, rest) => {
        const bytes = encodeDagCbor([a, b, rest])
        expect(readLeadingTexts(bytes, 3, 2)).toEqual([a, b])
        const cut = bytes.slice(0, bytes.length - rest.length)
        expect(readLeadingTexts(cut, 3, 2)).toEqual([a, b])
      }),
    )
  })

  it('of anything else are none: other lengths, other kinds, longer forms than needed, bad UTF-8, an end too soon', () => {
    for (const other of [['a', 'b'], ['a', 1, null], [new Uint8Array(3), 'b', 1], { a: 'b' }, 'a'])
      expect(readLeadingTexts(encodeDagCbor(other), 3, 2)).toBeUndefined()
    expect(readLeadingTexts(Uint8Array.of(0x83, 0x78, 1, 0x61, 0x61, 0x62, 0), 3, 2)).toBeUndefined()
    expect(readLeadingTexts(Uint8Array.of(0x83, 0x61, 0xff, 0x61, 0x62, 0), 3, 2)).toBeUndefined()
    expect(readLeadingTexts(Uint8Array.of(0x83, 0x61, 0x61, 0x65, 0x62), 3, 2)).toBeUndefined()
    expect(readLeadingTexts(new Uint8Array(0), 3, 2)).toBeUndefined()
  })

  it('of any bytes are what the reader of whole values has too, and nothing throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
        const found = readLeadingTexts(bytes, 3, 2)
        const whole = decodeDagCbor(bytes)
        if (!whole.ok || !isList(whole.value) || whole.value.length !== 3) return
        const [a, b] = whole.value
        expect(found).toEqual(typeof a === 'string' && typeof b === 'string' ? [a, b] : undefined)
      }),
      { numRuns: 2_000 },
    )
  })
})
