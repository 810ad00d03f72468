import type { TopicScoreParams } from '@libp2p/gossipsub/score'
import { afterEach, describe, expect, it } from 'vitest'
import { boundMessageCache } from '../../../../src/adapters/libp2p/gossip-guard.ts'
import type { GossipInternals } from '../../../../src/adapters/libp2p/gossip-internals.ts'
import { GossipUpkeep } from '../../../../src/adapters/libp2p/gossip-upkeep.ts'
import type { Libp2pMesh } from '../../../../src/adapters/libp2p/mesh.ts'
import { assert } from '../../../../src/model/fault.ts'
import { meshedOn, openMeshes, topicOf, until } from '../../../setup/meshes.ts'

const TOPIC = topicOf('system')
const MEBIBYTE = 1_048_576

let nodes: readonly Libp2pMesh[] = []
afterEach(async () => {
  await Promise.all(nodes.map(({ mesh }) => mesh.stop()))
  nodes = []
})

describe('what a mesh peer must forward', () => {
  function upkeepOf() {
    const topics: Record<string, TopicScoreParams> = {}
    const gossip = { score: { params: { topics } } } as unknown as GossipInternals
    const upkeep = new GossipUpkeep(gossip, { getConnections: () => [] } as never)
    upkeep.score(TOPIC)
    const asked = (): number => topics[TOPIC]?.meshMessageDeliveriesThreshold ?? Number.NaN
    const run = (perSecond: number, seconds: number): void => {
      for (let second = 0; second < seconds; second += 1) {
        for (let at = 0; at < perSecond; at += 1) upkeep.saw(TOPIC)
        upkeep.heartbeat()
      }
    }
    return { asked, run }
  }

  it('is nothing on a quiet topic', () => {
    const { asked, run } = upkeepOf()
    run(0, 10)
    expect(asked()).toBeLessThan(0.001)
    run(2, 1000)
    expect(asked()).toBeLessThan(0.001)
  })

  it('is a share of the traffic, at most 4, and nothing again when the topic is quiet', () => {
    const { asked, run } = upkeepOf()
    run(5, 300)
    expect(asked()).toBeCloseTo((5 * 0.97 * 0.02) / 0.03, 1)
    run(100, 100)
    expect(asked()).toBe(4)
    run(0, 200)
    expect(asked()).toBeLessThan(0.001)
  })
})

describe('a gossip stream that broke', () => {
  it('is opened again at a heartbeat, and what is published then arrives', async () => {
    nodes = await openMeshes(2)
    const [a, b] = nodes
    assert(a !== undefined && b !== undefined, 'two nodes')
    const heard: number[] = []
    a.mesh.subscribe(TOPIC, () => 'accept')
    b.mesh.subscribe(TOPIC, (_from, data) => {
      heard.push(data[0] ?? 0)
      return 'accept'
    })
    await meshedOn(TOPIC, nodes)
    let at = 0
    // More than once: soon after connecting, the library may open one of its own accord.
    for (let turn = 0; turn < 4; turn += 1) {
      const streams = a.libp2p.getConnections().flatMap((connection) => connection.streams)
      const outbound = streams.filter(({ direction }) => direction === 'outbound')
      const broken = outbound.filter(({ protocol }) => protocol.startsWith('/meshsub'))
      expect(broken).toHaveLength(1)
      for (const stream of broken) stream.abort(new Error('broken by the test'))
      const before = heard.length
      await until(() => {
        at += 1
        a.mesh.publish(TOPIC, Uint8Array.of(at, at >> 8))
        return heard.length > before
      })
    }
    expect(b.mesh.isConnected(a.mesh.self)).toBe(true)
  })
})

describe('messages for those who missed them', () => {
  function cacheOf() {
    const kept = new Map<string, number>()
    const mcache: GossipInternals['mcache'] = {
      put: ({ msgIdStr }, { data }) => {
        kept.set(msgIdStr, data?.length ?? 0)
        return true
      },
      getWithIWantCount: (id) => ({
        msg: { topic: TOPIC, data: new Uint8Array(kept.get(id) ?? 0) },
        count: 1,
      }),
    }
    const heartbeat = boundMessageCache({ mcache })
    return { kept, mcache, heartbeat }
  }

  it('are at most 8 MiB a heartbeat', () => {
    const { kept, mcache, heartbeat } = cacheOf()
    const put = (id: string): boolean =>
      mcache.put({ msgIdStr: id }, { topic: TOPIC, data: new Uint8Array(MEBIBYTE) })
    for (let at = 0; at < 20; at += 1) put(`${at}`)
    expect(kept.size).toBe(8)
    heartbeat()
    expect(put('next')).toBe(true)
  })

  it('go to one peer up to 2 MiB a heartbeat, and to another all the same', () => {
    const { mcache, heartbeat } = cacheOf()
    mcache.put({ msgIdStr: 'a' }, { topic: TOPIC, data: new Uint8Array(MEBIBYTE) })
    const got = (peer: string): number =>
      Array.from({ length: 5 }, () => mcache.getWithIWantCount('a', peer)).filter((found) => found !== null)
        .length
    expect(got('greedy')).toBe(2)
    expect(got('greedy')).toBe(0)
    expect(got('another')).toBe(2)
    heartbeat()
    expect(got('greedy')).toBe(2)
  })
})
