import fc from 'fast-check'
import { base32 } from 'multiformats/bases/base32'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { equalBytes } from '../../../src/codec/bytes.ts'
import {
  CID_BYTES,
  cidFromDigest,
  cidOf,
  DAG_PB,
  decodeCid,
  envelopeIdOf,
  isId,
  parseCid,
  parseContentCid,
  RAW,
} from '../../../src/codec/cid.ts'
import { sha256 } from './sha256.ts'

const digests = fc.uint8Array({ minLength: 32, maxLength: 32 })
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))

describe('CIDs', () => {
  it('are CIDv1 with sha2-256, equal to those of multiformats, for dag-cbor and raw', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom(0x71 as const, 0x55 as const), (bytes, codec) => {
        const cid = cidOf(bytes, sha256, codec)
        const head = Uint8Array.of(1, codec, 0x12, 0x20)
        expect(cid).toEqual(CID.decode(Uint8Array.from([...head, ...sha256(bytes)])))
        expect(cid.toString()).toBe(base32.encode(cid.bytes))
      }),
    )
  })

  it('known answer: the empty map', () => {
    expect(envelopeIdOf(cidOf(Uint8Array.of(0xa0), sha256))).toBe(
      'bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua',
    )
  })

  it('take a digest of 32 bytes and copy it', () => {
    const digest = new Uint8Array(32)
    const cid = cidFromDigest(digest)
    digest[0] = 1
    expect(cid.multihash.digest[0]).toBe(0)
    expect(() => cidFromDigest(new Uint8Array(31))).toThrow('32 bytes')
  })

  it('text and bytes lead back to the same CID', () => {
    fc.assert(
      fc.property(digests, fc.constantFrom(0x71 as const, 0x55 as const), (digest, codec) => {
        const cid = cidFromDigest(digest, codec)
        expect(parseCid(cid.toString())).toEqual({ ok: true, value: cid })
        expect(decodeCid(cid.bytes)).toEqual(cid)
      }),
    )
  })

  it('links to content may be the root of a file too, links of our own may not', () => {
    fc.assert(
      fc.property(digests, (digest) => {
        const file = CID.decode(Uint8Array.from([1, DAG_PB, 0x12, 0x20, ...digest]))
        expect(parseContentCid(file.toString())).toEqual({ ok: true, value: file })
        expect(parseCid(file.toString())).toMatchObject({ ok: false, error: { code: 'MALFORMED' } })
        const other = CID.decode(Uint8Array.from([1, 0x72, 0x12, 0x20, ...digest]))
        expect(parseContentCid(other.toString())).toMatchObject({ ok: false, error: { code: 'MALFORMED' } })
        expect(parseContentCid(cidFromDigest(digest).toString())).toMatchObject({ ok: true })
      }),
    )
  })

  it('envelopeIdOf writes the text that multiformats writes', () => {
    fc.assert(
      fc.property(digests, (digest) => {
        const cid = cidFromDigest(digest)
        expect(envelopeIdOf(cid)).toBe(base32.encode(cid.bytes))
      }),
    )
  })

  it('an id is dag-cbor with sha2-256', () => {
    expect(isId(cidFromDigest(new Uint8Array(32)))).toBe(true)
    const raw = cidFromDigest(new Uint8Array(32), RAW)
    expect(isId(raw)).toBe(false)
    expect(() => envelopeIdOf(raw)).toThrow('dag-cbor')
    expect(isId(CID.parse('QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG'))).toBe(false)
    const sha512 = decodeCid(bytesOf(`01711340${'ab'.repeat(64)}`))
    expect(sha512 !== undefined && isId(sha512)).toBe(false)
    const cut = decodeCid(bytesOf(`01711214${'ab'.repeat(20)}`))
    expect(cut !== undefined && isId(cut)).toBe(false)
  })
})

function codeOf(input: string): string {
  const parsed = parseCid(input)
  return parsed.ok ? 'ok' : parsed.error.code
}

describe('parseCid', () => {
  const text = 'bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua'
  it.each([
    ['', 'nothing'],
    [text.toUpperCase(), 'upper case'],
    [text.slice(0, -1), 'cut short'],
    [`${text}a`, 'too long'],
    [`${text}\n`, 'a line end'],
    [` ${text}`, 'a space'],
    [`${text.slice(0, -1)}1`, 'a character outside the alphabet'],
    [`${text.slice(0, -2)}==`, 'padding'],
    ['QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG', 'CIDv0'],
    [CID.parse(text).toString(base58btc), 'base58'],
    ['bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi', 'dag-pb'],
  ])('rejects %s (%s) as MALFORMED', (input) => {
    expect(codeOf(input)).toBe('MALFORMED')
  })

  it('rejects the other texts of the same bytes as NOT_CANONICAL', () => {
    expect(text.endsWith('a')).toBe(true)
    for (const last of 'bcd') expect(codeOf(text.slice(0, -1) + last)).toBe('NOT_CANONICAL')
  })

  it('accepts no text but the canonical one of the CID that it returns', () => {
    const near = fc.tuple(
      fc.nat({ max: 58 }),
      fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz234567A=189'.split('')),
    )
    fc.assert(
      fc.property(digests, near, (digest, [at, char]) => {
        const whole = cidFromDigest(digest).toString()
        const input = whole.slice(0, at) + char + whole.slice(at + 1)
        const parsed = parseCid(input)
        expect(!parsed.ok || base32.encode(parsed.value.bytes) === input).toBe(true)
      }),
    )
  })
})

function libraryText(bytes: Uint8Array): string | undefined {
  try {
    const cid = CID.decode(bytes)
    return cid.version === 1 ? cid.toString() : undefined
  } catch {
    return undefined
  }
}

describe('decodeCid', () => {
  it('takes CIDv1 of every codec and hash function, and its bytes stay the same', () => {
    for (const hex of [`01701220${'11'.repeat(32)}`, '0155000161', `0180a4031214${'22'.repeat(20)}`]) {
      expect(decodeCid(bytesOf(hex))?.bytes).toEqual(bytesOf(hex))
    }
  })

  it.each([
    ['', 'nothing'],
    ['01', 'a version alone'],
    [`1220${'11'.repeat(32)}`, 'CIDv0'],
    [`01711220${'11'.repeat(31)}`, 'a digest cut short'],
    [`01711220${'11'.repeat(33)}`, 'a byte left over'],
    [`02711220${'11'.repeat(32)}`, 'version 2'],
    [`0181001220${'11'.repeat(32)}`, 'codec 1 in two bytes'],
    [`01f1001220${'11'.repeat(32)}`, 'a codec that has a shorter form'],
    [`01ffffffffffffffffff011220${'11'.repeat(32)}`, 'a codec beyond 63 bits'],
  ])('takes %s for no CID (%s)', (hex) => {
    expect(decodeCid(bytesOf(hex))).toBeUndefined()
  })

  it('takes what multiformats takes for a CIDv1, changed and cut', () => {
    const small = fc.integer({ min: 0, max: 300 })
    const head = fc.tuple(fc.constantFrom(1, 1, 1, 0, 2), small, small, fc.integer({ min: 0, max: 4 }))
    fc.assert(
      fc.property(
        head,
        fc.uint8Array({ maxLength: 5 }),
        fc.nat({ max: 12 }),
        fc.boolean(),
        (numbers, tail, cut, isLong) => {
          const varints = numbers.flatMap((value, i) =>
            value < 0x80 && !(isLong && i === cut % 4) ? [value] : [(value & 0x7f) | 0x80, value >> 7],
          )
          const bytes = Uint8Array.of(...varints, ...tail).subarray(0, 12 - cut || 12)
          expect(decodeCid(bytes)?.toString()).toBe(libraryText(bytes))
        },
      ),
      { numRuns: 5_000 },
    )
  })

  it('views the bytes where they lie, and its parts are right', () => {
    const bytes = bytesOf(`ffff0180a4031203aabbccffff`)
    const cid = decodeCid(bytes, 2, 11)
    expect(cid?.code).toBe(0xd200)
    expect(cid?.multihash.code).toBe(0x12)
    expect(cid?.multihash.size).toBe(3)
    expect(cid?.multihash.digest).toEqual(bytesOf('aabbcc'))
    expect(cid?.multihash.bytes).toEqual(bytesOf('1203aabbcc'))
    expect(cid?.bytes).toEqual(bytesOf('0180a4031203aabbcc'))
    expect(cid?.bytes.buffer).toBe(bytes.buffer)
  })

  it('36 bytes with another hash function are no id and no link of ours', () => {
    const sha3 = bytesOf(`01711620${'11'.repeat(32)}`)
    const cid = decodeCid(sha3)
    expect(cid?.multihash.code).toBe(0x16)
    expect(cid !== undefined && isId(cid)).toBe(false)
    expect(codeOf(base32.encode(sha3))).toBe('MALFORMED')
  })

  it('takes no number beyond 2^53 - 1, which it could not hold', () => {
    expect(decodeCid(bytesOf('01ffffffffffffff0f0000'))?.code).toBe(Number.MAX_SAFE_INTEGER)
    expect(decodeCid(bytesOf('0180808080808080100000'))).toBeUndefined()
  })

  it('never throws, and what it takes encodes to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: CID_BYTES + 4 }), fc.boolean(), (bytes, isV1) => {
        if (isV1 && bytes.length > 0) bytes[0] = 1
        const cid = decodeCid(bytes)
        expect(cid === undefined || equalBytes(cid.bytes, bytes)).toBe(true)
      }),
    )
  })
})
