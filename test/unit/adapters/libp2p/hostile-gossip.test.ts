import { StrictNoSign, StrictSign } from '@libp2p/gossipsub'
import { RPC } from '@libp2p/gossipsub/message'
import type { Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, it } from 'vitest'
import type { MeshLimits } from '../../../../src/adapters/libp2p/limits.ts'
import type { Libp2pMesh } from '../../../../src/adapters/libp2p/mesh.ts'
import type { Did } from '../../../../src/model/ids.ts'
import { GOSSIP_BYTES_MAX } from '../../../../src/ports/mesh.ts'
import { addressOf, openMesh, topicOf, until } from '../../../setup/meshes.ts'
import { openStranger } from '../../../setup/strangers.ts'

const TOPIC = topicOf('system')
const QUIET: Partial<MeshLimits> = { pingMs: 1e6 }

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()))
})

async function open(limits: Partial<MeshLimits> = {}): Promise<Libp2pMesh> {
  const node = await openMesh({ limits: { ...QUIET, ...limits } })
  stops.push(() => node.mesh.stop())
  return node
}

async function stranger(policy: typeof StrictSign | typeof StrictNoSign = StrictNoSign) {
  const host = await openStranger(policy)
  stops.push(async () => host.stop())
  return host
}

/** Bytes as they stand on a gossip stream: a varint of their length before them. */
function framed(bytes: Uint8Array): Uint8Array {
  const head: number[] = []
  let left = bytes.length
  for (; left > 127; left = Math.floor(left / 128)) head.push((left % 128) | 128)
  return Uint8Array.from([...head, left, ...bytes])
}

const rpcOf = (messages: readonly { topic: string; data: Uint8Array }[]): Uint8Array =>
  framed(RPC.encode({ subscriptions: [], messages: [...messages] }))

/** A raw stream on which a peer says gossip of its own making, after its library's own stream: the newer one is heard. */
async function gossipStream(victim: Libp2pMesh) {
  const host = await stranger()
  const connection = await host.dial(multiaddr(addressOf(victim)))
  const { streamsOutbound } = host.services.gossip as unknown as {
    streamsOutbound: ReadonlyMap<string, unknown>
  }
  await until(() => streamsOutbound.size === 1)
  const stream: Stream = await connection.newStream('/meshsub/1.1.0')
  await until(() => victim.mesh.peers().length > 0)
  const did = victim.mesh.peers()[0]?.did as Did
  return { host, stream, did }
}

const scoreOf = (node: Libp2pMesh): number => node.mesh.peers()[0]?.score ?? 0

describe('a judge', () => {
  it('keeps a message from those behind it: what it rejects or ignores goes no further, and is charged', async () => {
    const [first, middle, last] = [
      await open({ peersTarget: 0 }),
      await open({ peersTarget: 0 }),
      await open({ peersTarget: 0 }),
    ]
    const heard: string[] = []
    const text = (data: Uint8Array): string => new TextDecoder().decode(data)
    first.mesh.subscribe(TOPIC, () => 'accept')
    middle.mesh.subscribe(TOPIC, async (_from, data) => {
      await Promise.resolve()
      const said = text(data)
      if (said === 'bad') return 'reject'
      if (said === 'throws') throw new Error('a defect of the judge')
      return said === 'known' ? 'ignore' : 'accept'
    })
    last.mesh.subscribe(TOPIC, (_from, data) => {
      heard.push(text(data))
      return 'accept'
    })
    await first.mesh.connect(addressOf(middle))
    await last.mesh.connect(addressOf(middle))
    await until(
      () => middle.mesh.subscribers(TOPIC).length === 2 && last.mesh.subscribers(TOPIC).length === 1,
    )
    await until(() => first.mesh.subscribers(TOPIC).length === 1)
    for (const said of ['bad', 'known', 'throws', 'good'])
      first.mesh.publish(TOPIC, new TextEncoder().encode(said))
    await until(() => heard.length > 0)
    expect(heard).toEqual(['good'])
    const charged = middle.mesh.peers().find(({ did }) => did === first.mesh.self)
    expect(charged?.score).toBeLessThan(0.98)
    expect(middle.mesh.counters()).toMatchObject({
      'gossip-reject': 1,
      'gossip-ignore': 1,
      'judge-failed': 1,
    })
  })

  it('that is slow has a bounded queue of each peer’s messages; the rest are dropped and charged', async () => {
    const node = await open({ judgedPerPeerMax: 4 })
    let judged = 0
    node.mesh.subscribe(TOPIC, () => {
      judged += 1
      return new Promise(() => undefined)
    })
    const { stream } = await gossipStream(node)
    for (let at = 0; at < 40; at += 1) stream.send(rpcOf([{ topic: TOPIC, data: Uint8Array.of(at) }]))
    await until(() => (node.mesh.counters()['judge-queue-full'] ?? 0) >= 36)
    expect(judged).toBe(4)
    expect(scoreOf(node)).toBeLessThan(1)
  })
})

describe('of a hostile peer', () => {
  it('signed messages are not taken: the network’s are signed inside', async () => {
    const node = await open()
    let heard = 0
    node.mesh.subscribe(TOPIC, () => {
      heard += 1
      return 'accept'
    })
    const signing = await stranger(StrictSign)
    await signing.dial(multiaddr(addressOf(node)))
    await until(() => signing.services.gossip.getSubscribers(TOPIC).length === 1)
    await signing.services.gossip.publish(TOPIC, Uint8Array.of(1))
    const plain = await stranger(StrictNoSign)
    await plain.dial(multiaddr(addressOf(node)))
    await until(() => plain.services.gossip.getSubscribers(TOPIC).length === 1)
    await plain.services.gossip.publish(TOPIC, Uint8Array.of(2))
    await until(() => heard > 0)
    expect(heard).toBe(1)
  })

  it('malformed frames are charged, and it is banned for the third', async () => {
    const node = await open()
    node.mesh.subscribe(TOPIC, () => 'accept')
    const { stream, did } = await gossipStream(node)
    for (let at = 0; at < 3; at += 1) stream.send(framed(Uint8Array.of(0xff, 0xff, 0xff, at)))
    await until(() => node.mesh.bans().length === 1)
    expect(node.mesh.bans()[0]).toMatchObject({ did, why: 'a malformed gossip frame' })
    expect(node.mesh.counters()['gossip-malformed']).toBe(3)
    await until(() => node.mesh.peers().length === 0)
  })

  it('what is said by a peer that is not listened to any more leads to a ban, slowly', async () => {
    const node = await open({ peersTarget: 0 })
    node.mesh.subscribe(TOPIC, () => 'accept')
    const { stream, did } = await gossipStream(node)
    // Below what gossip listens to, above what bans.
    node.mesh.penalise(did, 65, 'what was before')
    let sent = 0
    await until(() => {
      if (stream.writeStatus === 'writable' && (node.mesh.counters()['gossip-unheard'] ?? 0) < 200)
        stream.send(rpcOf([{ topic: TOPIC, data: Uint8Array.of(1, sent++ & 255, sent >> 8) }]))
      return node.mesh.bans().length > 0
    })
    expect(node.mesh.bans()[0]).toMatchObject({ did, why: 'gossip of a peer that is not listened to' })
    expect(node.mesh.counters()['gossip-unheard']).toBeGreaterThan(5)
  })

  it('a frame that claims to be larger than any ends the connection before it is kept', async () => {
    const node = await open()
    node.mesh.subscribe(TOPIC, () => 'accept')
    const { stream } = await gossipStream(node)
    stream.send(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x04)) // 1 GiB
    stream.send(new Uint8Array(100_000))
    await until(() => node.mesh.peers().length === 0)
    expect(node.mesh.counters()['gossip-oversize']).toBe(1)
  })

  it('a message above a mebibyte is not judged', async () => {
    const node = await open()
    let heard = 0
    node.mesh.subscribe(TOPIC, () => {
      heard += 1
      return 'accept'
    })
    const { stream } = await gossipStream(node)
    stream.send(rpcOf([{ topic: TOPIC, data: new Uint8Array(GOSSIP_BYTES_MAX + 1) }]))
    await until(() => node.mesh.counters()['gossip-oversize'] === 1)
    expect(heard).toBe(0)
    expect(scoreOf(node)).toBeLessThan(0.7)
  })

  it('a flood is bounded, banned, and costs no memory', async () => {
    const node = await open({ gossipMessagesPerSecondMax: 100 })
    let heard = 0
    node.mesh.subscribe(TOPIC, () => {
      heard += 1
      return 'accept'
    })
    const { stream, did } = await gossipStream(node)
    const before = process.memoryUsage().rss
    const startMs = performance.now()
    let sent = 0
    await until(() => {
      for (let at = 0; at < 50 && stream.writeStatus === 'writable'; at += 1) {
        const data = new Uint8Array(10_000)
        new DataView(data.buffer).setUint32(0, sent)
        stream.send(rpcOf([{ topic: TOPIC, data }]))
        sent += 1
      }
      return node.mesh.bans().length > 0
    })
    expect(node.mesh.bans()[0]?.did).toBe(did)
    const seconds = (performance.now() - startMs) / 1000
    expect(heard).toBeLessThanOrEqual(200 + Math.ceil(seconds * 100))
    expect(sent).toBeGreaterThan(heard)
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1_048_576)
  })

  it('messages with nothing new lead to a ban, unless there are as many good ones', async () => {
    const node = await open({ peersTarget: 0 })
    node.mesh.subscribe(TOPIC, (_from, data) => (data[0] === 1 ? 'accept' : 'ignore'))
    const { stream, did } = await gossipStream(node)
    let sent = 0
    const send = (isGood: boolean): void => {
      sent += 1
      if (stream.writeStatus === 'writable')
        stream.send(rpcOf([{ topic: TOPIC, data: Uint8Array.of(isGood ? 1 : 0, sent, sent >> 8) }]))
    }
    for (let at = 0; at < 400; at += 1) {
      send(true)
      send(false)
    }
    await until(() => node.mesh.counters()['gossip-ignore'] === 400)
    expect(node.mesh.bans()).toEqual([])
    expect(node.mesh.peers()[0]?.score).toBe(1)
    await until(() => {
      for (let at = 0; at < 50; at += 1) send(false)
      return node.mesh.bans().length > 0
    })
    expect(node.mesh.bans()[0]).toMatchObject({ did, why: 'gossip with nothing new' })
  })

  it('long messages with nothing new count for more', async () => {
    const node = await open({ peersTarget: 0 })
    node.mesh.subscribe(TOPIC, () => 'ignore')
    const { stream, did } = await gossipStream(node)
    let sent = 0
    await until(() => {
      for (let at = 0; at < 4 && stream.writeStatus === 'writable'; at += 1) {
        const data = new Uint8Array(262_144)
        data.set([sent, sent >> 8])
        sent += 1
        stream.send(rpcOf([{ topic: TOPIC, data }]))
      }
      return node.mesh.bans().length > 0
    })
    expect(node.mesh.bans()[0]).toMatchObject({ did, why: 'gossip with nothing new' })
    // A third of 200 at once, and 70 that are charged.
    expect(node.mesh.counters()['gossip-ignore']).toBeLessThan(220)
  })

  it('the same message again and again is bounded as any flood', async () => {
    const node = await open({ gossipFramesPerSecondMax: 50 })
    node.mesh.subscribe(TOPIC, () => 'accept')
    const { stream } = await gossipStream(node)
    const same = rpcOf([{ topic: TOPIC, data: Uint8Array.of(7) }])
    await until(() => {
      if (stream.writeStatus === 'writable') stream.send(same)
      return node.mesh.bans().length > 0
    })
    expect(node.mesh.counters()['gossip-accept']).toBe(1)
  })

  it('a message sent first on a topic where it does not belong is heard where it does', async () => {
    const node = await open()
    const other = topicOf('registry')
    const heard: string[] = []
    node.mesh.subscribe(other, () => 'ignore')
    node.mesh.subscribe(TOPIC, () => {
      heard.push(TOPIC)
      return 'accept'
    })
    const { stream } = await gossipStream(node)
    const data = Uint8Array.of(1, 2, 3)
    stream.send(
      rpcOf([
        { topic: topicOf('not-subscribed'), data },
        { topic: other, data },
        { topic: TOPIC, data },
      ]),
    )
    await until(() => heard.length === 1)
    expect(node.mesh.counters()['gossip-foreign-topic']).toBe(1)
  })

  it('subscriptions are bounded: topics of this network alone, and a hundred or so of them', async () => {
    const node = await open()
    const { stream, did } = await gossipStream(node)
    for (let batch = 0; batch < 25; batch += 1) {
      const subscriptions = Array.from({ length: 200 }, (_, at) => ({
        subscribe: true,
        topic: topicOf(`${batch}/${at}`, at % 2 === 0 ? undefined : 'othernet'),
      }))
      stream.send(framed(RPC.encode({ subscriptions, messages: [] })))
    }
    stream.send(rpcOf([{ topic: topicOf('marker'), data: Uint8Array.of(1) }]))
    await until(() => node.mesh.counters()['gossip-foreign-topic'] === 1)
    const taken = Array.from({ length: 25 * 200 }, (_, at) =>
      topicOf(`${Math.floor(at / 200)}/${at % 200}`, at % 2 === 0 ? undefined : 'othernet'),
    ).filter((topic) => node.mesh.subscribers(topic).includes(did))
    expect(taken.length).toBeLessThan(130)
    expect(taken.length).toBeGreaterThan(50)
    expect(taken.filter((topic) => topic.includes('othernet'))).toEqual([])
  })
})
