import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { CID } from '../../../../src/codec/cid.ts'
import { decodeDagCbor } from '../../../../src/codec/dag-cbor/decode.ts'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import type { Ipld } from '../../../../src/codec/ipld.ts'
import { checkPayload } from '../../../../src/codec/payload/check-payload.ts'
import { KINDS, type Kind, VERBS } from '../../../../src/codec/payload/verbs.ts'
import { PAYLOADS } from '../../../setup/arbitrary-payload.ts'
import { changes, mutated, replaceAt, sitesOf } from '../../../setup/mutate-ipld.ts'

/** A kind and a lawful payload of it. */
const anyPayload = fc
  .constantFrom(...KINDS)
  .chain((kind) => fc.tuple(fc.constant(kind), PAYLOADS[kind] as fc.Arbitrary<Ipld>))

describe('payloads (protocol.md, "Verbs")', () => {
  it.each(KINDS)('%s: what is lawful is accepted as it is, and again after the wire', (kind) => {
    fc.assert(
      fc.property(PAYLOADS[kind] as fc.Arbitrary<Ipld>, (payload) => {
        const checked = checkPayload(kind, payload)
        expect(checked).toEqual({ ok: true, value: payload })
        const travelled = decodeDagCbor(encodeDagCbor(payload))
        expect(travelled.ok && checkPayload(kind, travelled.value)).toEqual({ ok: true, value: payload })
      }),
      { numRuns: 60 },
    )
  })

  it.each(KINDS)('%s: its check compiles, so that it costs a tenth', (kind) => {
    expect(() => z.compile(VERBS[kind].payload as z.ZodType, { strict: true })).not.toThrow()
  })

  it('the compiled check and the schema itself agree on what is almost lawful', () => {
    fc.assert(
      fc.property(anyPayload, changes, ([kind, payload], places) => {
        for (const [site, change] of places) {
          const changed = mutated(payload, site, change)
          const bySchema = !(changed instanceof Uint8Array) && VERBS[kind].payload.safeParse(changed).success
          expect(checkPayload(kind, changed).ok).toBe(bySchema)
        }
      }),
      { numRuns: 150 },
    )
  })

  it('whatever stands in its place is accepted or refused with a code and a path, never thrown over', () => {
    fc.assert(
      fc.property(anyPayload, changes, ([kind, payload], places) => {
        for (const [site, change] of places) {
          const checked = checkPayload(kind, mutated(payload, site, change))
          if (checked.ok) continue
          expect(['MALFORMED', 'TOO_LARGE']).toContain(checked.error.code)
          expect(checked.error.field).toMatch(/^payload(?:[.[]|$)/)
          expect(checked.error.message.length).toBeLessThanOrEqual(120)
        }
      }),
      { numRuns: 150 },
    )
  })

  it('an unknown key is refused in every map, by its path', () => {
    fc.assert(
      fc.property(anyPayload, fc.constantFrom('more', '__proto__', 'toString'), ([kind, payload], key) => {
        for (const site of sitesOf(payload)) {
          if (!isPlainMap(site.value)) continue
          const changed = replaceAt(payload, site.path, withKey(site.value, key))
          const checked = checkPayload(kind, changed)
          expect(checked).toMatchObject({ ok: false, error: { code: 'MALFORMED' } })
        }
      }),
      { numRuns: 200 },
    )
  })

  it('bytes, even none, pass for no map, and neither does a link or a list', () => {
    fc.assert(
      fc.property(anyPayload, ([kind, payload]) => {
        for (const site of sitesOf(payload)) {
          if (!isPlainMap(site.value)) continue
          for (const other of [new Uint8Array(), []]) {
            expect(checkPayload(kind, replaceAt(payload, site.path, other)).ok).toBe(false)
          }
        }
      }),
      { numRuns: 200 },
    )
  })

  it('a mandatory key that is missing is named', () => {
    fc.assert(
      fc.property(anyPayload, ([kind, payload]) => {
        for (const key of mandatoryKeys(kind)) {
          const { [key]: _gone, ...rest } = payload as { readonly [key: string]: Ipld }
          const checked = checkPayload(kind, rest)
          expect(checked).toMatchObject({ error: { code: 'MALFORMED', field: `payload.${key}` } })
        }
      }),
      { numRuns: 200 },
    )
  })
})

function mandatoryKeys(kind: Kind): readonly string[] {
  const shape: Record<string, z.ZodType> = VERBS[kind].payload.shape
  return Object.keys(shape).filter((key) => !(shape[key] instanceof z.ZodExactOptional))
}

function isPlainMap(value: Ipld): value is { readonly [key: string]: Ipld } {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    !(value instanceof CID)
  )
}

/** As the decoder sets a key: an own one, `__proto__` too. */
function withKey(map: { readonly [key: string]: Ipld }, key: string): Ipld {
  return Object.defineProperty({ ...map }, key, {
    value: 1,
    enumerable: true,
    configurable: true,
    writable: true,
  })
}
