import { readFileSync } from 'node:fs'
import type { PublicKey } from '../../src/model/ids.ts'

/** A published signature; `key` is typed as accepted so that it can be passed, most of these would not be. */
export interface SignatureVector {
  readonly name: string
  readonly key: PublicKey
  readonly message: Uint8Array
  readonly signature: Uint8Array
  readonly flags: ReadonlySet<string>
}

/** The 914 vectors of C2SP/CCTV (test/vectors/ed25519/README.md). */
export function cctvVectors(): readonly SignatureVector[] {
  const packed: CctvFile = JSON.parse(vectorFile('cctv.json'))
  return packed.vectors.map(([key, r, s, message, bits], number) => ({
    name: `cctv ${number}`,
    key: bytes(packed.keys[key] ?? ''),
    message: new Uint8Array(Buffer.from(message, 'utf8')),
    signature: bytes((packed.rs[r] ?? '') + s),
    flags: new Set(packed.flags.filter((_, bit) => ((bits >> bit) & 1) === 1)),
  }))
}

/** The 12 cases of "Taming the many EdDSAs". */
export function speccheckVectors(): readonly SignatureVector[] {
  const cases: readonly SpeccheckCase[] = JSON.parse(vectorFile('speccheck.json'))
  return cases.map(({ message, pub_key, signature }, number) => ({
    name: `speccheck ${number}`,
    key: bytes(pub_key),
    message: bytes(message),
    signature: bytes(signature),
    flags: new Set<string>(),
  }))
}

interface CctvFile {
  readonly flags: readonly string[]
  readonly keys: readonly string[]
  readonly rs: readonly string[]
  readonly vectors: readonly (readonly [key: number, r: number, s: string, message: string, bits: number])[]
}

interface SpeccheckCase {
  readonly message: string
  readonly pub_key: string
  readonly signature: string
}

function vectorFile(name: string): string {
  return readFileSync(new URL(`../vectors/ed25519/${name}`, import.meta.url), 'utf8')
}

function bytes(hex: string): PublicKey {
  return new Uint8Array(Buffer.from(hex, 'hex')) as PublicKey
}
