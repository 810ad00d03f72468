import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { closeBytes, closeItem, openBytes, openItem } from '../../../../src/codec/bundle/nested.ts'
import { decodeDagCbor } from '../../../../src/codec/dag-cbor/decode.ts'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import { encodeDagJson } from '../../../../src/codec/dag-json/encode.ts'
import type { Ipld } from '../../../../src/codec/ipld.ts'

const bytesOf = (value: Ipld) => encodeDagCbor(value)
const anyBytes = fc.uint8Array({ maxLength: 64 })
const body = fc.oneof(
  anyBytes,
  fc.record({ kind: fc.constant('NEED'), n: fc.nat() }).map((value) => bytesOf(value)),
)
const envelope = body.map((bytes) => ({ body: bytes, sig: { s: new Uint8Array(3) } }))
const command = fc.oneof(
  anyBytes,
  fc.record({ v: fc.constant(1), envelope, list: fc.array(envelope) }).map((value) => bytesOf(value as Ipld)),
)

describe('what is encoded inside an item', () => {
  it('comes back byte for byte when it is closed again (1, 2)', () => {
    fc.assert(
      fc.property(fc.oneof(command, anyBytes), (bytes) => {
        expect(closeBytes(openBytes(bytes))).toEqual({ ok: true, value: bytes })
      }),
    )
  })

  it('comes back for commands and received effects with their proofs (1, 2)', () => {
    const received = fc
      .tuple(command, command, anyBytes)
      .map(([inner, leaf, path]) => bytesOf([1, -1, 7, inner, [[[1, []], 3, leaf, [path]]]]))
    const items = fc.oneof(
      command.map((inner) => bytesOf([0, inner])),
      received,
      anyBytes,
    )
    fc.assert(
      fc.property(items, (item) => {
        expect(closeItem(openItem(item))).toEqual({ ok: true, value: item })
      }),
    )
  })

  it('is shown as values, down to the fields of a body', () => {
    const inner = bytesOf({ envelope: { body: bytesOf({ kind: 'NEED' }), sig: { s: new Uint8Array(1) } } })
    expect(encodeDagJson(openItem(bytesOf([0, inner])))).toBe(
      '[0,{"envelope":{"sig":{"s":{"/":{"bytes":"AA"}}},"signed":{"kind":"NEED"}}}]',
    )
  })

  it('is refused unopened: two forms of one item would be two files (3)', () => {
    const unopened = { body: bytesOf({ kind: 'NEED' }), sig: {} }
    expect(closeItem([0, { envelope: unopened }])).toMatchObject({
      ok: false,
      error: { code: 'NOT_CANONICAL' },
    })
    expect(closeItem([0, bytesOf({ v: 1 })])).toMatchObject({ ok: false, error: { code: 'NOT_CANONICAL' } })
  })

  it('never throws for values that nobody wrote', () => {
    const value = fc.letrec<{ value: Ipld }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.oneof(anyBytes, fc.nat(), fc.string(), fc.constant(null)),
        fc.array(tie('value'), { maxLength: 5 }),
        fc.dictionary(fc.constantFrom('body', 'sig', 'signed', 'a'), tie('value')),
      ) as fc.Arbitrary<Ipld>,
    })).value
    fc.assert(
      fc.property(value, (input) => {
        const closed = closeItem(input)
        if (closed.ok) expect(decodeDagCbor(closed.value).ok || closed.value === input).toBe(true)
      }),
    )
  })
})
