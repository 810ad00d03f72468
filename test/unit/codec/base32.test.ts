import fc from 'fast-check'
import { base32 } from 'multiformats/bases/base32'
import { describe, expect, it } from 'vitest'
import { base32BytesOf, base32Of, readBase32 } from '../../../src/codec/base32.ts'

const DIGITS = 'abcdefghijklmnopqrstuvwxyz234567'

describe('base32', () => {
  it.each([
    ['', ''],
    ['f', 'my'],
    ['fo', 'mzxq'],
    ['foo', 'mzxw6'],
    ['foob', 'mzxw6yq'],
    ['fooba', 'mzxw6ytb'],
    ['foobar', 'mzxw6ytboi'],
  ])('%s is %s (RFC 4648, 10)', (text, digits) => {
    expect(base32Of(Buffer.from(text))).toBe(digits)
  })

  it('is what multiformats writes, and is read back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        const text = base32Of(bytes)
        expect(`b${text}`).toBe(base32.encode(bytes))
        expect(base32BytesOf(`?${text}`, 1)).toEqual(bytes)
      }),
    )
  })

  it('nothing is read but what is written', () => {
    const digit = fc.constantFrom(...DIGITS.split(''), 'A', '=', '1', ' ', '\u00e0', '\u0161')
    fc.assert(
      fc.property(fc.array(digit, { maxLength: 17 }), (digits) => {
        const text = digits.join('')
        const bytes = base32BytesOf(text, 0)
        expect(bytes === undefined ? text : base32Of(bytes)).toBe(text)
      }),
      { numRuns: 2_000 },
    )
  })

  it('tells left-over bits from digits that are none and from another length', () => {
    expect(readBase32('mz', 0, new Uint8Array(1))).toBe(1)
    expect(readBase32('m1', 0, new Uint8Array(1))).toBe(-1)
    expect(readBase32('mzx', 0, new Uint8Array(1))).toBe(-1)
  })
})
