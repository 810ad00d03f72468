import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { equalBytes } from '../../../../src/codec/bytes.ts'
import { decodeDagCbor } from '../../../../src/codec/dag-cbor/decode.ts'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import { encodeBatch, signBatch } from '../../../../src/codec/envelope/batch.ts'
import { openBatch } from '../../../../src/codec/envelope/open-batch.ts'
import { decodeEnvelope, encodeEnvelope, envelopesOf } from '../../../../src/codec/envelope/single-form.ts'
import { verifyBatch } from '../../../../src/codec/envelope/verify-batch.ts'
import { verifyEnvelope } from '../../../../src/codec/envelope/verify-single.ts'
import { REJECTION, type Rejection, type RejectionCode } from '../../../../src/model/rejection.ts'
import type { Result } from '../../../../src/model/result.ts'
import { NET, sha256, type TestBody, testBody, testContext } from '../../../setup/arbitrary-envelope.ts'
import { testSigner } from '../../../setup/arbitrary-field.ts'
import { changes, mutated } from '../../../setup/mutate-ipld.ts'

const alice = testSigner(1)
const CODES = Object.keys(REJECTION) as RejectionCode[]
const context = testContext()

const bodies = fc.uniqueArray(testBody({ from: alice }), {
  minLength: 1,
  maxLength: 5,
  selector: ({ bytes }: TestBody) => bytes.toHex(),
})

const batch = bodies.map((made) =>
  signBatch(
    nodeCrypto,
    NET,
    alice.secret,
    made.map(({ bytes }) => bytes),
  ),
)

/** As on the wire, and by whose bytes: a batch, and one of its envelopes by itself. */
const wire = batch.map(encodeBatch)
const single = fc
  .tuple(batch, fc.nat())
  .map(([from, at]) => encodeEnvelope(envelopesOf(from, sha256).at(at % from.bodies.length) as never))

function judgeBatch(bytes: Uint8Array): Result<unknown, Rejection> {
  const opened = openBatch(bytes, context)
  return opened.ok ? verifyBatch(opened.value, context, nodeCrypto.verify) : opened
}

function judgeSingle(bytes: Uint8Array): Result<unknown, Rejection> {
  const read = decodeEnvelope(bytes, context)
  return read.ok ? verifyEnvelope(read.value, context, nodeCrypto.verify) : read
}

function expectRefused(result: Result<unknown, Rejection>): void {
  expect(result.ok).toBe(false)
  if (!result.ok) expect(CODES).toContain(result.error.code)
}

function flipped(bytes: Uint8Array, at: number, by: number): Uint8Array {
  const place = at % bytes.length
  return bytes.with(place, (bytes[place] as number) ^ (1 + (by % 255)))
}

const FORMS = [
  ['a batch', wire, judgeBatch],
  ['an envelope by itself', single, judgeSingle],
] as const

describe('one byte that was changed on the way, wherever, refuses the whole with a code', () => {
  it.each(FORMS)('%s', (_what, made, judge) => {
    fc.assert(
      fc.property(made, changes, (bytes, places) => {
        expect(judge(bytes).ok).toBe(true)
        for (const [at, by] of places) expectRefused(judge(flipped(bytes, at, by)))
      }),
      { numRuns: 60 },
    )
  })

  it('every byte of one envelope', () => {
    const [bytes] = fc.sample(single, { numRuns: 1, seed: 1 }) as [Uint8Array]
    for (const at of bytes.keys()) expectRefused(judgeSingle(flipped(bytes, at, at)))
  })

  it.each(FORMS)('%s that was cut or lengthened', (_what, made, judge) => {
    fc.assert(
      fc.property(made, changes, (bytes, places) => {
        for (const [at, by] of places) {
          expectRefused(judge(bytes.subarray(0, at % bytes.length)))
          expectRefused(judge(Uint8Array.of(...bytes, by & 255)))
        }
      }),
      { numRuns: 20 },
    )
  })

  it.each(FORMS)('%s with a part changed, taken away or doubled is refused', (_what, made, judge) => {
    fc.assert(
      fc.property(made, changes, (bytes, places) => {
        const value = decodeDagCbor(bytes)
        if (!value.ok) throw new Error('what we encode is canonical')
        for (const [site, change] of places) {
          const changed = encodeDagCbor(mutated(value.value, site, change))
          if (!equalBytes(changed, bytes)) expectRefused(judge(changed))
        }
      }),
      { numRuns: 30 },
    )
  })
})
