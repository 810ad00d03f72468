import { readFileSync } from 'node:fs'
import { encodeOptions, decode as libraryDecode } from '@ipld/dag-cbor'
import { encode as cborgEncode } from 'cborg'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { cidFromDigest, RAW } from '../../../src/codec/cid.ts'
import { decodeDagCbor } from '../../../src/codec/dag-cbor/decode.ts'
import { encodeDagCbor } from '../../../src/codec/dag-cbor/encode.ts'
import { decodeDagJson } from '../../../src/codec/dag-json/decode.ts'
import { encodeDagJson } from '../../../src/codec/dag-json/encode.ts'
import type { Ipld } from '../../../src/codec/ipld.ts'
import { READ_LIMITS, type ReadLimits } from '../../../src/codec/read-limits.ts'
import { ipld, nested } from './ipld-arbitrary.ts'

interface Valid {
  readonly hex: string
}
interface Invalid extends Valid {
  readonly code: string
  readonly why: string
}

function vectorsOf<Vector>(name: string): Vector[] {
  const url = new URL(`../../vectors/dag-cbor/${name}.json`, import.meta.url)
  const file = JSON.parse(readFileSync(url, 'utf8')) as { vectors: Vector[] }
  return file.vectors
}

const bytesOf = (hex: string): Uint8Array => Uint8Array.fromHex(hex)
const encodes =
  (value: unknown): (() => unknown) =>
  () =>
    encodeDagCbor(value as Ipld)

function codeOf(bytes: Uint8Array, limits?: Partial<ReadLimits>): string {
  const decoded = decodeDagCbor(bytes, limits)
  return decoded.ok ? 'ok' : decoded.error.code
}

function valueOf(bytes: Uint8Array): Ipld {
  const decoded = decodeDagCbor(bytes)
  if (!decoded.ok) throw new Error(`${decoded.error.code}: ${decoded.error.message}`)
  return decoded.value
}

/** What the library writes; its own test for links takes `{"/": 1, "bytes": 1}` for one. */
function libraryEncode(value: unknown): Uint8Array {
  const { typeEncoders } = encodeOptions
  const toLink = (object: unknown): ReturnType<typeof typeEncoders.Object> =>
    object instanceof CID ? typeEncoders.Object(object) : null
  return cborgEncode(value, { ...encodeOptions, typeEncoders: { ...typeEncoders, Object: toLink } })
}

describe('vectors', () => {
  it.each(vectorsOf<Valid>('valid'))('$hex is accepted, and written the same', ({ hex }) => {
    expect(encodeDagCbor(valueOf(bytesOf(hex))).toHex()).toBe(hex)
  })

  it.each(vectorsOf<Invalid>('invalid'))('$hex is $code: $why', ({ hex, code }) => {
    expect(codeOf(bytesOf(hex))).toBe(code)
  })
})

describe('encodeDagCbor', () => {
  it('writes the bytes that @ipld/dag-cbor writes', () => {
    fc.assert(
      fc.property(ipld(), (value) => {
        expect(encodeDagCbor(value).toHex()).toBe(libraryEncode(value).toHex())
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['a float', 1.5],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['2^53', 2 ** 53],
    ['-2^53', -(2 ** 53)],
    ['undefined', undefined],
    ['undefined in a map', { a: undefined }],
    ['a hole', Array(1)],
    ['a bigint', 1n],
    ['a symbol', Symbol('a')],
    ['a function', () => 1],
    ['a lone surrogate', 'a\ud800'],
    ['a lone surrogate in a longer text', `${'a'.repeat(50)}\udc00`],
    ['a lone surrogate in a key', { '\ud800': 1 }],
    ['a Date', new Date(0)],
    ['a Map', new Map()],
    ['an instance', new URL('file:///')],
    ['a link of another library', { code: 0x71, version: 1, bytes: new Uint8Array(36), '/': 'x' }],
    ['a CIDv0', CID.parse('QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG')],
    ['a map that dag-json takes for a link', { '/': 'a' }],
    ['a map that dag-json takes for bytes', { '/': { bytes: 'a' } }],
    ['33 lists', nested(33)],
  ])('asserts against %s', (_name, value) => {
    expect(encodes(value)).toThrow('an encoded')
  })

  it('writes a value well after it refused one halfway', () => {
    expect(encodes(['long enough to leave something behind', 1.5])).toThrow('safe integer')
    expect(encodeDagCbor([1]).toHex()).toBe('8101')
  })

  it('writes -0 as 0', () => {
    expect(encodeDagCbor(-0).toHex()).toBe('00')
  })

  it('returns bytes of its own: a later call does not change them', () => {
    const first = encodeDagCbor({ a: 1 })
    encodeDagCbor({ b: 2 })
    expect(first.toHex()).toBe('a1616101')
    expect(first.buffer.byteLength).toBe(first.length)
  })

  it.each([39, 40, 41, 255, 256, 8_190, 8_192, 65_535, 65_536, 100_000])(
    'writes texts and bytes of about %i characters',
    (length) => {
      for (const value of [
        'a'.repeat(length),
        'ü'.repeat(length),
        `${'水'.repeat(length)}a`,
        new Uint8Array(length),
      ]) {
        expect(encodeDagCbor([value]).toHex()).toBe(libraryEncode([value]).toHex())
      }
    },
  )
})

describe('decodeDagCbor', () => {
  it('reads every value that was written', () => {
    fc.assert(
      fc.property(ipld(), (value) => {
        expect(valueOf(encodeDagCbor(value))).toEqual(value)
      }),
      { numRuns: 500 },
    )
  })

  it('reads a view in the middle of a buffer, and a Buffer, without making Buffers', () => {
    const value = { a: new Uint8Array([1, 2]), b: cidFromDigest(new Uint8Array(32), RAW), c: 'x'.repeat(50) }
    const encoded = encodeDagCbor(value)
    const around = new Uint8Array(encoded.length + 20).fill(0xff)
    around.set(encoded, 7)
    expect(valueOf(around.subarray(7, 7 + encoded.length))).toStrictEqual(value)
    expect(valueOf(Buffer.from(encoded))).toStrictEqual(value)
  })

  it('returns bytes and links as views of the input', () => {
    const encoded = encodeDagCbor([Uint8Array.of(1), cidFromDigest(new Uint8Array(32))])
    const [bytes, link] = valueOf(encoded) as [Uint8Array, CID]
    expect(bytes.buffer).toBe(encoded.buffer)
    expect(link.bytes.buffer).toBe(encoded.buffer)
  })

  it('makes `__proto__` a plain own property', () => {
    const value = valueOf(bytesOf('a1695f5f70726f746f5f5fa16161f5')) as { [key: string]: Ipld }
    expect(Object.keys(value)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(value['a']).toBeUndefined()
    expect(encodeDagCbor(value).toHex()).toBe('a1695f5f70726f746f5f5fa16161f5')
  })

  it('reads keys right after many others took their place in memory', () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.string({ maxLength: 3 }), fc.constant(1)), { maxLength: 40 }),
        (value) => {
          value.forEach((map) => delete map['/'])
          expect(valueOf(encodeDagCbor(value))).toEqual(value)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('says where the first offence is', () => {
    expect(decodeDagCbor(bytesOf('8301f93c00ff'))).toEqual({
      ok: false,
      error: { code: 'NOT_CANONICAL', message: 'a float, at byte 2' },
    })
  })
})

describe('limits', () => {
  it('32 containers inside one another are read and written, 33 are TOO_LARGE', () => {
    const deep = encodeDagCbor(nested(32, 'core'))
    expect(valueOf(deep)).toEqual(nested(32, 'core'))
    expect(codeOf(Uint8Array.of(0x81, ...deep))).toBe('TOO_LARGE')
    expect(codeOf(deep, { depthMax: 31 })).toBe('TOO_LARGE')
  })

  it('the size comes before all else', () => {
    const most = new Uint8Array(READ_LIMITS.bytesMax).fill(0xff)
    expect(codeOf(most)).toBe('MALFORMED')
    expect(codeOf(new Uint8Array(READ_LIMITS.bytesMax + 1).fill(0xff))).toBe('TOO_LARGE')
    expect(codeOf(bytesOf('8101'), { bytesMax: 1 })).toBe('TOO_LARGE')
    expect(codeOf(bytesOf('8101'), { bytesMax: 2 })).toBe('ok')
  })

  it('entries of lists, keys and values of maps count as items, over the whole input', () => {
    const value = encodeDagCbor([[1, 2], { a: [] }])
    expect(codeOf(value, { itemsMax: 6 })).toBe('ok')
    expect(codeOf(value, { itemsMax: 5 })).toBe('TOO_LARGE')
    const empties = encodeDagCbor(Array.from({ length: READ_LIMITS.itemsMax }, () => []))
    expect(codeOf(empties)).toBe('ok')
    expect(codeOf(encodeDagCbor(Array.from({ length: READ_LIMITS.itemsMax + 1 }, () => 0)))).toBe('TOO_LARGE')
  })

  it('what a length claims is held against what is left before anything is made', () => {
    const tail = new Uint8Array(1_000_000)
    for (const head of [
      '9a7fffffff',
      '9affffffff',
      '9b001fffffffffffff',
      'ba7fffffff',
      'bb001fffffffffffff',
    ]) {
      expect(codeOf(Uint8Array.of(...bytesOf(head)))).toBe('MALFORMED')
      const long = new Uint8Array(tail.length)
      long.set(bytesOf(head))
      expect(codeOf(long)).toBe('MALFORMED')
    }
  })
})

/** Accepted by the rule, as the library and the model of the data have it. */
function isCanonical(bytes: Uint8Array): boolean {
  try {
    const value: unknown = libraryDecode(bytes)
    return isIpld(value) && Buffer.compare(libraryEncode(value), bytes) === 0
  } catch {
    return false
  }
}

function isIpld(value: unknown): boolean {
  if (value instanceof CID) return value.version === 1
  if (typeof value === 'number') return Number.isSafeInteger(value)
  if (typeof value !== 'object' || value === null) return typeof value !== 'bigint'
  if (Array.isArray(value)) return value.every(isIpld)
  if (value instanceof Uint8Array) return true
  const map = value as { [key: string]: unknown }
  const slash: unknown = Object.hasOwn(map, '/') ? map['/'] : undefined
  const inner = slash as { [key: string]: unknown } | null
  const takenForBytes =
    typeof slash === 'object' &&
    inner !== null &&
    !(slash instanceof CID) &&
    typeof inner['bytes'] === 'string'
  return typeof slash !== 'string' && !takenForBytes && Object.values(map).every(isIpld)
}

/** What is wrong with our reading of these bytes; undefined: nothing. */
function disagreement(bytes: Uint8Array): string | undefined {
  // the library drops a byte order mark at the beginning of a text
  if (Buffer.from(bytes).includes('efbbbf', 'hex')) return undefined
  const decoded = decodeDagCbor(bytes)
  if (decoded.ok !== isCanonical(bytes)) return `${bytes.toHex()}: ${JSON.stringify(decoded)}`
  if (decoded.ok) {
    // the library writes no two values the same: so this is the value that it reads
    const isSame = Buffer.compare(libraryEncode(decoded.value), bytes) === 0
    if (!isSame) return `${bytes.toHex()}: another value`
    const inJson = decodeDagJson(encodeDagJson(decoded.value))
    const isSameInJson = inJson.ok && Buffer.compare(encodeDagCbor(inJson.value), bytes) === 0
    return isSameInJson ? undefined : `${bytes.toHex()}: another value in dag-json`
  }
  const place = Number(/at byte (\d+)$/.exec(decoded.error.message)?.[1])
  const known = ['MALFORMED', 'NOT_CANONICAL', 'TOO_LARGE'].includes(decoded.error.code)
  return known && place <= bytes.length ? undefined : `${bytes.toHex()}: ${JSON.stringify(decoded)}`
}

type Mutation = (bytes: number[], at: number, byte: number) => number[]

const flip: Mutation = (bytes, at, byte) => bytes.map((old, i) => (i === at ? old ^ (1 << (byte & 7)) : old))
const replace: Mutation = (bytes, at, byte) => bytes.with(at, byte)
const insert: Mutation = (bytes, at, byte) => bytes.toSpliced(at, 0, byte)
const remove: Mutation = (bytes, at) => bytes.toSpliced(at, 1)
const cut: Mutation = (bytes, at) => bytes.slice(0, at)
/** A head with a number in it gets that number in one, two, four or eight bytes. */
const widen: Mutation = (bytes, at, byte) => {
  const head = bytes[at] as number
  const info = byte & 3
  const wide = [...Array.from({ length: (1 << info) - 1 }, () => 0), head & 0x1f]
  return bytes.toSpliced(at, 1, (head & 0xe0) | (24 + info), ...wide)
}
const double: Mutation = (bytes, at, byte) => bytes.toSpliced(at, 0, ...bytes.slice(at, at + 1 + (byte & 7)))
const swap: Mutation = (bytes, at, byte) => {
  const to = (at + 1 + (byte & 7)) % bytes.length
  return bytes.with(at, bytes[to] as number).with(to, bytes[at] as number)
}

describe('fuzzing', () => {
  it('changed encodings are accepted exactly when @ipld/dag-cbor writes them and dag-json carries them too', () => {
    const mutation = fc.constantFrom(flip, replace, insert, remove, cut, widen, double, swap)
    const change = fc.tuple(
      mutation,
      fc.nat(),
      fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0x60, 0xa1, 0xf9, 0xff)),
    )
    fc.assert(
      fc.property(ipld(3), fc.array(change, { minLength: 1, maxLength: 2 }), (value, changes) => {
        let bytes = [...encodeDagCbor(value)]
        for (const [mutate, at, byte] of changes)
          if (bytes.length > 0) bytes = mutate(bytes, at % bytes.length, byte)
        expect(disagreement(Uint8Array.from(bytes))).toBeUndefined()
      }),
      { numRuns: 1_500 },
    )
  })

  it('the same for the entries of a map in another order, or one of them twice', () => {
    const entries = fc.array(fc.tuple(fc.string({ maxLength: 3 }), fc.nat({ max: 23 })), {
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(entries, (pairs) => {
        const parts = pairs.map(([key, value]) => Buffer.concat([encodeDagCbor(key), encodeDagCbor(value)]))
        expect(
          disagreement(Uint8Array.from(Buffer.concat([Uint8Array.of(0xa0 + parts.length), ...parts]))),
        ).toBeUndefined()
      }),
      { numRuns: 1_000 },
    )
  })

  it('the same for any bytes', () => {
    const head = fc.constantFrom(
      0x18,
      0x1b,
      0x40,
      0x61,
      0x81,
      0x82,
      0xa1,
      0xa2,
      0xd8,
      0x2a,
      0xf4,
      0xf6,
      0xf9,
      0xfb,
      0x5f,
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(head, fc.nat({ max: 255 })), { maxLength: 12 }), (bytes) => {
        expect(disagreement(Uint8Array.from(bytes))).toBeUndefined()
      }),
      { numRuns: 2_500 },
    )
  })

  it('every input of one or two bytes', () => {
    const wrong: string[] = []
    for (let first = 0; first < 256; first++) {
      for (let second = -1; second < 256; second++) {
        const bytes = second === -1 ? Uint8Array.of(first) : Uint8Array.of(first, second)
        const what = disagreement(bytes)
        if (what !== undefined) wrong.push(what)
      }
    }
    expect(wrong).toEqual([])
  })
})
