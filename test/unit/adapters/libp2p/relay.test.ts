import { afterEach, describe, expect, it } from 'vitest'
import type { Libp2pMesh } from '../../../../src/adapters/libp2p/mesh.ts'
import type { MeshOptions } from '../../../../src/adapters/libp2p/options.ts'
import { addressOf, openMesh, topicOf, until } from '../../../setup/meshes.ts'

const ASK = topicOf('ask/1')
const TOPIC = topicOf('system')
const LIMITS = {
  bodyBytesMax: 100,
  answerBytesMax: 100,
  inFlightPerPeerMax: 4,
  timeoutMs: 5000,
  perSecondMax: 10,
  burstMax: 10,
}

const nodes: Libp2pMesh[] = []
afterEach(async () => {
  await Promise.all(nodes.splice(0).map(({ mesh }) => mesh.stop()))
})

async function open(options: Partial<MeshOptions>): Promise<Libp2pMesh> {
  const node = await openMesh(options)
  nodes.push(node)
  return node
}

describe('behind a NAT', () => {
  it('a node that cannot be dialled is reached by a relay, which it says; requests and gossip go that way', async () => {
    const relay = await open({ nat: { relayServer: true }, limits: { peersTarget: 0 } })
    const hidden = await open({
      listen: [`${addressOf(relay)}/p2p-circuit`],
      nat: { relayClient: true },
      limits: { peersTarget: 0 },
    })
    await until(() => hidden.mesh.addresses().some((address) => address.includes('p2p-circuit')))
    const heard: string[] = []
    hidden.mesh.handleRequest(ASK, LIMITS, (_from, body) => body)
    hidden.mesh.subscribe(TOPIC, (_from, data) => {
      heard.push(new TextDecoder().decode(data))
      return 'accept'
    })
    const caller = await open({ nat: { relayClient: true }, limits: { peersTarget: 0 } })
    caller.mesh.subscribe(TOPIC, () => 'accept')
    const address = hidden.mesh.addresses().find((one) => one.includes('p2p-circuit')) ?? ''
    const did = await caller.mesh.connect(address)
    expect(did).toBe(hidden.mesh.self)
    expect(caller.mesh.peers().find((peer) => peer.did === did)?.isRelayed).toBe(true)
    const body = Uint8Array.of(1, 2, 3)
    expect(await caller.mesh.request(did, ASK, body, { timeoutMs: 5000, answerBytesMax: 100 })).toEqual(body)
    await until(() => caller.mesh.subscribers(TOPIC).includes(did))
    caller.mesh.publish(TOPIC, new TextEncoder().encode('by the relay'))
    await until(() => heard.length === 1)
    expect(heard).toEqual(['by the relay'])
  })

  it('every switch can be on', async () => {
    const nat = { relayClient: true, relayServer: true, autonat: true, holePunching: true }
    const node = await open({ nat, discovery: { dht: true } })
    const other = await open({ bootstrap: [addressOf(node)] })
    await until(() => other.mesh.isConnected(node.mesh.self))
    expect(other.mesh.peers()[0]?.isRelayed).toBe(false)
  })
})
