import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { type FileKeystoreOptions, fileKeystore } from '../../../../src/adapters/keystore/file-keystore.ts'
import { SCRYPT_COST } from '../../../../src/adapters/keystore/sealing.ts'
import { systemRandom } from '../../../../src/adapters/system/random.ts'
import { didOfKey } from '../../../../src/codec/did/did-key.ts'
import type { SecretKey } from '../../../../src/model/ids.ts'
import { type KeyName, parseKeyName } from '../../../../src/model/key-name.ts'

/** Cheap: what a passphrase is worth is not tried here, but once below. */
const CHEAP = { n: 1024, r: 8, p: 1 }
const SECRET = new Uint8Array(32).fill(0xa7) as SecretKey
const SECRET_TEXTS = [
  Buffer.from(SECRET).toString('base64url').slice(0, 20),
  Buffer.from(SECRET).toString('hex').slice(0, 20),
  '167, 167, 167',
]

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'canswarm-keys-'))
})
afterEach(() => {
  rmSync(home, { recursive: true, force: true })
})

function store(options: Partial<FileKeystoreOptions> = {}) {
  return fileKeystore({ home, crypto: nodeCrypto, random: systemRandom, cost: CHEAP, ...options })
}

function named(text: string): KeyName {
  const name = parseKeyName(text)
  if (!name.ok) throw new Error(name.error.message)
  return name.value
}

const NODE = named('node')

function pathOf(name: string): string {
  return join(home, 'keys', `${name}.json`)
}

function fileOf(name: string) {
  return JSON.parse(readFileSync(pathOf(name), 'utf8'))
}

/** Writes a file as an operator or an attacker might. */
function put(name: string, content: unknown, mode = 0o600): void {
  mkdirSync(join(home, 'keys'), { recursive: true, mode: 0o700 })
  writeFileSync(pathOf(name), typeof content === 'string' ? content : JSON.stringify(content))
  chmodSync(pathOf(name), mode)
}

/** The code of the fault that a promise ends with; 'done' for none. */
async function fault(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
  )
}

describe('a key in a file', () => {
  it('is loaded as it was created, by another process as well', async () => {
    const created = await store().create(NODE)
    expect(await store().load(NODE)).toEqual(created)
    expect(created.did).toBe(didOfKey(created.publicKey))
    expect(nodeCrypto.publicKeyOf(created.secret)).toEqual(created.publicKey)
  })

  it('is version 1 JSON that says its DID', async () => {
    const { did, secret } = await store().importSecret(NODE, SECRET)
    expect(fileOf('node')).toEqual({
      v: 1,
      kind: 'ed25519',
      did,
      secret: Buffer.from(secret).toString('base64url'),
    })
  })

  it('can be read by its owner alone, whatever the umask', async () => {
    const before = process.umask(0o777)
    try {
      mkdirSync(join(home, 'keys'))
      chmodSync(join(home, 'keys'), 0o700)
      await store().create(NODE)
      process.umask(0)
      await store().create(named('second'))
    } finally {
      process.umask(before)
    }
    for (const name of ['node', 'second']) expect(statSync(pathOf(name)).mode & 0o777).toBe(0o600)
  })

  it('is in a directory of mode 0700', async () => {
    const before = process.umask(0)
    try {
      await store().create(NODE)
    } finally {
      process.umask(before)
    }
    expect(statSync(join(home, 'keys')).mode & 0o777).toBe(0o700)
  })

  it('is never replaced unless told', async () => {
    const first = await store().create(NODE)
    expect(await fault(store().create(NODE))).toBe('key-exists')
    expect(await fault(store().importSecret(NODE, SECRET))).toBe('key-exists')
    expect(await fault(store().importText(NODE, await store().exportText(NODE)))).toBe('key-exists')
    expect(await store().load(NODE)).toEqual(first)
    const second = await store().create(NODE, { overwrite: true })
    expect(second.did).not.toBe(first.did)
    expect(await store().load(NODE)).toEqual(second)
  })

  it('is made by one of those that create it at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => fault(store().create(NODE))))
    expect(outcomes.toSorted()).toEqual(['done', ...Array(7).fill('key-exists')])
  })

  it('leaves no other file beside it, done or refused', async () => {
    await store().create(NODE)
    await fault(store().create(NODE))
    await store().create(NODE, { overwrite: true, passphrase: 'p' })
    await store().changePassphrase(NODE, { from: 'p', to: 'q' })
    expect(readdirSync(join(home, 'keys'))).toEqual(['node.json'])
  })
})

describe('a sealed key', () => {
  it('opens with its passphrase and no other', async () => {
    const created = await store().create(NODE, { passphrase: 'correct horse' })
    expect(await store().load(NODE, 'correct horse')).toEqual(created)
    expect(await fault(store().load(NODE, 'correct horsf'))).toBe('passphrase')
    expect(await fault(store().load(NODE))).toBe('passphrase')
    expect(await fault(store().load(NODE, ''))).toBe('passphrase')
  })

  it('keeps nothing of the secret in plain', async () => {
    await store().importSecret(NODE, SECRET, { passphrase: 'p' })
    const text = readFileSync(pathOf('node'), 'utf8')
    for (const plain of SECRET_TEXTS) expect(text).not.toContain(plain)
  })

  it('takes a passphrase in any of its Unicode forms', async () => {
    await store().create(NODE, { passphrase: 'ﬁve caf\u00e9s' })
    expect(await fault(store().load(NODE, 'five cafe\u0301s'))).toBe('done')
  })

  it('is not made with an empty passphrase or an endless one', async () => {
    for (const passphrase of ['', 'x'.repeat(1025)]) {
      expect(await fault(store().create(NODE, { passphrase }))).toBe('passphrase')
    }
    expect(await store().list()).toEqual([])
  })

  it('costs what is set: scrypt of 2^17, 8, 1 by default', async () => {
    expect(SCRYPT_COST).toEqual({ n: 131_072, r: 8, p: 1 })
    await store({ cost: SCRYPT_COST }).create(NODE, { passphrase: 'p' })
    expect(fileOf('node').sealed.kdf).toMatchObject({ name: 'scrypt', n: 131_072, r: 8, p: 1 })
    expect(await fault(store().load(NODE, 'p'))).toBe('done')
  }, 30_000)

  it('is bound to its DID and its version', async () => {
    await store().create(NODE, { passphrase: 'p' })
    const other = await store().create(named('other'))
    put('node', { ...fileOf('node'), did: other.did })
    expect(await fault(store().load(NODE, 'p'))).toBe('passphrase')
  })

  it('does not open with any part of it altered', async () => {
    await store().create(NODE, { passphrase: 'p' })
    const file = fileOf('node')
    for (const part of ['nonce', 'box'] as const) {
      put('node', { ...file, sealed: { ...file.sealed, [part]: altered(file.sealed[part]) } })
      expect(await fault(store().load(NODE, 'p')), part).toBe('passphrase')
    }
    const { kdf } = file.sealed
    for (const change of [{ salt: altered(kdf.salt) }, { n: 2048 }, { r: 4 }, { p: 2 }]) {
      put('node', { ...file, sealed: { ...file.sealed, kdf: { ...kdf, ...change } } })
      expect(await fault(store().load(NODE, 'p'))).toBe('passphrase')
    }
  })

  it('has a new salt and nonce each time', async () => {
    await store().importSecret(NODE, SECRET, { passphrase: 'p' })
    const first = fileOf('node').sealed
    await store().importSecret(NODE, SECRET, { passphrase: 'p', overwrite: true })
    const second = fileOf('node').sealed
    expect(second.kdf.salt).not.toBe(first.kdf.salt)
    expect(second.nonce).not.toBe(first.nonce)
    expect(second.box).not.toBe(first.box)
  })
})

describe('a file that asks too much', () => {
  it.each([
    { n: 2 ** 21, r: 1, p: 1 },
    { n: 2 ** 20, r: 8, p: 1 },
    { n: 2 ** 17, r: 8, p: 16 },
    { n: 2 ** 19, r: 8, p: 1 },
    { n: 2 ** 17, r: 16, p: 4 },
    { n: 1024, r: 2 ** 20, p: 1 },
    { n: 1000, r: 8, p: 1 },
    { n: 1, r: 8, p: 1 },
    { n: 0, r: 8, p: 1 },
    { n: -1024, r: 8, p: 1 },
    { n: 1024.5, r: 8, p: 1 },
    { n: 1e300, r: 8, p: 1 },
    { n: '1024', r: 8, p: 1 },
  ])('is damaged before a byte is spent on it: %j', async (cost) => {
    await store().create(NODE, { passphrase: 'p' })
    const file = fileOf('node')
    put('node', { ...file, sealed: { ...file.sealed, kdf: { ...file.sealed.kdf, ...cost } } })
    expect(await fault(store().load(NODE, 'p'))).toBe('key-damaged')
  })

  it('is read no further than a key can be long', async () => {
    await store().create(NODE)
    put('node', `${JSON.stringify(fileOf('node'))}${' '.repeat(5000)}`)
    expect(await fault(store().load(NODE))).toBe('key-damaged')
  })
})

describe('loading refuses', () => {
  it('a key that is not there', async () => {
    expect(await fault(store().load(NODE))).toBe('key-missing')
    await store().create(named('other'))
    expect(await fault(store().load(NODE))).toBe('key-missing')
  })

  it.each([0o640, 0o604, 0o620, 0o644, 0o601])('a file of mode %o, and says what mends it', async (mode) => {
    await store().create(NODE)
    chmodSync(pathOf('node'), mode)
    await expect(store().load(NODE)).rejects.toMatchObject({
      code: 'key-mode',
      message: expect.stringContaining(`chmod 600 '${pathOf('node')}'`),
    })
    chmodSync(pathOf('node'), 0o400)
    expect(await fault(store().load(NODE))).toBe('done')
  })

  it('a directory that others get into, reading and writing', async () => {
    await store().create(NODE)
    chmodSync(join(home, 'keys'), 0o750)
    await expect(store().load(NODE)).rejects.toMatchObject({
      code: 'key-mode',
      message: expect.stringContaining(`chmod 700 '${join(home, 'keys')}'`),
    })
    expect(await fault(store().create(named('other')))).toBe('key-mode')
  })

  it('a readable target behind a link', async () => {
    await store().create(NODE)
    writeFileSync(join(home, 'open.json'), readFileSync(pathOf('node')), { mode: 0o644 })
    symlinkSync(join(home, 'open.json'), pathOf('linked'))
    expect(await fault(store().load(named('linked')))).toBe('key-mode')
  })

  it('what is no file, without waiting for it', async () => {
    await store().create(named('other'))
    mkdirSync(pathOf('node'), { mode: 0o700 })
    expect(await fault(store().load(NODE))).toBe('key-damaged')
    if (spawnSync('mkfifo', ['-m', '600', pathOf('pipe')]).status === 0) {
      expect(await fault(store().load(named('pipe')))).toBe('key-damaged')
    }
  })

  it('a secret that is not its DID’s', async () => {
    const other = await store().create(named('other'))
    await store().create(NODE)
    put('node', { ...fileOf('node'), did: other.did })
    await expect(store().load(NODE)).rejects.toMatchObject({ code: 'key-damaged' })
  })

  it('anything but a key of version 1, with nothing missing and nothing more', async () => {
    const { did } = await store().importSecret(NODE, SECRET)
    const good = fileOf('node')
    const damaged: readonly unknown[] = [
      '',
      'null',
      '[]',
      '{}',
      JSON.stringify(good).slice(0, -1),
      { ...good, v: 2 },
      { ...good, v: '1' },
      { ...good, kind: 'x25519' },
      { ...good, did: undefined },
      { ...good, did: `${did} ` },
      { ...good, did: 'did:web:example.org' },
      { ...good, secret: undefined },
      { ...good, secret: good.secret.slice(1) },
      { ...good, secret: `${good.secret}=` },
      { ...good, secret: `${good.secret.slice(0, -1)}_` },
      { ...good, secret: good.secret.replace('p', '+') },
      { ...good, sealed: {} },
      { ...good, sealed: null },
      { ...good, note: 'mine' },
    ]
    for (const content of damaged) {
      put('node', content)
      expect(await fault(store().load(NODE)), inspect(content)).toBe('key-damaged')
    }
  })
})

describe('a passphrase is changed', () => {
  it('from one to another, to none, and from none', async () => {
    const created = await store().create(NODE)
    await store().changePassphrase(NODE, { to: 'first' })
    expect(await store().load(NODE, 'first')).toEqual(created)
    await store().changePassphrase(NODE, { from: 'first', to: 'second' })
    expect(await fault(store().load(NODE, 'first'))).toBe('passphrase')
    expect(await store().load(NODE, 'second')).toEqual(created)
    await store().changePassphrase(NODE, { from: 'second' })
    expect(await store().load(NODE)).toEqual(created)
  })

  it('only by who knows the old one', async () => {
    await store().create(NODE, { passphrase: 'p' })
    const before = readFileSync(pathOf('node'))
    expect(await fault(store().changePassphrase(NODE, { from: 'wrong', to: 'q' }))).toBe('passphrase')
    expect(await fault(store().changePassphrase(NODE, { to: 'q' }))).toBe('passphrase')
    expect(await fault(store().changePassphrase(NODE, { from: 'p', to: '' }))).toBe('passphrase')
    expect(readFileSync(pathOf('node'))).toEqual(before)
  })

  it('or the old file stays whole, when the new one cannot be written', async () => {
    const created = await store().create(NODE, { passphrase: 'p' })
    // The temporary file's name comes from `random`: here it is taken.
    const constant = { bytes: (count: number) => new Uint8Array(count) }
    writeFileSync(join(home, 'keys', `.node.json.${'00'.repeat(8)}.tmp`), 'left by a crash', { mode: 0o600 })
    const failing = store({ random: constant }).changePassphrase(NODE, { from: 'p', to: 'q' })
    expect(await fault(failing)).toBe('store-io')
    expect(await store().load(NODE, 'p')).toEqual(created)
  })
})

describe('a key is exported', () => {
  it('as the text of its file, in plain or sealed anew, and imported again', async () => {
    const created = await store().create(NODE, { passphrase: 'p' })
    const plain = await store().exportText(NODE, { passphrase: 'p' })
    const sealed = await store().exportText(NODE, { passphrase: 'p', sealWith: 'q' })
    expect(await store().importText(named('plain'), plain)).toEqual(created)
    const again = { textPassphrase: 'q', passphrase: 'r' }
    expect(await store().importText(named('again'), sealed, again)).toEqual(created)
    expect(await store().load(named('again'), 'r')).toEqual(created)
    expect(await fault(store().importText(named('wrong'), sealed, { textPassphrase: 'p' }))).toBe(
      'passphrase',
    )
    expect(await fault(store().importText(named('cut'), plain.slice(0, -5)))).toBe('key-damaged')
    expect(await fault(store().exportText(NODE, { passphrase: 'q' }))).toBe('passphrase')
  })
})

describe('all keys are listed', () => {
  it('by name, with what cannot be read, and without what is no key’s name', async () => {
    expect(await store().list()).toEqual([])
    const b = await store().create(named('b'), { passphrase: 'p' })
    const a = await store().create(named('a'))
    put('c', '{')
    await store().create(named('d'))
    chmodSync(pathOf('d'), 0o644)
    for (const other of ['Upper.json', 'notes.txt', '.a.json.0011.tmp']) {
      writeFileSync(join(home, 'keys', other), 'x', { mode: 0o600 })
    }
    const list = await store().list()
    expect(
      list.map((entry) => (entry.kind === 'key' ? entry : { ...entry, fault: entry.fault.code })),
    ).toEqual([
      { kind: 'key', name: 'a', did: a.did, sealed: false },
      { kind: 'key', name: 'b', did: b.did, sealed: true },
      { kind: 'fault', name: 'c', fault: 'key-damaged' },
      { kind: 'fault', name: 'd', fault: 'key-mode' },
    ])
  })
})

describe('no fault tells a secret', () => {
  it('whatever it is about', async () => {
    const { did } = await store().importSecret(NODE, SECRET)
    const good = readFileSync(pathOf('node'), 'utf8')
    const secret = Buffer.from(SECRET).toString('base64url')
    const faults: unknown[] = []
    const contents = [
      good.slice(0, -3),
      `${secret} ${good}`,
      good.replace('"v": 1', '"v": 2'),
      good.replace('"secret"', `"${secret}"`),
      good.replace(did, 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'),
    ]
    for (const content of contents) {
      put('node', content)
      await store()
        .load(NODE)
        .catch((error: unknown) => faults.push(error))
      await store()
        .importText(named('text'), content)
        .catch((error: unknown) => faults.push(error))
    }
    await store()
      .importSecret(NODE, SECRET)
      .catch((error: unknown) => faults.push(error))
    expect(faults).toHaveLength(contents.length * 2 + 1)
    const told = inspect(faults, { depth: 9, showHidden: true })
    for (const text of [...SECRET_TEXTS, secret.slice(0, 8)]) expect(told).not.toContain(text)
  })
})

describe('a disk that fails', () => {
  it('is the fault `store-io`', async () => {
    writeFileSync(join(home, 'keys'), 'not a directory', { mode: 0o600 })
    expect(await fault(store().create(NODE))).toBe('store-io')
    expect(await fault(store().load(NODE))).toBe('store-io')
    expect(await fault(store().list())).toBe('store-io')
  })
})

/** Another base64url text of as many bytes. */
function altered(text: string): string {
  const bytes = Buffer.from(text, 'base64url')
  bytes[0] = (bytes[0] ?? 0) ^ 1
  return bytes.toString('base64url')
}
