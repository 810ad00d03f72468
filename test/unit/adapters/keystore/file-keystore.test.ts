import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { didOfKey } from '../../../../src/codec/did/did-key.ts'
import { faultOf, keyHome, keyNamed, NODE, SECRET } from '../../../setup/key-home.ts'

const home = keyHome()

describe('a key in a file', () => {
  it('is loaded as it was created, by another process as well', async () => {
    const created = await home.store().create(NODE)
    expect(await home.store().load(NODE)).toEqual(created)
    expect(created.did).toBe(didOfKey(created.publicKey))
    expect(nodeCrypto.publicKeyOf(created.secret)).toEqual(created.publicKey)
  })

  it('is version 1 JSON that says its DID', async () => {
    const { did, secret } = await home.store().importSecret(NODE, SECRET)
    expect(home.fileOf('node')).toEqual({
      v: 1,
      kind: 'ed25519',
      did,
      secret: Buffer.from(secret).toString('base64url'),
    })
  })

  it('can be read by its owner alone, whatever the umask', async () => {
    const before = process.umask(0o777)
    try {
      mkdirSync(home.keys())
      chmodSync(home.keys(), 0o700)
      await home.store().create(NODE)
      process.umask(0)
      await home.store().create(keyNamed('second'))
    } finally {
      process.umask(before)
    }
    for (const name of ['node', 'second']) expect(statSync(home.pathOf(name)).mode & 0o777).toBe(0o600)
  })

  it('is in a directory of mode 0700', async () => {
    const before = process.umask(0)
    try {
      await home.store().create(NODE)
    } finally {
      process.umask(before)
    }
    expect(statSync(home.keys()).mode & 0o777).toBe(0o700)
  })

  it('is never replaced unless told', async () => {
    const first = await home.store().create(NODE)
    expect(await faultOf(home.store().create(NODE))).toBe('key-exists')
    expect(await faultOf(home.store().importSecret(NODE, SECRET))).toBe('key-exists')
    expect(await faultOf(home.store().importText(NODE, await home.store().exportText(NODE)))).toBe(
      'key-exists',
    )
    expect(await home.store().load(NODE)).toEqual(first)
    const second = await home.store().create(NODE, { overwrite: true })
    expect(second.did).not.toBe(first.did)
    expect(await home.store().load(NODE)).toEqual(second)
  })

  it('is made by one of those that create it at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => faultOf(home.store().create(NODE))))
    expect(outcomes.toSorted()).toEqual(['done', ...Array(7).fill('key-exists')])
  })

  it('leaves no other file beside it, done or refused', async () => {
    await home.store().create(NODE)
    await faultOf(home.store().create(NODE))
    await home.store().create(NODE, { overwrite: true, passphrase: 'p' })
    await home.store().changePassphrase(NODE, { from: 'p', to: 'q' })
    expect(readdirSync(home.keys())).toEqual(['node.json'])
  })
})

describe('a passphrase is changed', () => {
  it('from one to another, to none, and from none', async () => {
    const created = await home.store().create(NODE)
    await home.store().changePassphrase(NODE, { to: 'first' })
    expect(await home.store().load(NODE, 'first')).toEqual(created)
    await home.store().changePassphrase(NODE, { from: 'first', to: 'second' })
    expect(await faultOf(home.store().load(NODE, 'first'))).toBe('passphrase')
    expect(await home.store().load(NODE, 'second')).toEqual(created)
    await home.store().changePassphrase(NODE, { from: 'second' })
    expect(await home.store().load(NODE)).toEqual(created)
  })

  it('only by who knows the old one', async () => {
    await home.store().create(NODE, { passphrase: 'p' })
    const before = readFileSync(home.pathOf('node'))
    expect(await faultOf(home.store().changePassphrase(NODE, { from: 'wrong', to: 'q' }))).toBe('passphrase')
    expect(await faultOf(home.store().changePassphrase(NODE, { to: 'q' }))).toBe('passphrase')
    expect(await faultOf(home.store().changePassphrase(NODE, { from: 'p', to: '' }))).toBe('passphrase')
    expect(readFileSync(home.pathOf('node'))).toEqual(before)
  })

  it('or the old file stays whole, when the new one cannot be written', async () => {
    const created = await home.store().create(NODE, { passphrase: 'p' })
    // The temporary file's name comes from `random`: here it is taken.
    const constant = { bytes: (count: number) => new Uint8Array(count) }
    writeFileSync(join(home.keys(), `.node.json.${'00'.repeat(8)}.tmp`), 'left by a crash', { mode: 0o600 })
    const failing = home.store({ random: constant }).changePassphrase(NODE, { from: 'p', to: 'q' })
    expect(await faultOf(failing)).toBe('store-io')
    expect(await home.store().load(NODE, 'p')).toEqual(created)
  })
})

describe('a key is exported', () => {
  it('as the text of its file, in plain or sealed anew, and imported again', async () => {
    const created = await home.store().create(NODE, { passphrase: 'p' })
    const plain = await home.store().exportText(NODE, { passphrase: 'p' })
    const sealed = await home.store().exportText(NODE, { passphrase: 'p', sealWith: 'q' })
    expect(await home.store().importText(keyNamed('plain'), plain)).toEqual(created)
    const again = { textPassphrase: 'q', passphrase: 'r' }
    expect(await home.store().importText(keyNamed('again'), sealed, again)).toEqual(created)
    expect(await home.store().load(keyNamed('again'), 'r')).toEqual(created)
    expect(await faultOf(home.store().importText(keyNamed('wrong'), sealed, { textPassphrase: 'p' }))).toBe(
      'passphrase',
    )
    expect(await faultOf(home.store().importText(keyNamed('cut'), plain.slice(0, -5)))).toBe('key-damaged')
    expect(await faultOf(home.store().exportText(NODE, { passphrase: 'q' }))).toBe('passphrase')
  })
})

describe('all keys are listed', () => {
  it('by name, with what cannot be read, and without what is no key’s name', async () => {
    expect(await home.store().list()).toEqual([])
    const b = await home.store().create(keyNamed('b'), { passphrase: 'p' })
    const a = await home.store().create(keyNamed('a'))
    home.put('c', '{')
    await home.store().create(keyNamed('d'))
    chmodSync(home.pathOf('d'), 0o644)
    for (const other of ['Upper.json', 'notes.txt', '.a.json.0011.tmp']) {
      writeFileSync(join(home.keys(), other), 'x', { mode: 0o600 })
    }
    const list = await home.store().list()
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
