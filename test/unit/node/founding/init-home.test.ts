import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FaultError } from '../../../../src/model/fault.ts'
import { NODE_KEY, nodeKeys } from '../../../../src/node/founding/node-keys.ts'
import { parseVoterCard, voterCard, voterCardText } from '../../../../src/node/founding/voter-card.ts'
import { loadConfig } from '../../../../src/node/home.ts'
import { type InitRequest, initHome, type NewNetwork } from '../../../../src/node/init-home.ts'
import { requireGenesis } from '../../../../src/node/network.ts'
import { offline } from '../../../../src/node/offline.ts'
import { BeaconChain } from '../../../../src/services/heart/beacon-chain.ts'
import { scratch } from '../../../setup/canswarm.ts'

const DEV: NewNetwork = { label: 'test', class: 'development', others: [], credits: 5_000_000n }

async function made(home: string, network: InitRequest['network'], more: Partial<InitRequest> = {}) {
  const result = await initHome({ home, network, ...more })
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}

async function cardOf(home: string) {
  const [own, ...others] = await nodeKeys({ home, hosts: true, passphrase: undefined })
  return voterCard(
    own,
    others.map(({ did }) => did),
  )
}

describe('a network that is founded', () => {
  it('in development has accounts of its own for work and for verdicts, with credits, and the settings name their keys', async () => {
    using place = scratch()
    const home = join(place.path, 'home')
    const { did, network } = await made(home, DEV)
    const { config } = loadConfig(home, {})
    expect([config.workerKey, config.verifierKey]).toEqual(['worker', 'verifier'])
    const dids = (await offline.keystore(home).list()).map((key) => (key.kind === 'key' ? key.did : ''))
    expect(new Set(network.genesis.accounts?.map((account) => account.did))).toEqual(new Set(dids))
    expect(network.genesis.accounts?.map(({ amount }) => amount)).toEqual(['5000000', '5000000', '5000000'])
    expect([network.genesis.voters, network.genesis.governance]).toEqual([[did], [did]])
  })

  it('names the policy that comes with canswarm', async () => {
    using place = scratch()
    const { network } = await made(join(place.path, 'home'), { ...DEV, class: 'production' })
    expect(network.genesis.capsule).toMatch(/^bafyrei/u)
  })

  it('in production has one account, and credits only where they are said', async () => {
    using place = scratch()
    const home = join(place.path, 'home')
    const { network } = await made(home, { ...DEV, class: 'production', credits: 0n })
    expect(network.genesis.accounts).toBeUndefined()
    expect((await offline.keystore(home).list()).map(({ name }) => name)).toEqual(['node'])
    expect(loadConfig(home, {}).config.workerKey).toBe('')
  })

  it('has the voters of the cards in their order, with their chains and the credits of all their accounts', async () => {
    using place = scratch()
    const others = [await cardOf(join(place.path, 'b')), await cardOf(join(place.path, 'c'))]
    const { did, network } = await made(join(place.path, 'a'), { ...DEV, others })
    expect(network.genesis.voters).toEqual([did, ...others.map(({ voter }) => voter)])
    expect(network.genesis.accounts).toHaveLength(9)
    const key = await offline.keystore(join(place.path, 'b')).load(NODE_KEY)
    const chain = new BeaconChain(key.secret, 0, offline.crypto.sha256)
    expect(network.genesis.chains?.[1]).toEqual({ voter: key.did, anchor: chain.anchor, length: 65_536 })
  })

  it('refuses a voter that is named twice, and leaves nothing behind', async () => {
    using place = scratch()
    const home = join(place.path, 'a')
    const other = await cardOf(join(place.path, 'b'))
    const refused = await initHome({ home, network: { ...DEV, others: [other, other] } })
    expect(refused).toMatchObject({ ok: false, error: { code: 'MALFORMED', field: 'voters' } })
    expect(readdirSync(place.path)).toEqual(['b'])
  })
})

describe('a home', () => {
  it('is made where there are keys and nothing else, and keeps them', async () => {
    using place = scratch()
    const home = join(place.path, 'b')
    const { voter } = await cardOf(home)
    const { network } = await made(join(place.path, 'a'), DEV)
    expect((await made(home, network)).did).toBe(voter)
    expect(requireGenesis(home).net.toString()).toBe(network.net.toString())
    expect(loadConfig(home, {}).config.verifierKey).toBe('verifier')
  })

  it('that joins has settings as they were asked for, and all others at their defaults', async () => {
    using place = scratch()
    const { network } = await made(join(place.path, 'a'), DEV)
    const settings = { meshListen: '/ip4/127.0.0.1/tcp/4002', meshBootstrap: '/ip4/127.0.0.1/tcp/4001' }
    const home = join(place.path, 'b')
    await made(home, network, { settings })
    const { config, origins } = loadConfig(home, {})
    expect(config).toMatchObject(settings)
    expect([origins.meshListen, origins.meshMdns, origins.workerKey]).toEqual(['file', 'default', 'default'])
  })

  it('is not made where there is anything else, and what is there stays as it is', async () => {
    using place = scratch()
    const home = join(place.path, 'home')
    mkdirSync(join(home, 'keys'), { recursive: true })
    writeFileSync(join(home, 'notes'), 'mine')
    await expect(initHome({ home, network: DEV })).rejects.toThrow(FaultError)
    expect([readdirSync(home), readFileSync(join(home, 'notes'), 'utf8')]).toEqual([
      ['keys', 'notes'],
      'mine',
    ])
    expect(existsSync(join(home, 'genesis.json'))).toBe(false)
  })
})

describe('a voter card', () => {
  it('reads as it was written, also as --json prints it', async () => {
    using place = scratch()
    const card = await cardOf(place.path)
    expect(parseVoterCard(voterCardText(card))).toEqual({ ok: true, value: card })
    const printed = JSON.stringify({ schema: 'canswarm.card/1', ...card })
    expect(parseVoterCard(printed)).toEqual({ ok: true, value: card })
  })

  it.each(['', 'bafy', '[]', '{"v":1}', '{"v":2}'])('refuses what is none: %s', (text) => {
    expect(parseVoterCard(text)).toMatchObject({ ok: false, error: { code: 'MALFORMED' } })
  })

  it('is the same whenever it is made: keys that are there are used', async () => {
    using place = scratch()
    expect(await cardOf(place.path)).toEqual(await cardOf(place.path))
  })
})
