import { readFileSync } from 'node:fs'
import { parse as libraryParse, stringify as libraryStringify } from '@ipld/dag-json'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { decodeDagCbor } from '../../../src/codec/dag-cbor/decode.ts'
import { encodeDagCbor } from '../../../src/codec/dag-cbor/encode.ts'
import { decodeDagJson } from '../../../src/codec/dag-json/decode.ts'
import { encodeDagJson } from '../../../src/codec/dag-json/encode.ts'
import type { Ipld } from '../../../src/codec/ipld.ts'
import { READ_LIMITS, type ReadLimits } from '../../../src/codec/read-limits.ts'
import { ipld, nested } from './ipld-arbitrary.ts'

interface Valid {
  readonly hex: string
  readonly dagJson: string
}
interface Invalid {
  readonly text: string
  readonly code: string
  readonly why: string
}

function vectorsOf<Vector>(name: string): Vector[] {
  const file = readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url), 'utf8')
  return (JSON.parse(file) as { vectors: Vector[] }).vectors
}

const encodes =
  (value: unknown): (() => unknown) =>
  () =>
    encodeDagJson(value as Ipld)

function codeOf(text: string, limits?: Partial<ReadLimits>): string {
  const decoded = decodeDagJson(text, limits)
  return decoded.ok ? 'ok' : decoded.error.code
}

function valueOf(text: string): Ipld {
  const decoded = decodeDagJson(text)
  if (!decoded.ok) throw new Error(`${decoded.error.code}: ${decoded.error.message}`)
  return decoded.value
}

describe('vectors', () => {
  it.each(vectorsOf<Valid>('dag-cbor/valid'))('$dagJson is the value of $hex', ({ hex, dagJson }) => {
    const value = valueOf(dagJson)
    expect(encodeDagCbor(value).toHex()).toBe(hex)
    expect(decodeDagCbor(Uint8Array.fromHex(hex))).toEqual({ ok: true, value })
    expect(encodeDagJson(value)).toBe(dagJson)
  })

  it.each(vectorsOf<Invalid>('dag-json/invalid'))('$text is $code: $why', ({ text, code }) => {
    expect(codeOf(text)).toBe(code)
  })
})

describe('encodeDagJson', () => {
  it('writes the text that @ipld/dag-json writes, but for keys beyond U+FFFF', () => {
    fc.assert(
      fc.property(ipld(), (value) => {
        const text = encodeDagJson(value)
        fc.pre(!/[\u{10000}-\u{10ffff}]/u.test(text))
        expect(text).toBe(libraryStringify(value))
      }),
      { numRuns: 300 },
    )
  })

  it('sorts keys by their bytes in UTF-8', () => {
    const keys = fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 3 }), { minLength: 2, maxLength: 6 })
    fc.assert(
      fc.property(keys, (names) => {
        const text = encodeDagJson(Object.fromEntries(names.map((name) => [name, 1])))
        const written = [...text.matchAll(/"(?:[^"\\]|\\.)*"/g)].map(([name]) => JSON.parse(name) as string)
        expect(written).toEqual(names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
      }),
    )
  })

  it.each([
    ['a float', 1.5],
    ['2^53', 2 ** 53],
    ['undefined', undefined],
    ['a hole', Array(1)],
    ['a bigint', 1n],
    ['a lone surrogate', '\ud800'],
    ['a lone surrogate in a key', { '\ud800': 1 }],
    ['a Date', new Date(0)],
    ['a CIDv0', CID.parse('QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG')],
    ['a map that would be read as a link', { '/': 'a' }],
    ['a map that would be read as bytes', { '/': { bytes: 'a' } }],
    ['33 lists', nested(33)],
  ])('asserts against %s', (_name, value) => {
    expect(encodes(value)).toThrow('an encoded')
  })
})

describe('decodeDagJson', () => {
  it('reads every value that was written', () => {
    fc.assert(
      fc.property(ipld(), (value) => {
        expect(valueOf(encodeDagJson(value))).toEqual(value)
      }),
      { numRuns: 500 },
    )
  })

  it('makes `__proto__` a plain own property', () => {
    const value = valueOf('{"__proto__":{"a":true}}') as { [key: string]: Ipld }
    expect(Object.keys(value)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(value['a']).toBeUndefined()
  })

  it('takes lone surrogates for no text', () => {
    expect(codeOf('"\ud800"')).toBe('MALFORMED')
    expect(codeOf('{"\udc00":1}')).toBe('MALFORMED')
  })

  it('says where the first offence is', () => {
    expect(decodeDagJson('{"a":[1,2.5]} ')).toEqual({
      ok: false,
      error: {
        code: 'NOT_CANONICAL',
        message: 'a number that is no integer up to 2^53 - 1 in its shortest form, at character 8',
      },
    })
  })
})

describe('limits', () => {
  it('32 containers inside one another are read, and links and bytes in them are no containers', () => {
    const value = nested(32, Uint8Array.of(1))
    expect(valueOf(encodeDagJson(value))).toEqual(value)
    expect(codeOf(`[${encodeDagJson(value)}]`)).toBe('TOO_LARGE')
    expect(codeOf('[1]', { depthMax: 0 })).toBe('TOO_LARGE')
  })

  it.each([
    ['"aa"', 4],
    ['"ü"', 4],
    ['"水"', 5],
    ['"😀"', 6],
  ])('%s has %i bytes, and one less is TOO_LARGE', (text, bytes) => {
    expect(codeOf(text, { bytesMax: bytes })).toBe('ok')
    expect(codeOf(text, { bytesMax: bytes - 1 })).toBe('TOO_LARGE')
  })

  it('the size comes before all else', () => {
    expect(codeOf('\u0000'.repeat(READ_LIMITS.bytesMax))).toBe('MALFORMED')
    expect(codeOf('\u0000'.repeat(READ_LIMITS.bytesMax + 1))).toBe('TOO_LARGE')
    expect(codeOf('水'.repeat(READ_LIMITS.bytesMax / 2))).toBe('TOO_LARGE')
  })

  it('entries of lists, keys and values of maps count as items, over the whole input', () => {
    expect(codeOf('[[1,2],{"a":[]}]', { itemsMax: 6 })).toBe('ok')
    expect(codeOf('[[1,2],{"a":[]}]', { itemsMax: 5 })).toBe('TOO_LARGE')
    expect(codeOf(`[${'0,'.repeat(READ_LIMITS.itemsMax - 1)}0]`)).toBe('ok')
    expect(codeOf(`[${'0,'.repeat(READ_LIMITS.itemsMax)}0]`)).toBe('TOO_LARGE')
  })
})

type Mutation = (text: string, at: number, piece: string) => string

const insert: Mutation = (text, at, piece) => text.slice(0, at) + piece + text.slice(at)
const replace: Mutation = (text, at, piece) => text.slice(0, at) + piece + text.slice(at + 1)
const remove: Mutation = (text, at) => text.slice(0, at) + text.slice(at + 1)
const cut: Mutation = (text, at) => text.slice(0, at)
const double: Mutation = (text, at, piece) => text.slice(0, at + piece.length) + text.slice(at)
const swap: Mutation = (text, at) =>
  text.slice(0, at) + text.charAt(at + 1) + text.charAt(at) + text.slice(at + 2)

const PIECES = [
  '"',
  '\\',
  '\\u0041',
  '\\u001f',
  '\\n',
  ',',
  ':',
  '{',
  '}',
  '[',
  ']',
  '0',
  '-',
  '.',
  'e',
  ' ',
  '\n',
  '/',
]
const MORE_PIECES = [
  '"/":',
  '{"/":"',
  '"bytes":"',
  'A',
  '=',
  'a',
  '1',
  '\ud83d',
  '\ude00',
  '\u0000',
  'null',
  'ü',
]

describe('fuzzing', () => {
  it('a changed text that is read is exactly what is written of the value, and the library agrees', () => {
    const mutation = fc.constantFrom(insert, replace, remove, cut, double, swap)
    const change = fc.tuple(mutation, fc.nat(), fc.constantFrom(...PIECES, ...MORE_PIECES))
    fc.assert(
      fc.property(ipld(3), fc.array(change, { minLength: 1, maxLength: 2 }), (value, changes) => {
        let text = encodeDagJson(value)
        for (const [mutate, at, piece] of changes) text = mutate(text, at % (text.length + 1), piece)
        const decoded = decodeDagJson(text)
        expect(decoded.ok ? encodeDagJson(decoded.value) : text).toBe(text)
        expect(decoded.ok ? encodeDagCbor(libraryParse(text)) : undefined).toEqual(
          decoded.ok ? encodeDagCbor(decoded.value) : undefined,
        )
      }),
      { numRuns: 1_500 },
    )
  })

  it('no text makes it throw, and every refusal has a code and a place', () => {
    const text = fc.array(fc.constantFrom(...PIECES, ...MORE_PIECES), { maxLength: 12 })
    fc.assert(
      fc.property(text, (pieces) => {
        const input = pieces.join('')
        const decoded = decodeDagJson(input)
        const said = decoded.ok ? 'at character 0' : decoded.error.message
        expect(Number(/at character (\d+)$/.exec(said)?.[1])).toBeLessThanOrEqual(input.length)
        expect(decoded.ok ? encodeDagJson(decoded.value) : input).toBe(input)
      }),
      { numRuns: 1_500 },
    )
  })
})
