import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { faultOf, keyHome, keyNamed, NODE, SECRET, SECRET_TEXTS } from '../../../setup/key-home.ts'

const home = keyHome()

describe('loading refuses', () => {
  it('a key that is not there', async () => {
    expect(await faultOf(home.store().load(NODE))).toBe('key-missing')
    await home.store().create(keyNamed('other'))
    expect(await faultOf(home.store().load(NODE))).toBe('key-missing')
  })

  it.each([0o640, 0o604, 0o620, 0o644, 0o601])('a file of mode %o, and says what mends it', async (mode) => {
    await home.store().create(NODE)
    chmodSync(home.pathOf('node'), mode)
    await expect(home.store().load(NODE)).rejects.toMatchObject({
      code: 'key-mode',
      message: expect.stringContaining(`chmod 600 '${home.pathOf('node')}'`),
    })
    chmodSync(home.pathOf('node'), 0o400)
    expect(await faultOf(home.store().load(NODE))).toBe('done')
  })

  it('a directory that others get into, reading and writing', async () => {
    await home.store().create(NODE)
    chmodSync(home.keys(), 0o750)
    await expect(home.store().load(NODE)).rejects.toMatchObject({
      code: 'key-mode',
      message: expect.stringContaining(`chmod 700 '${home.keys()}'`),
    })
    expect(await faultOf(home.store().create(keyNamed('other')))).toBe('key-mode')
  })

  it('a readable target behind a link', async () => {
    await home.store().create(NODE)
    writeFileSync(join(home.directory(), 'open.json'), readFileSync(home.pathOf('node')), { mode: 0o644 })
    symlinkSync(join(home.directory(), 'open.json'), home.pathOf('linked'))
    expect(await faultOf(home.store().load(keyNamed('linked')))).toBe('key-mode')
  })

  it('what is no file, without waiting for it', async () => {
    await home.store().create(keyNamed('other'))
    mkdirSync(home.pathOf('node'), { mode: 0o700 })
    expect(await faultOf(home.store().load(NODE))).toBe('key-damaged')
    const makePipe = 'mkfifo'
    if (spawnSync(makePipe, ['-m', '600', home.pathOf('pipe')]).status === 0) {
      expect(await faultOf(home.store().load(keyNamed('pipe')))).toBe('key-damaged')
    }
  })

  it('a secret that is not its DID’s', async () => {
    const other = await home.store().create(keyNamed('other'))
    await home.store().create(NODE)
    home.put('node', { ...home.fileOf('node'), did: other.did })
    await expect(home.store().load(NODE)).rejects.toMatchObject({ code: 'key-damaged' })
  })

  it('anything but a key of version 1, with nothing missing and nothing more', async () => {
    const { did } = await home.store().importSecret(NODE, SECRET)
    const good = home.fileOf('node')
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
      home.put('node', content)
      expect(await faultOf(home.store().load(NODE)), inspect(content)).toBe('key-damaged')
    }
  })
})

describe('no fault tells a secret', () => {
  it('whatever it is about', async () => {
    const { did } = await home.store().importSecret(NODE, SECRET)
    const good = readFileSync(home.pathOf('node'), 'utf8')
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
      home.put('node', content)
      await home
        .store()
        .load(NODE)
        .catch((error: unknown) => faults.push(error))
      await home
        .store()
        .importText(keyNamed('text'), content)
        .catch((error: unknown) => faults.push(error))
    }
    await home
      .store()
      .importSecret(NODE, SECRET)
      .catch((error: unknown) => faults.push(error))
    expect(faults).toHaveLength(contents.length * 2 + 1)
    const told = inspect(faults, { depth: 9, showHidden: true })
    for (const text of [...SECRET_TEXTS, secret.slice(0, 8)]) expect(told).not.toContain(text)
  })
})

describe('a disk that fails', () => {
  it('is the fault `store-io`', async () => {
    writeFileSync(home.keys(), 'not a directory', { mode: 0o600 })
    expect(await faultOf(home.store().create(NODE))).toBe('store-io')
    expect(await faultOf(home.store().load(NODE))).toBe('store-io')
    expect(await faultOf(home.store().list())).toBe('store-io')
  })
})
