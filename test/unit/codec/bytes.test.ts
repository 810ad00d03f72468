import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byteText, concatBytes, equalBytes } from '../../../src/codec/bytes.ts'

describe('bytes', () => {
  it('are equal when length and every byte are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4 }), fc.uint8Array({ maxLength: 4 }), (a, b) => {
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0)
        expect(equalBytes(a, Uint8Array.from(a))).toBe(true)
      }),
    )
  })

  it('are put one behind the other in an array of their own', () => {
    const one = Uint8Array.of(1, 2)
    const whole = concatBytes(one, new Uint8Array(), Uint8Array.of(3))
    one[0] = 9
    expect(whole).toEqual(Uint8Array.of(1, 2, 3))
    expect(concatBytes()).toEqual(new Uint8Array())
  })

  it('are text with a character each', () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    expect(Array.from(byteText(all), (character) => character.charCodeAt(0))).toEqual([...all])
    expect(byteText(new Uint8Array())).toBe('')
  })
})
