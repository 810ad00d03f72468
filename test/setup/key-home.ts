import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { type FileKeystoreOptions, fileKeystore } from '../../src/adapters/keystore/file-keystore.ts'
import { systemRandom } from '../../src/adapters/system/random.ts'
import type { SecretKey } from '../../src/model/ids.ts'
import { type KeyName, parseKeyName } from '../../src/model/key-name.ts'
import type { Keystore } from '../../src/ports/keystore.ts'

/** Cheap: what a passphrase is worth is not tried with these. */
const CHEAP = { n: 1024, r: 8, p: 1 }

export const SECRET = new Uint8Array(32).fill(0xa7) as SecretKey
/** What of it must be seen nowhere. */
export const SECRET_TEXTS = [
  Buffer.from(SECRET).toString('base64url').slice(0, 20),
  Buffer.from(SECRET).toString('hex').slice(0, 20),
  '167, 167, 167',
]

export const NODE = keyNamed('node')

/** A home in a temporary directory, another for each test of the file that calls this. */
export interface KeyHome {
  directory(): string
  keys(): string
  pathOf(name: string): string
  /** The file's JSON. */
  fileOf(name: string): FileJson
  /** Writes a file as an operator or an attacker might. */
  put(name: string, content: unknown): void
  store(options?: Partial<FileKeystoreOptions>): Keystore
}

export interface FileJson {
  readonly did: string
  readonly secret: string
  readonly sealed: {
    readonly kdf: Readonly<Record<string, unknown>> & { readonly salt: string }
    readonly nonce: string
    readonly box: string
  }
}

export function keyHome(): KeyHome {
  let home = ''
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'canswarm-keys-'))
  })
  afterEach(() => {
    rmSync(home, { recursive: true, force: true })
  })
  const keys = () => join(home, 'keys')
  const pathOf = (name: string) => join(keys(), `${name}.json`)
  return {
    directory: () => home,
    keys,
    pathOf,
    fileOf: (name) => JSON.parse(readFileSync(pathOf(name), 'utf8')),
    put(name, content) {
      mkdirSync(keys(), { recursive: true, mode: 0o700 })
      writeFileSync(pathOf(name), typeof content === 'string' ? content : JSON.stringify(content))
      chmodSync(pathOf(name), 0o600)
    },
    store: (options = {}) =>
      fileKeystore({ home, crypto: nodeCrypto, random: systemRandom, cost: CHEAP, ...options }),
  }
}

export function keyNamed(text: string): KeyName {
  const name = parseKeyName(text)
  if (!name.ok) throw new Error(name.error.message)
  return name.value
}

/** The code of the fault that a promise ends with; 'done' for none. */
export async function faultOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
  )
}
