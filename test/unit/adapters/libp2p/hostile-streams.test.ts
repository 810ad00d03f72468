import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, it } from 'vitest'
import { peerOfDid } from '../../../../src/adapters/libp2p/identity.ts'
import type { MeshLimits } from '../../../../src/adapters/libp2p/limits.ts'
import type { Libp2pMesh } from '../../../../src/adapters/libp2p/mesh.ts'
import type { Did } from '../../../../src/model/ids.ts'
import { addressOf, openMesh, topicOf, until } from '../../../setup/meshes.ts'
import { openStranger, sendBare, yamuxHead } from '../../../setup/strangers.ts'

const PROTOCOL = topicOf('messages/1')
const ASK = topicOf('ask/1')
const MEBIBYTE = 1_048_576
const DATA = 0
const WINDOW_UPDATE = 1
const SYN = 1

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()))
})

/** A node that serves, and a stranger that is connected to it. */
async function attacked(limits: Partial<MeshLimits> = {}) {
  const node = await openMesh({ limits: { pingMs: 1e6, ...limits } })
  stops.push(() => node.mesh.stop())
  const heard = { messages: 0, requests: 0 }
  const rates = { perSecondMax: 1000, bytesPerSecondMax: 10 * MEBIBYTE }
  node.mesh.handleMessages(PROTOCOL, { bodyBytesMax: 10_000, ...rates }, () => {
    heard.messages += 1
  })
  const asked = { inFlightPerPeerMax: 4, timeoutMs: 300, perSecondMax: 100, burstMax: 100 }
  node.mesh.handleRequest(ASK, { bodyBytesMax: 1000, answerBytesMax: 10, ...asked }, () => {
    heard.requests += 1
    return new Uint8Array(1)
  })
  const host = await openStranger()
  stops.push(async () => host.stop())
  const connection = await host.dial(multiaddr(addressOf(node)))
  await until(() => node.mesh.peers().length > 0)
  const did = node.mesh.peers()[0]?.did as Did
  return { node, host, connection, did, heard }
}

/** An honest peer gets an answer while all that goes on. */
async function honestIsServed(node: Libp2pMesh): Promise<void> {
  const honest = await openMesh()
  stops.push(() => honest.mesh.stop())
  const did = await honest.mesh.connect(addressOf(node))
  const options = { timeoutMs: 10_000, answerBytesMax: 10 }
  expect(await honest.mesh.request(did, ASK, new Uint8Array(1), options)).toEqual(new Uint8Array(1))
}

/** Streams that the peer opened. */
function streamsOf(node: Libp2pMesh, did: Did): number {
  const streams = node.libp2p.getConnections(peerOfDid(did)).flatMap((connection) => connection.streams)
  return streams.filter(({ direction }) => direction === 'inbound').length
}

async function openAll(connection: Connection, protocol: string, count: number): Promise<readonly Stream[]> {
  const opened = await Promise.allSettled(Array.from({ length: count }, () => connection.newStream(protocol)))
  return opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
}

describe('of a hostile peer', () => {
  it('streams beyond the limit of a protocol are reset and charged; an honest peer is served', async () => {
    const { node, connection, did, heard } = await attacked()
    await openAll(connection, PROTOCOL, 30)
    await until(() => (node.mesh.counters()['stream-beyond-limit'] ?? 0) > 0)
    expect(streamsOf(node, did)).toBeLessThan(20)
    expect(node.mesh.peers().find((peer) => peer.did === did)?.score ?? 0).toBeLessThan(1)
    await honestIsServed(node)
    expect(heard.requests).toBe(1)
  })

  it('thousands of streams that say nothing are at most 64 at a time, and go when their time is over', async () => {
    const { node, connection, did } = await attacked({ negotiationTimeoutMs: 2000 })
    const before = streamsOf(node, did)
    for (let at = 0; at < 1900; at += 1)
      sendBare(connection, yamuxHead(WINDOW_UPDATE, SYN, 10_001 + 2 * at, 0))
    await until(() => streamsOf(node, did) > before)
    let most = 0
    await until(() => {
      most = Math.max(most, streamsOf(node, did))
      return streamsOf(node, did) <= before
    })
    expect(most).toBeLessThanOrEqual(64)
    await honestIsServed(node)
  })

  it('streams that come faster than any node needs end the connection and are charged', async () => {
    const { node, connection, did } = await attacked({ newStreamsPerSecondMax: 100 })
    for (let at = 0; at < 1000; at += 1)
      sendBare(connection, yamuxHead(WINDOW_UPDATE, SYN, 10_001 + 2 * at, 0))
    await until(() => node.mesh.counters()['stream-storm'] === 1)
    await until(() => !node.mesh.isConnected(did))
    expect(node.mesh.bans()).toEqual([])
    await honestIsServed(node)
  })

  it('a frame that claims 4 GiB ends the connection before any of it is kept', async () => {
    const { node, connection, did } = await attacked()
    const before = process.memoryUsage().arrayBuffers
    sendBare(connection, yamuxHead(DATA, SYN, 10_001, 0xffffffff))
    sendBare(connection, new Uint8Array(8 * MEBIBYTE))
    await until(() => node.mesh.counters()['stream-storm'] === 1)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * MEBIBYTE)
    await until(() => !node.mesh.isConnected(did))
    await honestIsServed(node)
  })

  it('half a request is given up when its time is over', async () => {
    const { node, connection, did, heard } = await attacked()
    const before = streamsOf(node, did)
    const streams = await openAll(connection, ASK, 4)
    for (const stream of streams) stream.send(Uint8Array.of(100, 0, 0, 0, 1, 2, 3))
    await until(() => streams.every(({ status }) => status === 'reset'))
    await until(() => streamsOf(node, did) <= before)
    expect(heard.requests).toBe(0)
    await honestIsServed(node)
  })

  it('an endless frame is refused by its length, and random bytes too', async () => {
    const { node, connection, did } = await attacked()
    const [first] = await openAll(connection, PROTOCOL, 1)
    first?.send(Uint8Array.of(255, 255, 255, 127, 1, 2, 3))
    await until(() => first?.status === 'reset')
    expect(node.mesh.counters()['message-refused']).toBe(1)
    const [second] = await openAll(connection, PROTOCOL, 1)
    second?.send(new Uint8Array(50_000).fill(0xa5))
    await until(() => second?.status === 'reset')
    const [third] = await openAll(connection, PROTOCOL, 1)
    third?.send(Uint8Array.of(0, 0, 0, 0))
    await until(() => node.mesh.bans().length === 1)
    expect(node.mesh.bans()[0]?.did).toBe(did)
    await honestIsServed(node)
  })

  it('connections beyond four are refused', async () => {
    const { node, host } = await attacked()
    const address = multiaddr(addressOf(node))
    for (let at = 0; at < 8; at += 1) await host.dial(address, { force: true }).catch(() => undefined)
    await until(() => (node.mesh.counters()['connection-beyond-limit'] ?? 0) > 0)
    expect(node.libp2p.getConnections().length).toBeLessThanOrEqual(4)
    await honestIsServed(node)
  })

  it('connections that never finish a handshake do not keep an honest peer out', async () => {
    const { node } = await attacked({
      handshakeTimeoutMs: 1000,
      inboundPerSecondMax: 10_000,
      halfOpenMax: 64,
    })
    const port = Number(addressOf(node).split('/')[4])
    const sockets: Socket[] = []
    for (let at = 0; at < 200; at += 1) {
      const socket = connect({ host: '127.0.0.1', port })
      socket.on('error', () => undefined)
      sockets.push(socket)
    }
    await Promise.all(sockets.map((socket) => once(socket, 'connect').catch(() => undefined)))
    const honest = await openMesh()
    stops.push(() => honest.mesh.stop())
    let did: Did | undefined
    await until(() => {
      if (did === undefined)
        honest.mesh.connect(addressOf(node)).then(
          (found) => (did = found),
          () => undefined,
        )
      return did !== undefined
    })
    expect(did).toBe(node.mesh.self)
    for (const socket of sockets) socket.destroy()
  })
})
