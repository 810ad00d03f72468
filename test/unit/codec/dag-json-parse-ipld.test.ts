import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeDagCbor } from '../../../src/codec/dag-cbor/encode.ts'
import { encodeDagJson } from '../../../src/codec/dag-json/encode.ts'
import { parseIpld } from '../../../src/codec/dag-json/parse-ipld.ts'
import { ipld } from './ipld-arbitrary.ts'

const LINK = 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

describe('JSON as people write it', () => {
  it('is read as what its canonical dag-json says, whatever order and layout it has', () => {
    fc.assert(
      fc.property(ipld(), (value) => {
        const loose = JSON.parse(JSON.stringify(reversed(JSON.parse(encodeDagJson(value))), null, 2))
        const parsed = parseIpld(loose)
        expect(parsed.ok && Buffer.from(encodeDagCbor(parsed.value)).equals(encodeDagCbor(value))).toBe(true)
      }),
    )
  })

  it('whatever it is, it can be encoded or is refused with a place', () => {
    const odd = fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, maxDepth: 4 })
    fc.assert(
      fc.property(odd, (value) => {
        const parsed = parseIpld(value, 'payload')
        if (parsed.ok) encodeDagCbor(parsed.value)
        else expect(parsed.error.field).toMatch(/^payload/)
      }),
    )
  })

  it.each([
    ['a fraction', { a: { b: [1, 2.5] } }, 'payload.a.b[1]'],
    ['an integer beyond 2^53 - 1', { n: 2 ** 53 }, 'payload.n'],
    ['a lone surrogate', { t: '\ud800' }, 'payload.t'],
    ['a link with company', { to: { '/': LINK, more: 1 } }, 'payload.to'],
    ['a text that is no link', { to: { '/': 'nowhere' } }, 'payload.to'],
    ['bytes that are no base64', { to: { '/': { bytes: '!' } } }, 'payload.to'],
    ['bytes with company', { to: { '/': { bytes: 'AA', x: 1 } } }, 'payload.to'],
  ])('%s is refused, and where it stands is said', (_what, value, field) => {
    expect(parseIpld(value, 'payload')).toMatchObject({ ok: false, error: { code: 'MALFORMED', field } })
  })

  it('is at most 32 deep', () => {
    let value: unknown = 1
    for (let depth = 0; depth < 32; depth++) value = [value]
    expect(parseIpld(value).ok).toBe(true)
    expect(parseIpld([value])).toMatchObject({ ok: false, error: { code: 'TOO_LARGE' } })
  })

  it('cannot reach a prototype', () => {
    const parsed = parseIpld(JSON.parse('{"__proto__": {"polluted": true}}'))
    expect(parsed.ok && Object.hasOwn(parsed.value as object, '__proto__')).toBe(true)
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })
})

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, member]) => [key, reversed(member)])
      .toReversed(),
  )
}
