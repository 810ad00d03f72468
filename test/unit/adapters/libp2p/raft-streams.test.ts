import { afterEach, describe, expect, it } from 'vitest'
import type { Libp2pMesh } from '../../../../src/adapters/libp2p/mesh.ts'
import { systemClock } from '../../../../src/adapters/system/clock.ts'
import type { RaftId } from '../../../../src/model/raft.ts'
import { meshStreams } from '../../../../src/services/raft-host/mesh-streams.ts'
import { StreamTransport } from '../../../../src/services/raft-host/stream-transport.ts'
import { NETWORK, openMeshes, until } from '../../../setup/meshes.ts'

let nodes: readonly Libp2pMesh[] = []
let transports: StreamTransport[] = []
afterEach(async () => {
  for (const transport of transports) transport.close()
  await Promise.all(nodes.map(({ mesh }) => mesh.stop()))
})

const raftIdOf = (at: number): RaftId => (at + 1) as RaftId

/** Members are the first `members` nodes; whoever is none may still try to speak. */
function openTransports(members: number) {
  const dids = nodes.map(({ mesh }) => mesh.self)
  const heard = nodes.map((): string[] => [])
  transports = nodes.map(({ mesh }, at) => {
    const streams = meshStreams({
      mesh,
      network: NETWORK,
      didOf: (peer) => dids[peer - 1],
      raftIdOf: (did) => (dids.indexOf(did) < members ? raftIdOf(dids.indexOf(did)) : undefined),
    })
    const transport = new StreamTransport({
      self: raftIdOf(at),
      incarnation: 1,
      network: new Uint8Array(32).fill(7),
      clock: systemClock,
      dial: (peer) => streams.dial(peer),
      knows: (peer) => peer <= members,
      listener: { onFrame: (from, frame) => heard[at]?.push(`${from}:${frame.length}`) },
      queueBytesMax: 8_388_608,
    })
    streams.serve(transport)
    return transport
  })
  for (const [at, transport] of transports.entries()) {
    const others = nodes.map((_, other) => raftIdOf(other)).filter((other) => other !== raftIdOf(at))
    transport.follow(new Set(others))
  }
  return { heard, dids }
}

describe('raft frames over the mesh', () => {
  it('go between three nodes in order, large ones whole, each by the raft id that its key has', async () => {
    nodes = await openMeshes(3)
    const { heard } = openTransports(3)
    const pairs = transports.flatMap((transport, from) =>
      transports.flatMap((_, to) => (to === from ? [] : [{ transport, from, to }])),
    )
    const sizes = [1, 1000, 700_000, 5]
    for (const { transport, to } of pairs) {
      const [first = 1] = sizes
      await until(() => transport.send(raftIdOf(to), new Uint8Array(first)))
      for (const size of sizes.slice(1)) expect(transport.send(raftIdOf(to), new Uint8Array(size))).toBe(true)
    }
    await until(() => heard.every((frames) => frames.length === 8))
    for (const { from, to } of pairs) {
      const frames = heard[to]?.filter((frame) => frame.startsWith(`${raftIdOf(from)}:`))
      expect(frames).toEqual(sizes.map((size) => `${raftIdOf(from)}:${size}`))
    }
  })

  it('of a node that is no member go nowhere, and it is charged', async () => {
    nodes = await openMeshes(3)
    const { heard, dids } = openTransports(2)
    const [first, , stranger] = nodes
    await until(() => (first?.mesh.peers().find(({ did }) => did === dids[2])?.score ?? 1) < 1)
    transports[2]?.send(raftIdOf(0), new Uint8Array(10))
    await until(() => transports[0]?.send(raftIdOf(1), new Uint8Array(3)) === true)
    await until(() => heard[1]?.length === 1)
    expect(heard).toEqual([[], ['1:3'], []])
    expect(stranger?.mesh.self).toBe(dids[2])
  })
})
