/** Arbitraries for the values that payloads, bodies and statements are made of (src/codec/payload/fields.ts). */
import fc from 'fast-check'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { type CID, cidFromDigest, decodeCid, type IdCodec } from '../../src/codec/cid.ts'
import { didOfKey } from '../../src/codec/did/did-key.ts'
import type { Did, PublicKey, SecretKey } from '../../src/model/ids.ts'
import type { MicroText } from '../../src/model/micro.ts'

/** Somebody who signs, by the number that fills the seed of its key. */
export interface TestSigner {
  readonly secret: SecretKey
  readonly key: PublicKey
  readonly did: Did
}

const signers = new Map<number, TestSigner>()

export function testSigner(seed: number): TestSigner {
  const known = signers.get(seed)
  if (known !== undefined) return known
  const secret = new Uint8Array(32).fill(seed) as SecretKey
  const key = nodeCrypto.publicKeyOf(secret)
  const signer = { secret, key, did: didOfKey(key) }
  signers.set(seed, signer)
  return signer
}

export const signer: fc.Arbitrary<TestSigner> = fc.integer({ min: 1, max: 40 }).map(testSigner)
export const did: fc.Arbitrary<Did> = signer.map((one) => one.did)

export function bytes(min: number, max: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: min, maxLength: max })
}

export const hash32 = bytes(32, 32)

export const idLink: fc.Arbitrary<CID> = linkOf(0x71)

export const contentLink: fc.Arbitrary<CID> = fc.oneof(linkOf(0x71), linkOf(0x55), hash32.map(unixFsLink))

function linkOf(codec: IdCodec): fc.Arbitrary<CID> {
  return hash32.map((digest) => cidFromDigest(digest, codec))
}

function unixFsLink(digest: Uint8Array): CID {
  const cid = decodeCid(Uint8Array.of(1, 0x70, 0x12, 32, ...digest))
  if (cid === undefined) throw new Error('these bytes are a CIDv1 of dag-pb')
  return cid
}

export const micro: fc.Arbitrary<MicroText> = fc
  .oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 10n ** 24n - 1n }))
  .map((amount) => String(amount) as MicroText)

export const microMoved: fc.Arbitrary<MicroText> = fc
  .bigInt({ min: 1n, max: 10n ** 24n - 1n })
  .map((amount) => String(amount) as MicroText)

export function integer(min: number, max: number): fc.Arbitrary<number> {
  return fc.oneof(
    fc.integer({ min, max: Math.min(max, min + 300) }),
    fc.maxSafeNat().map((n) => clamp(n, min, max)),
  )
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value))
}

export const count = integer(0, Number.MAX_SAFE_INTEGER)
export const durationMs = integer(1, 366 * 24 * 3_600_000)
export const ppm = integer(0, 1_000_000)

export function text(min: number, max: number): fc.Arbitrary<string> {
  const cut = Math.min(max, min + 40)
  return fc.oneof(
    fc.string({ minLength: min, maxLength: cut }),
    // A character of two UTF-16 units counts twice.
    fc
      .string({ unit: 'binary', minLength: min, maxLength: Math.max(min, cut >> 1) })
      .filter((one) => one.length <= max),
  )
}

const NAME_FIRST = /^[a-z0-9]$/
const NAME_CHAR = /^[a-z0-9._/:@+-]$/
const visible = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code))

export const name: fc.Arbitrary<string> = fc
  .tuple(
    visible.filter((char) => NAME_FIRST.test(char)),
    fc.string({ unit: visible.filter((char) => NAME_CHAR.test(char)), maxLength: 20 }),
  )
  .map(([first, rest]) => first + rest)

export const chosenKey: fc.Arbitrary<string> = fc
  .string({ unit: visible, minLength: 1, maxLength: 20 })
  .filter((key) => key !== 'account')

/** Distinct by their text. */
export function distinct<Item>(item: fc.Arbitrary<Item>, max: number, min = 0): fc.Arbitrary<Item[]> {
  return fc.uniqueArray(item, { minLength: min, maxLength: max, selector: String })
}

/** A map in which the keys of `optional` may be absent. */
export function map<Required extends object, Optional extends object>(
  required: { readonly [Key in keyof Required]: fc.Arbitrary<Required[Key]> },
  optional: { readonly [Key in keyof Optional]: fc.Arbitrary<Optional[Key]> } = {} as never,
): fc.Arbitrary<Required & Partial<Optional>> {
  const model = { ...required, ...optional } as Record<string, fc.Arbitrary<unknown>>
  const made = fc.record(model, { requiredKeys: Object.keys(required), noNullPrototype: true })
  return made as unknown as fc.Arbitrary<Required & Partial<Optional>>
}
