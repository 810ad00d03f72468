import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeDagCbor } from '../../../src/codec/dag-cbor/encode.ts'
import { encodeDagJson } from '../../../src/codec/dag-json/encode.ts'
import { writeDagJson } from '../../../src/codec/dag-json/from-dag-cbor.ts'
import { JsonWriter } from '../../../src/codec/dag-json/json-writer.ts'
import { parseIpld } from '../../../src/codec/dag-json/parse-ipld.ts'
import type { Ipld } from '../../../src/codec/ipld.ts'
import { ipld, nested } from './ipld-arbitrary.ts'

const writer = new JsonWriter()

function textOf(cbor: Uint8Array): string | undefined {
  return writeDagJson(cbor, writer)
    ? new TextDecoder('utf-8', { fatal: true }).decode(writer.view())
    : undefined
}

describe('dag-json made of the bytes of dag-cbor', () => {
  it('says what the value says', () => {
    fc.assert(
      fc.property(ipld(), (value) => {
        const text = textOf(encodeDagCbor(value))
        expect(parseIpld(JSON.parse(text ?? ''), '')).toEqual({ ok: true, value })
        // Canonical dag-json has the same characters, the entries of maps in another order.
        expect(Array.from(text ?? '').sort()).toEqual(Array.from(encodeDagJson(value)).sort())
      }),
      { numRuns: 300 },
    )
  })

  it('is canonical dag-json where no map has two keys', () => {
    const values: Ipld[] = [
      [0, -1, 9, 10, 99, 100, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 1_795_000_000_000],
      Array.from({ length: 300 }, (_, code) => String.fromCharCode(code)),
      ['\u2028\u2029', '€', '𝄞', '"\\/', ''],
      Array.from({ length: 12 }, (_, length) => new Uint8Array(length).fill(0xfb)),
      [null, true, false, {}, []],
    ]
    for (const value of values) expect(textOf(encodeDagCbor(value))).toBe(encodeDagJson(value))
  })

  it('grows with what it writes, and begins anew each time', () => {
    const long = 'x'.repeat(2_000_000)
    expect(textOf(encodeDagCbor(long))).toBe(JSON.stringify(long))
    expect(textOf(encodeDagCbor('short'))).toBe('"short"')
  })

  it('reads 32 containers inside one another, not 33', () => {
    expect(textOf(encodeDagCbor(nested(32)))).toBe(encodeDagJson(nested(32)))
    expect(textOf(Uint8Array.of(...Array<number>(33).fill(0x81), 0))).toBeUndefined()
  })

  it('no bytes make it throw or hang, and what is cut short is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        writeDagJson(bytes, writer)
      }),
      { numRuns: 2_000 },
    )
    fc.assert(
      fc.property(ipld(), fc.nat(), (value, cut) => {
        const bytes = encodeDagCbor(value)
        expect(textOf(bytes.subarray(0, cut % bytes.length))).toBeUndefined()
      }),
      { numRuns: 200 },
    )
    expect(textOf(Uint8Array.of(0x9a, 0xff, 0xff, 0xff, 0xff))).toBeUndefined()
    expect(textOf(Uint8Array.of(0xd8, 42, 0x40))).toBeUndefined()
    expect(textOf(Uint8Array.of(0x00, 0x00))).toBeUndefined()
  })
})
