import { describe, expect, it } from 'vitest'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import { decodeItem, encodeItem } from '../../../../src/codec/entry/item.ts'

describe('an item of a log', () => {
  it.each([1, 23, 24, 255, 256, 65_536, 1_048_576])('is a command of %i bytes, and comes back', (length) => {
    const item = { kind: 'command' as const, command: new Uint8Array(length).fill(7) }
    expect(decodeItem(encodeItem(item))).toEqual({ ok: true, value: item })
  })

  it.each([
    ['no bytes', [0, new Uint8Array(0)], 'MALFORMED'],
    ['too many bytes', [0, new Uint8Array(1_048_577)], 'TOO_LARGE'],
    ['no command', [0], 'MALFORMED'],
    ['something behind it', [0, Uint8Array.of(1), 2], 'TOO_LARGE'],
    ['a text', [0, 'command'], 'MALFORMED'],
    ['another kind', [2, Uint8Array.of(1)], 'MALFORMED'],
    ['a map', { 0: 0, 1: Uint8Array.of(1) }, 'MALFORMED'],
  ])('is refused: %s', (_, value, code) => {
    expect(decodeItem(encodeDagCbor(value))).toMatchObject({ ok: false, error: { code } })
  })
})
