import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { SCRYPT_COST } from '../../../../src/adapters/keystore/sealing.ts'
import { faultOf, keyHome, keyNamed, NODE, SECRET, SECRET_TEXTS } from '../../../setup/key-home.ts'

const home = keyHome()

describe('a sealed key', () => {
  it('opens with its passphrase and no other', async () => {
    const created = await home.store().create(NODE, { passphrase: 'correct horse' })
    expect(await home.store().load(NODE, 'correct horse')).toEqual(created)
    expect(await faultOf(home.store().load(NODE, 'correct horsf'))).toBe('passphrase')
    expect(await faultOf(home.store().load(NODE))).toBe('passphrase')
    expect(await faultOf(home.store().load(NODE, ''))).toBe('passphrase')
  })

  it('keeps nothing of the secret in plain', async () => {
    await home.store().importSecret(NODE, SECRET, { passphrase: 'p' })
    const text = readFileSync(home.pathOf('node'), 'utf8')
    for (const plain of SECRET_TEXTS) expect(text).not.toContain(plain)
  })

  it('takes a passphrase in any of its Unicode forms', async () => {
    await home.store().create(NODE, { passphrase: 'ﬁve caf\u00e9s' })
    expect(await faultOf(home.store().load(NODE, 'five cafe\u0301s'))).toBe('done')
  })

  it('is not made with an empty passphrase or an endless one', async () => {
    for (const passphrase of ['', 'x'.repeat(1025)]) {
      expect(await faultOf(home.store().create(NODE, { passphrase }))).toBe('passphrase')
    }
    expect(await home.store().list()).toEqual([])
  })

  it('costs what is set: scrypt of 2^17, 8, 1 by default', async () => {
    expect(SCRYPT_COST).toEqual({ n: 131_072, r: 8, p: 1 })
    await home.store({ cost: SCRYPT_COST }).create(NODE, { passphrase: 'p' })
    expect(home.fileOf('node').sealed.kdf).toMatchObject({ name: 'scrypt', n: 131_072, r: 8, p: 1 })
    expect(await faultOf(home.store().load(NODE, 'p'))).toBe('done')
  }, 30_000)

  it('is bound to its DID and its version', async () => {
    await home.store().create(NODE, { passphrase: 'p' })
    const other = await home.store().create(keyNamed('other'))
    home.put('node', { ...home.fileOf('node'), did: other.did })
    expect(await faultOf(home.store().load(NODE, 'p'))).toBe('passphrase')
  })

  it('does not open with any part of it altered', async () => {
    await home.store().create(NODE, { passphrase: 'p' })
    const file = home.fileOf('node')
    for (const part of ['nonce', 'box'] as const) {
      home.put('node', { ...file, sealed: { ...file.sealed, [part]: altered(file.sealed[part]) } })
      expect(await faultOf(home.store().load(NODE, 'p')), part).toBe('passphrase')
    }
    const { kdf } = file.sealed
    for (const change of [{ salt: altered(kdf.salt) }, { n: 2048 }, { r: 4 }, { p: 2 }]) {
      home.put('node', { ...file, sealed: { ...file.sealed, kdf: { ...kdf, ...change } } })
      expect(await faultOf(home.store().load(NODE, 'p'))).toBe('passphrase')
    }
  })

  it('has a new salt and nonce each time', async () => {
    await home.store().importSecret(NODE, SECRET, { passphrase: 'p' })
    const first = home.fileOf('node').sealed
    await home.store().importSecret(NODE, SECRET, { passphrase: 'p', overwrite: true })
    const second = home.fileOf('node').sealed
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
    await home.store().create(NODE, { passphrase: 'p' })
    const file = home.fileOf('node')
    home.put('node', { ...file, sealed: { ...file.sealed, kdf: { ...file.sealed.kdf, ...cost } } })
    expect(await faultOf(home.store().load(NODE, 'p'))).toBe('key-damaged')
  })

  it('is read no further than a key can be long', async () => {
    await home.store().create(NODE)
    home.put('node', `${JSON.stringify(home.fileOf('node'))}${' '.repeat(5000)}`)
    expect(await faultOf(home.store().load(NODE))).toBe('key-damaged')
  })
})

/** Another base64url text of as many bytes. */
function altered(text: string): string {
  const bytes = Buffer.from(text, 'base64url')
  bytes[0] = (bytes[0] ?? 0) ^ 1
  return bytes.toString('base64url')
}
