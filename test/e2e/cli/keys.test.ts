import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { canswarm, scratch } from '../../setup/canswarm.ts'

interface Key {
  readonly name: string
  readonly did: string
  readonly peer_id: string
  readonly sealed: boolean
}

async function keysOf(home: string): Promise<readonly Key[]> {
  return JSON.parse((await canswarm(['keys', 'show', '--json'], { home })).stdout).keys
}

function passphraseFile(directory: string, passphrase: string): string {
  const file = join(directory, `${passphrase}.txt`)
  writeFileSync(file, `${passphrase}\n`)
  return file
}

describe('canswarm keys', () => {
  it('makes keys in files of mode 0600 and shows them without their secrets', async () => {
    using home = scratch()
    const made = await canswarm(['keys', 'create', 'alice'], { home: home.path })
    expect(made.code).toBe(0)
    const file = join(home.path, 'keys', 'alice.json')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const [key] = await keysOf(home.path)
    expect(key).toMatchObject({ name: 'alice', did: made.stdout.trim(), sealed: false })
    expect(key?.peer_id).toMatch(/^12D3KooW/)
    const { secret } = JSON.parse(readFileSync(file, 'utf8'))
    const shown = await canswarm(['keys', 'show', 'alice'], { home: home.path })
    expect(secret.length).toBeGreaterThan(40)
    expect(shown.stdout + shown.stderr + made.stdout).not.toContain(secret)
  })

  it('seals, opens with the right passphrase alone, and takes the passphrase away again', async () => {
    using home = scratch()
    const right = passphraseFile(home.path, 'correct horse')
    const wrong = passphraseFile(home.path, 'battery staple')
    const create = ['keys', 'create', 'bob', '--seal', '--passphrase-file', right]
    const { stdout } = await canswarm(create, { home: home.path })
    expect((await keysOf(home.path))[0]?.sealed).toBe(true)
    const plain = ['keys', 'passwd', 'bob', '--plain', '--passphrase-file']
    const refused = await canswarm([...plain, wrong], { home: home.path })
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('passphrase')])
    expect((await canswarm([...plain, right], { home: home.path })).code).toBe(0)
    expect(await keysOf(home.path)).toMatchObject([{ did: stdout.trim(), sealed: false }])
  })

  it('says that it needs a passphrase where nobody can be asked', async () => {
    using home = scratch()
    const { code, stderr } = await canswarm(['keys', 'create', 'bob', '--seal'], { home: home.path })
    expect(code).toBe(1)
    expect(stderr).toContain('--passphrase-file')
  })

  it('exports a key sealed, which another home imports as the same identity', async () => {
    using here = scratch()
    using there = scratch()
    const pass = passphraseFile(here.path, 'travel')
    const file = join(here.path, 'bob.key')
    const { stdout: did } = await canswarm(['keys', 'create', 'bob'], { home: here.path })
    const exported = await canswarm(['keys', 'export', 'bob', '--out', file, '--seal-with-file', pass], {
      home: here.path,
    })
    expect([exported.code, statSync(file).mode & 0o777]).toEqual([0, 0o600])
    expect(readFileSync(file, 'utf8')).toContain('"sealed"')
    const args = ['keys', 'import', 'robert', file, '--passphrase-file', pass]
    expect((await canswarm(args, { home: there.path })).stdout).toBe(did)
    expect(await keysOf(there.path)).toMatchObject([{ name: 'robert', sealed: true }])
  })

  it('never writes over a key or a file that is there', async () => {
    using home = scratch()
    await canswarm(['keys', 'create', 'bob'], { home: home.path })
    const file = join(home.path, 'taken')
    writeFileSync(file, 'precious')
    const again = await canswarm(['keys', 'create', 'bob', '--json'], { home: home.path })
    expect([again.code, JSON.parse(again.stderr).error.code]).toEqual([1, 'key-exists'])
    const over = await canswarm(['keys', 'export', 'bob', '--plain', '--out', file], { home: home.path })
    expect([over.code, readFileSync(file, 'utf8')]).toEqual([1, 'precious'])
  })

  it.each(['', 'Alice', '../alice', 'a'.repeat(33), '-alice'])('refuses the name %j', async (name) => {
    using home = scratch()
    const { code } = await canswarm(['keys', 'create', '--', name], { home: home.path })
    expect(code).toBe(4)
  })

  it('refuses a key file that others can read, and says what mends it', async () => {
    using home = scratch()
    await canswarm(['keys', 'create', 'bob'], { home: home.path })
    chmodSync(join(home.path, 'keys', 'bob.json'), 0o644)
    const { code, stderr } = await canswarm(['keys', 'passwd', 'bob', '--plain'], { home: home.path })
    expect([code, stderr]).toEqual([1, expect.stringContaining('chmod 600')])
  })

  it('lists the keys that it can read beside one that it cannot', async () => {
    using home = scratch()
    await canswarm(['keys', 'create', 'bob'], { home: home.path })
    writeFileSync(join(home.path, 'keys', 'junk.json'), 'not a key', { mode: 0o600 })
    const { code, stdout, stderr } = await canswarm(['keys', 'show'], { home: home.path })
    expect([code, stdout, stderr]).toEqual([
      0,
      expect.stringContaining('bob'),
      expect.stringContaining('junk'),
    ])
  })
})

describe('canswarm did', () => {
  it('resolves did:key and every did:peer form of a key to the same identity, offline', async () => {
    using home = scratch()
    const { stdout } = await canswarm(['keys', 'create', 'node'], { home: home.path })
    const did = stdout.trim()
    const peer = await canswarm(
      ['did', 'document', '--peer', '--address', '/ip4/192.0.2.7/tcp/4001', '--json'],
      {
        home: home.path,
      },
    )
    const { document } = JSON.parse(peer.stdout)
    expect(document.id).toMatch(/^did:peer:2\./)
    for (const form of [did, document.id, `did:peer:0${did.slice('did:key:'.length)}`]) {
      const { stdout: found } = await canswarm(['did', 'resolve', form, '--json'])
      expect(JSON.parse(found), form).toMatchObject({ id: form, did, document: { id: form } })
    }
    const addresses = JSON.parse((await canswarm(['did', 'resolve', document.id, '--json'])).stdout).addresses
    expect(addresses).toEqual(['/ip4/192.0.2.7/tcp/4001'])
  })

  it.each([
    ['did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc', 'BAD_KEY'],
    ['did:web:example.org', 'MALFORMED'],
    ['did:key:z6Mkgarbage!', 'MALFORMED'],
  ])('refuses %s with %s and exit code 4', async (text, code) => {
    const ended = await canswarm(['did', 'resolve', text, '--json'])
    expect([ended.code, JSON.parse(ended.stderr).error.code]).toEqual([4, code])
  })

  it('says which key is missing', async () => {
    using home = scratch()
    mkdirSync(join(home.path, 'keys'), { mode: 0o700 })
    const { code, stderr } = await canswarm(['did', 'document'], { home: home.path })
    expect([code, stderr]).toEqual([1, expect.stringContaining('no key "node"')])
  })
})
