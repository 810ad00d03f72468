import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { citationFlaw } from '../../../../src/core/verify-output/citations.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const json = (value: unknown) => bytesOf(JSON.stringify(value))
const BROKEN = Uint8Array.of(0x22, 0xff, 0x22)

const TEXT = 'The cat sat. 𝒳 was not there, said the cat.'
const INPUT = bytesOf(TEXT)
const result = (...citations: unknown[]) => json({ claims: [{ text: 'a claim', citations }] })

describe('citations', () => {
  it('are of quotes that stand in the input, anywhere or at their place', () => {
    expect(citationFlaw(INPUT, result({ quote: 'cat sat' }))).toBeUndefined()
    expect(
      citationFlaw(INPUT, result({ quote: 'cat', start: 4, end: 7 }, { quote: 'cat', start: 40, end: 43 })),
    ).toBeUndefined()
    expect(citationFlaw(INPUT, result({ quote: '𝒳 was', start: 13, end: 19 }))).toBeUndefined()
    expect(citationFlaw(INPUT, json({ claims: [] }))).toBeUndefined()
  })

  it.each<readonly [unknown, string]>([
    [{ quote: 'dog' }, 'what it cites is not in the input'],
    [{ quote: 'cat', start: 5, end: 8 }, 'a quote is not at its place in the input'],
    [{ quote: 'cat', start: 4, end: 8 }, 'a quote is not at its place in the input'],
    [{ quote: 'cat', start: 4 }, 'a quote is not at its place in the input'],
    [{ quote: 'cat', start: '4', end: 7 }, 'a quote is not at its place in the input'],
    [{ quote: 'cat.', start: -4, end: 0 }, 'a quote is not at its place in the input'],
    [{ quote: '' }, 'a citation has no quote'],
    [{ start: 0, end: 0 }, 'a citation has no quote'],
    ['cat', 'a citation has no quote'],
    [null, 'a citation has no quote'],
  ])('%j is a flaw', (citation, flaw) => {
    expect(citationFlaw(INPUT, result({ quote: 'cat' }, citation))).toBe(`claim 0: ${flaw}`)
  })

  it.each<readonly [unknown, string]>([
    [{ claims: [{ text: 'x', citations: [] }] }, 'claim 0: it cites nothing'],
    [{ claims: [{ text: 'x' }] }, 'claim 0: it cites nothing'],
    [{ claims: [{ citations: [{ quote: 'cat' }] }] }, 'claim 0: it has no text'],
    [{ claims: ['x'] }, 'claim 0: it has no text'],
    [{ claims: {} }, 'the result is no JSON with a list of claims'],
    [[], 'the result is no JSON with a list of claims'],
    [null, 'the result is no JSON with a list of claims'],
    [{ claims: Array(10_001).fill(0) }, 'more than 10000 claims'],
  ])('a claim without one, and what is no list of claims, is a flaw', (value, flaw) => {
    expect(citationFlaw(INPUT, json(value))).toBe(flaw)
  })

  it('are of a text: other inputs and outputs have a flaw', () => {
    expect(citationFlaw(BROKEN, result({ quote: 'cat' }))).toBe('the input is no text')
    expect(citationFlaw(INPUT, BROKEN)).toBe('the result is no JSON with a list of claims')
  })

  it('without a place are searched for as long as a bound allows; with one, there is none', () => {
    const long = 'a'.repeat(1_000_000)
    const some = (count: number, citation: unknown) =>
      result(...Array.from({ length: count }, () => citation))
    expect(citationFlaw(bytesOf(long), some(200, { quote: 'aa' }))).toBeUndefined()
    expect(citationFlaw(bytesOf(long), some(269, { quote: 'aa' }))).toBe(
      'claim 0: too much is quoted without a place',
    )
    expect(citationFlaw(bytesOf(long), some(9, { quote: 'a'.repeat(2_000) }))).toMatch(/without a place/u)
    expect(citationFlaw(bytesOf(long), some(5_000, { quote: 'aa', start: 7, end: 9 }))).toBeUndefined()
  })

  it('cut out of any text are found in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.nat(), fc.nat(), (text, one, other) => {
        const input = new TextDecoder().decode(bytesOf(text))
        const [start, end] = [one % (input.length + 1), other % (input.length + 1)].sort((a, b) => a - b) as [
          number,
          number,
        ]
        const quote = input.slice(start, end)
        fc.pre(quote !== '' && quote.isWellFormed() && !input.startsWith('\uFEFF'))
        expect(citationFlaw(bytesOf(text), result({ quote, start, end }, { quote }))).toBeUndefined()
        expect(
          citationFlaw(bytesOf(text), result({ quote: `${quote}\u0007`, start, end: end + 1 })),
        ).toBeDefined()
      }),
    )
  })
})
