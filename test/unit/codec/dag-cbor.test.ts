import * as library from '@ipld/dag-cbor'
import { describe, expect, it } from 'vitest'
import { decodeDagCbor } from '../../../src/codec/dag-cbor/decode.ts'
import { encodeDagCbor } from '../../../src/codec/dag-cbor/encode.ts'

describe('first', () => {
  it('round-trips', () => {
    const value = { a: 1, bb: [null, true, -5, 2 ** 53 - 1, 'ü', Uint8Array.of(1, 2)], __proto__x: {} }
    expect(decodeDagCbor(encodeDagCbor(value))).toEqual({ ok: true, value })
    expect(library.decode(encodeDagCbor(value))).toEqual(value)
  })
})
