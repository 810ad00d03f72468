import { afterEach, describe, expect, it } from 'vitest'
import type { Libp2pMesh } from '../../../../src/adapters/libp2p/mesh.ts'
import { lengthPrefix } from '../../../../src/codec/raft-frame/length-prefix.ts'
import { assert } from '../../../../src/model/fault.ts'
import type { Did } from '../../../../src/model/ids.ts'
import { openMeshes, topicOf, until } from '../../../setup/meshes.ts'

const PROTOCOL = topicOf('command/1')
const LIMITS = { bodyBytesMax: 100_000, perSecondMax: 1_000_000, bytesPerSecondMax: 1_000_000_000 }

let nodes: readonly Libp2pMesh[] = []
afterEach(async () => {
  await Promise.all(nodes.map(({ mesh }) => mesh.stop()))
})

async function twoNodes(options = {}): Promise<readonly [Libp2pMesh, Libp2pMesh]> {
  nodes = await openMeshes(2, options)
  const [a, b] = nodes
  assert(a !== undefined && b !== undefined, 'two nodes')
  return [a, b]
}

describe('one-way messages', () => {
  it('arrive in order, small ones and large ones', async () => {
    const [a, b] = await twoNodes()
    const heard: number[] = []
    b.mesh.handleMessages(PROTOCOL, LIMITS, (from, body) => {
      expect(from).toBe(a.mesh.self)
      heard.push(body.length)
    })
    const sizes = Array.from({ length: 500 }, (_, at) => (at % 100 === 0 ? 100_000 : 1 + at))
    for (const size of sizes) expect(a.mesh.send(b.mesh.self, PROTOCOL, new Uint8Array(size))).toBe(true)
    await until(() => heard.length === sizes.length)
    expect(heard).toEqual(sizes)
  })

  it('are not taken without a connection, or above the queue', async () => {
    const [a, b] = await twoNodes({ limits: { sendQueueBytesMax: 1000 } })
    const body = new Uint8Array(600)
    // Nobody takes them yet: the stream is being opened, so they wait.
    expect(a.mesh.send(b.mesh.self, PROTOCOL, body)).toBe(true)
    expect(a.mesh.send(b.mesh.self, PROTOCOL, body)).toBe(false)
    await b.mesh.stop()
    await until(() => !a.mesh.isConnected(b.mesh.self))
    expect(a.mesh.send(b.mesh.self, PROTOCOL, body)).toBe(false)
  })

  it('go on after the peer came back', async () => {
    const [a, b] = await twoNodes()
    let heard = 0
    b.mesh.handleMessages(PROTOCOL, LIMITS, () => {
      heard += 1
    })
    const body = new Uint8Array(1)
    a.mesh.send(b.mesh.self, PROTOCOL, body)
    await until(() => heard === 1)
    await a.mesh.disconnect(b.mesh.self)
    await until(() => a.mesh.send(b.mesh.self, PROTOCOL, body))
    await until(() => heard === 2)
    expect(b.mesh.counters()['message-refused']).toBeUndefined()
  })

  it('of a frame too long, or empty, close the stream and are charged', async () => {
    const [a, b] = await twoNodes()
    b.mesh.handleMessages(PROTOCOL, LIMITS, () => undefined)
    for (const [length, score] of [
      [LIMITS.bodyBytesMax + 1, 0.75],
      [0, 0.6],
    ] as const) {
      const stream = await a.mesh.openStream(b.mesh.self, PROTOCOL)
      await stream.write(lengthPrefix(length))
      const over = (async () => {
        for await (const piece of stream.incoming) expect(piece.length).toBe(0)
      })()
      await expect(over).rejects.toMatchObject({ code: 'peer-gone' })
      expect(b.mesh.peers()[0]?.score).toBeLessThan(score)
    }
  })

  it('are bounded for each peer as its own limits say', async () => {
    const [a, b] = await twoNodes()
    const heard: Did[] = []
    const limits = (from: Did) => ({ ...LIMITS, bodyBytesMax: from === a.mesh.self ? 10 : 1_000 })
    for (const { mesh } of [a, b]) mesh.handleMessages(PROTOCOL, limits, (from) => void heard.push(from))
    const body = new Uint8Array(11)
    await until(() => b.mesh.send(a.mesh.self, PROTOCOL, body) && heard.length > 0)
    await until(
      () => a.mesh.send(b.mesh.self, PROTOCOL, body) && (b.mesh.counters()['message-refused'] ?? 0) > 0,
    )
    expect(new Set(heard)).toEqual(new Set([b.mesh.self]))
  })

  it('above the rate make the sender wait, and in the end banned; the receiver’s memory is bounded', async () => {
    const [a, b] = await twoNodes({ limits: { sendQueueBytesMax: 2_000_000 } })
    let heard = 0
    b.mesh.handleMessages(PROTOCOL, { ...LIMITS, perSecondMax: 10 }, () => {
      heard += 1
    })
    const body = new Uint8Array(1000)
    let refused = 0
    await until(() => {
      for (let turn = 0; turn < 1000; turn += 1) if (!a.mesh.send(b.mesh.self, PROTOCOL, body)) refused += 1
      return b.mesh.bans().length > 0
    })
    expect(b.mesh.bans()[0]).toMatchObject({ did: a.mesh.self, times: 1 })
    expect(heard).toBeLessThan(2000)
    expect(refused).toBeGreaterThan(0)
    await until(() => !b.mesh.isConnected(a.mesh.self))
  })
})
