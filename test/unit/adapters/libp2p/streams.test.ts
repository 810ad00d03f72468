import { afterEach, describe, expect, it } from 'vitest'
import type { Libp2pMesh } from '../../../../src/adapters/libp2p/mesh.ts'
import { assert } from '../../../../src/model/fault.ts'
import type { Did } from '../../../../src/model/ids.ts'
import type { ByteStream } from '../../../../src/ports/raft-transport.ts'
import { openMesh, openMeshes, topicOf, until } from '../../../setup/meshes.ts'

const PROTOCOL = topicOf('test/1')
const LIMITS = { streamsPerPeerMax: 2, unreadBytesMax: 65_536 }

let nodes: readonly Libp2pMesh[] = []
afterEach(async () => {
  await Promise.all(nodes.map(({ mesh }) => mesh.stop()))
})

async function twoNodes(): Promise<readonly [Libp2pMesh, Libp2pMesh]> {
  nodes = await openMeshes(2)
  const [a, b] = nodes
  assert(a !== undefined && b !== undefined, 'two nodes')
  return [a, b]
}

async function readAll(stream: ByteStream): Promise<number> {
  let bytes = 0
  for await (const piece of stream.incoming) bytes += piece.length
  return bytes
}

describe('a stream', () => {
  it('carries bytes both ways, in order, and says who opened it', async () => {
    const [a, b] = await twoNodes()
    const opened: Did[] = []
    b.mesh.handleStream(PROTOCOL, LIMITS, (stream, from) => {
      opened.push(from)
      void (async () => {
        for await (const piece of stream.incoming) await stream.write(piece)
      })()
    })
    const stream = await a.mesh.openStream(b.mesh.self, PROTOCOL)
    const sent = new Uint8Array(300_000).map((_, at) => at % 251)
    const back: Uint8Array[] = []
    const reading = (async () => {
      for await (const piece of stream.incoming) {
        back.push(piece)
        if (back.reduce((sum, { length }) => sum + length, 0) === sent.length) return
      }
    })()
    await stream.write(sent)
    await reading
    expect(Buffer.compare(Buffer.concat(back), Buffer.from(sent))).toBe(0)
    expect(opened).toEqual([a.mesh.self])
    stream.close()
  })

  it('makes its writer wait for a slow reader: what is on the way is bounded', async () => {
    const [a, b] = await twoNodes()
    let taken: ByteStream | undefined
    b.mesh.handleStream(PROTOCOL, LIMITS, (stream) => {
      taken = stream
    })
    const stream = await a.mesh.openStream(b.mesh.self, PROTOCOL)
    const piece = new Uint8Array(65_536)
    let written = 0
    let isDone = false
    const writing = (async () => {
      while (written < 64) {
        await stream.write(piece)
        written += 1
      }
      isDone = true
    })()
    await until(() => taken !== undefined)
    // It stalls: with nobody reading, the count stays where it is.
    let before = -1
    await until(() => {
      const isStill = written === before
      before = written
      return isStill && written > 0
    })
    const settled = await stalled(() => written)
    // One window, what is unread, what the sockets hold.
    expect(settled * piece.length).toBeLessThan(3_500_000)
    expect(isDone).toBe(false)
    const reading = readAll(taken as unknown as ByteStream)
    await writing
    stream.close()
    await reading.catch(() => undefined)
  })

  it('beyond a peer’s limit is reset and charged; the others go on', async () => {
    const [a, b] = await twoNodes()
    b.mesh.handleStream(PROTOCOL, LIMITS, () => undefined)
    const kept = [
      await a.mesh.openStream(b.mesh.self, PROTOCOL),
      await a.mesh.openStream(b.mesh.self, PROTOCOL),
    ]
    const third = await a.mesh.openStream(b.mesh.self, PROTOCOL)
    await expect(readAll(third)).rejects.toMatchObject({ code: 'peer-gone' })
    expect(b.mesh.peers()[0]?.score).toBeLessThan(1)
    for (const stream of kept) await stream.write(new Uint8Array(10))
    for (const stream of kept) stream.close()
  })

  it('of another network’s protocol is refused', async () => {
    const [a, b] = await twoNodes()
    b.mesh.handleStream(PROTOCOL, LIMITS, () => undefined)
    const foreign = topicOf('test/1', 'othernet')
    await expect(a.mesh.openStream(b.mesh.self, foreign)).rejects.toMatchObject({ code: 'peer-refused' })
  })

  it('to a peer of whom nothing is known cannot be had', async () => {
    const [a] = await twoNodes()
    const stranger = await openMesh()
    const { self } = stranger.mesh
    await stranger.mesh.stop()
    await expect(a.mesh.openStream(self, PROTOCOL)).rejects.toMatchObject({ code: 'peer-unreachable' })
  })
})

/** The value once it has not changed for a while. */
async function stalled(value: () => number): Promise<number> {
  let last = value()
  let rounds = 0
  await until(() => {
    rounds = value() === last ? rounds + 1 : 0
    last = value()
    return rounds > 20
  })
  return last
}
