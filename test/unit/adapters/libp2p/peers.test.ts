import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import type { Libp2pMesh } from '../../../../src/adapters/libp2p/mesh.ts'
import type { MeshOptions } from '../../../../src/adapters/libp2p/options.ts'
import { didOfKey } from '../../../../src/codec/did/did-key.ts'
import { peerIdOfKey } from '../../../../src/codec/did/peer-id.ts'
import type { Did } from '../../../../src/model/ids.ts'
import { ManualClock } from '../../../setup/manual-clock.ts'
import { addressOf, newSecret, openMesh, until } from '../../../setup/meshes.ts'

const QUICK = { keepMs: 20, pingMs: 50 }
/** Dials nobody of its own accord. */
const ALONE = { ...QUICK, peersTarget: 0 }

const nodes: Libp2pMesh[] = []
const folders: string[] = []
afterEach(async () => {
  await Promise.all(nodes.splice(0).map(({ mesh }) => mesh.stop()))
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })))
})

async function open(options: Partial<MeshOptions> = {}): Promise<Libp2pMesh> {
  const node = await openMesh({ limits: QUICK, ...options })
  nodes.push(node)
  return node
}

/** An address that can be listened on again. */
const portOf = (node: Libp2pMesh): string => addressOf(node).split('/p2p/')[0] ?? ''

describe('a node', () => {
  it('has one key for its DID, its PeerId and its addresses', async () => {
    const secret = newSecret()
    const { mesh } = await open({ secret })
    const key = nodeCrypto.publicKeyOf(secret)
    expect(mesh.self).toBe(didOfKey(key))
    expect(mesh.addresses().map((address) => address.split('/p2p/')[1])).toEqual([peerIdOfKey(key)])
  })

  it('dials its bootstrap list, with and without the name of a peer', async () => {
    const first = await open()
    const second = await open()
    const { mesh } = await open({ bootstrap: [addressOf(first), portOf(second)] })
    await until(() => mesh.peers().length === 2)
    expect(
      mesh
        .peers()
        .map(({ did }) => did)
        .toSorted(),
    ).toEqual([first.mesh.self, second.mesh.self].toSorted())
    expect(mesh.peers()[0]).toMatchObject({
      direction: 'out',
      isRelayed: false,
      isProtected: false,
      score: 1,
    })
    await until(() => mesh.peers().every(({ latencyMs }) => latencyMs !== undefined))
  })

  it('says which address is none, and which leads to nobody', async () => {
    const { mesh } = await open()
    await expect(mesh.connect('nonsense')).rejects.toMatchObject({ code: 'peer-address' })
    await expect(mesh.connect('/ip4/127.0.0.1/tcp/1')).rejects.toMatchObject({ code: 'peer-unreachable' })
    const other = await open()
    const wrong = `${portOf(other)}/p2p/${peerIdOfKey(nodeCrypto.publicKeyOf(newSecret()))}`
    await expect(mesh.connect(wrong)).rejects.toMatchObject({ code: 'peer-unreachable' })
  })

  it('says when it cannot listen', async () => {
    const node = await open()
    await expect(open({ listen: [portOf(node)] })).rejects.toMatchObject({ code: 'mesh-listen' })
  })

  it('finds its peers again after a restart, by its peer file alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'canswarm-mesh-'))
    folders.push(folder)
    const options = { secret: newSecret(), peerFile: join(folder, 'peers') }
    const other = await open({ limits: ALONE })
    const before = await open(options)
    await before.mesh.connect(addressOf(other))
    await until(() => other.mesh.isConnected(before.mesh.self))
    // What is kept of an address comes by identify, a moment after the connection.
    await until(() => before.mesh.peers().some(({ total }) => total > 0))
    await before.mesh.stop()
    await until(() => !other.mesh.isConnected(before.mesh.self))
    const { mesh } = await open(options)
    await until(() => mesh.isConnected(other.mesh.self))
    expect(mesh.peers()[0]?.direction).toBe('out')
  })

  it('keeps dialling a protected peer until it is back, whatever the target', async () => {
    const secret = newSecret()
    const first = await open({ secret, limits: ALONE })
    const listen = [portOf(first)]
    const { mesh } = await open({ limits: ALONE })
    await mesh.know([{ did: first.mesh.self, addresses: ['nonsense', addressOf(first)] }])
    mesh.protect(new Set([first.mesh.self, mesh.self]))
    await until(() => mesh.isConnected(first.mesh.self))
    expect(mesh.peers()[0]?.isProtected).toBe(true)
    await first.mesh.stop()
    await until(() => !mesh.isConnected(first.mesh.self))
    await open({ secret, listen, limits: ALONE })
    await until(() => mesh.isConnected(first.mesh.self))
  })

  it('tells of peers that come and go', async () => {
    const { mesh } = await open({ limits: ALONE })
    const told: [Did, boolean][] = []
    mesh.onPeer((did, isConnected) => told.push([did, isConnected]))
    const other = await open({ limits: ALONE })
    await mesh.connect(addressOf(other))
    await mesh.disconnect(other.mesh.self)
    await until(() => told.length === 2)
    expect(told).toEqual([
      [other.mesh.self, true],
      [other.mesh.self, false],
    ])
  })

  it('lets the least worthy go when there are too many, protected ones never', async () => {
    const { mesh } = await open({ limits: { keepMs: 20, pingMs: 1e6, peersTarget: 2, peersMax: 3 } })
    const others: Libp2pMesh[] = []
    for (let at = 0; at < 3; at += 1) others.push(await open({ limits: ALONE }))
    for (const [at, other] of others.entries()) {
      await mesh.connect(addressOf(other))
      mesh.penalise(other.mesh.self, 40 - at, 'in order')
    }
    const [worst, bad, better] = others.map((other) => other.mesh.self)
    mesh.protect(new Set([worst as Did]))
    for (let at = 0; at < 2; at += 1) {
      const more = await open({ limits: ALONE })
      await mesh.connect(addressOf(more))
    }
    await until(() => mesh.counters()['let-go'] !== undefined)
    await until(() => mesh.peers().length === 3)
    const left = mesh.peers().map(({ did }) => did)
    expect(left).toContain(worst)
    expect(left).not.toContain(bad)
    expect(left).not.toContain(better)
  })

  it('hangs up on a peer that answers no ping', async () => {
    const clock = new ManualClock()
    const { mesh, libp2p } = await open({ clock })
    const other = await open({ limits: ALONE })
    await mesh.connect(addressOf(other))
    await other.libp2p.unhandle('/ipfs/ping/1.0.0')
    await other.libp2p.handle('/ipfs/ping/1.0.0', () => undefined)
    await until(() => {
      clock.advance(10_000)
      return libp2p.getPeers().length === 0
    })
    expect(mesh.counters()['silent-peer']).toBe(1)
  })
})

describe('a ban', () => {
  it('ends the connections, holds against dialling either way, and ends by its clock', async () => {
    const clock = new ManualClock()
    const { mesh } = await open({ clock, limits: ALONE })
    const other = await open({ limits: ALONE })
    const address = mesh.addresses()[0] ?? ''
    await other.mesh.connect(address)
    await until(() => mesh.isConnected(other.mesh.self))
    mesh.ban(other.mesh.self, 60_000)
    await until(() => !other.mesh.isConnected(mesh.self))
    await expect(mesh.connect(addressOf(other))).rejects.toMatchObject({ code: 'peer-unreachable' })
    await other.mesh.connect(address).catch(() => undefined)
    await until(() => !other.mesh.isConnected(mesh.self))
    expect(mesh.isConnected(other.mesh.self)).toBe(false)
    expect(mesh.bans()).toMatchObject([{ did: other.mesh.self, times: 1, why: 'banned by the operator' }])
    clock.advance(60_000)
    await until(() => mesh.bans().length === 0)
    await other.mesh.connect(address)
    await until(() => mesh.isConnected(other.mesh.self))
  })
})
