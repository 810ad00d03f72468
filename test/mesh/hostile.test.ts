import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { didOfPeer } from '../../src/adapters/libp2p/identity.ts'
import { LogFiles } from '../../src/adapters/log-files/log-files.ts'
import { decodeItemLeaf } from '../../src/codec/certificate/leaf.ts'
import { cidOf } from '../../src/codec/cid.ts'
import { encodeDagCbor } from '../../src/codec/dag-cbor/encode.ts'
import { HUB } from '../../src/codec/entry/item.ts'
import { encodeBatch, signBatch } from '../../src/codec/envelope/batch.ts'
import type { BodyParts } from '../../src/codec/envelope/body.ts'
import { draftBody, encodeBody } from '../../src/codec/envelope/draft-body.ts'
import { accountThreadOf } from '../../src/codec/envelope/thread-id.ts'
import { decodeFetchAnswer, encodeFetch, type FetchRequest } from '../../src/codec/fetch/messages.ts'
import { encodeGossip } from '../../src/codec/gossip/gossip-message.ts'
import { decodeLogAnswer, encodeLogMessage } from '../../src/codec/log-fetch/messages.ts'
import { decodePlanSyncAnswer, encodePlanSync } from '../../src/codec/plan-sync/request.ts'
import { joinFrames } from '../../src/codec/raft-frame/length-prefix.ts'
import { encodeVoterMessage } from '../../src/codec/voter-message/voter-message.ts'
import type { ThreadId } from '../../src/model/ids.ts'
import { openPolicyPart } from '../../src/node/daemon/policy-part.ts'
import { homePaths } from '../../src/node/home.ts'
import { topicsOf } from '../../src/services/gossip/topics.ts'
import { SignatureBook, sha256 } from '../setup/certificates.ts'
import { CertifiedLog } from '../setup/certified-log.ts'
import { addressOf } from '../setup/joined-node.ts'
import { isOver, MeshNetwork, printing, wanted } from '../setup/mesh-cluster.ts'
import { addsTask, person } from '../setup/said.ts'
import { residentBytes, WildPeer } from '../setup/wild-peer.ts'

const LONG_MS = 300_000
const MEBIBYTE = 1_048_576
/** What a node may have grown by after all of it: its own work is in it too. */
const GROWTH_BYTES_MAX = 256 * MEBIBYTE
const QUICK = 'test/quick'
const THREAD = 'a'.repeat(32) as ThreadId
const [VICTIM, WORKER, VERIFIER] = [0, 1, 2]

let network: MeshNetwork
let net: string
let before = 0
const peers: WildPeer[] = []

beforeAll(async () => {
  const part = { capability: QUICK, way: printing('quick') }
  network = await MeshNetwork.start({
    nodes: 3,
    verifiers: [VERIFIER],
    capabilities: [QUICK],
    attached: [
      { ...part, place: WORKER, does: ['works'] },
      { ...part, place: VERIFIER, does: ['judges'] },
    ],
  })
  net = network.cluster.network.genesis.net.toString()
  await settled()
  before = residentBytes(pid())
}, LONG_MS)

afterEach(async () => {
  await Promise.all(peers.splice(0).map((peer) => peer.stop()))
})

afterAll(async () => {
  await network.end()
}, LONG_MS)

const pid = (): number => network.cluster.pidOf(network.node(VICTIM)) ?? 0
const protocolOf = (name: string): string => `/canswarm/${net}/${name}`

async function wild(node = VICTIM): Promise<WildPeer> {
  const peer = await WildPeer.connect(addressOf(network.node(node)))
  peers.push(peer)
  return peer
}

/** The network does its work. */
async function settled(): Promise<void> {
  const posted = await wanted(network.post(QUICK))
  expect((await network.until(posted.need, isOver)).state).toBe('SETTLED')
}

/** Says it again and again until the node has banned who says it; the number of times. */
async function untilBanned(peer: WildPeer, say: (n: number) => Promise<unknown>): Promise<number> {
  const victim = network.node(VICTIM)
  const did = didOfPeer(peer.host.peerId)
  let times = 0
  await network.cluster.until(victim, async () => {
    if (peer.isConnected) await say(times++)
    const { bans } = await wanted(victim.api.call('peers', {}))
    return bans.some((ban) => ban.did === did)
  })
  return times
}

const KEYS = 200
const EACH = 15

/** Transfers of what nobody has, signed by keys that nobody knows, as the policy wants them: the hub alone can refuse them. */
async function worthless(): Promise<Uint8Array> {
  const { genesis } = network.cluster.network
  const policy = openPolicyPart(genesis)
  const author = policy.gates?.author
  if (author === undefined) throw new Error('a network with a policy')
  const frames: Uint8Array[] = []
  for (const by of Array.from({ length: KEYS }, (_, n) => person(`nobody ${n}`))) {
    const thread = accountThreadOf(genesis.net, by.did, sha256)
    const payload = { to: by.did, amount: '1' }
    const capsule = author.capsule()
    const drafts = Array.from({ length: EACH }, (_, at) => {
      const place = {
        net: genesis.net,
        thread,
        kind: 'TRANSFER',
        lamport: at + 1,
        sender: by.did,
        seq: at + 1,
      }
      const prev = at === 0 ? [] : [genesis.net.toString()]
      return draftBody({ ...place, ts: 1, prev, capsule, payload } as unknown as BodyParts)
    })
    const digests = await author.preflight(drafts)
    const bodies = drafts.map((draft, at) => {
      const digest = digests[at]
      if (digest?.ok !== true) throw new Error('the policy allows it')
      return encodeBody(draft, digest.value)
    })
    const batch = encodeBatch(signBatch(nodeCrypto, genesis.net, by.secret, bodies))
    frames.push(encodeVoterMessage({ kind: 'batch', batch }))
  }
  await policy.close()
  return joinFrames(frames)
}

/** Entries that the hub refused, as a node's own log has them. */
function refusedAt(node: number): number {
  const logs = LogFiles.open(homePaths(network.node(node).home).record, sha256)
  const refused = [...logs.records(HUB)].filter((record) => {
    const read = record.kind === 'item' ? decodeItemLeaf(record.leaf) : undefined
    return read?.ok === true && !read.value.applied
  })
  logs.close()
  return refused.length
}

const REQUESTS = ['log/1', 'fetch/1', 'plan-sync/1'] as const
const STREAMS = [...REQUESTS, 'command/1', 'raft/1'] as const

describe('a hostile peer of a node with all its services', () => {
  it.each(REQUESTS)(
    'that asks %s for what is no request gets an answer of its kind or none, and is banned',
    async (name) => {
      const decode = {
        'log/1': decodeLogAnswer,
        'fetch/1': decodeFetchAnswer,
        'plan-sync/1': decodePlanSyncAnswer,
      }[name]
      const peer = await wild()
      const bodies = [
        randomBytes(200),
        encodeDagCbor({ v: 1, kind: 'of everything' }),
        encodeDagCbor([]),
        new Uint8Array(0),
      ]
      const times = await untilBanned(peer, async (n) => {
        const answer = await peer.ask(protocolOf(name), bodies[n % bodies.length] as Uint8Array)
        if (answer !== undefined) expect(decode(answer).ok).toBe(true)
      })
      expect(times).toBeLessThan(12)
    },
    LONG_MS,
  )

  it.each(STREAMS)(
    'that says what is no frame on %s, or claims gibibytes, is banned',
    async (name) => {
      const peer = await wild()
      const pieces = [
        Uint8Array.of(255, 255, 255, 127, 1, 2, 3),
        randomBytes(100_000),
        Uint8Array.of(0, 0, 0, 0),
        joinFrames([randomBytes(50)]),
      ]
      const times = await untilBanned(peer, (n) =>
        peer.say(protocolOf(name), pieces[n % pieces.length] as Uint8Array),
      )
      expect(times).toBeLessThan(40)
    },
    LONG_MS,
  )

  it(
    'that asks for the most that may be asked for, as fast as it can, is held back; the network goes on',
    async () => {
      const ids = Array.from({ length: 256 }, (_, n) => cidOf(Uint8Array.of(n), sha256))
      const parts = Array.from({ length: 256 }, (_, n) => n)
      const fetches: readonly FetchRequest[] = [
        { v: 1, kind: 'heads' },
        { v: 1, kind: 'said', needs: ids.slice(0, 32) },
        { v: 1, kind: 'of-thread', thread: THREAD, ids },
        {
          v: 1,
          kind: 'range',
          thread: THREAD,
          sender: person('a').did,
          from: 0,
          to: Number.MAX_SAFE_INTEGER,
        },
      ]
      const asks = [
        ...fetches.map((request) => ['fetch/1', encodeFetch(request)] as const),
        ['log/1', encodeLogMessage({ v: 1, kind: 'page', machine: -1, from: 0, size: 20 })] as const,
        [
          'log/1',
          encodeLogMessage({ v: 1, kind: 'page', machine: 3, from: 0, size: Number.MAX_SAFE_INTEGER }),
        ] as const,
        ...Array.from(
          { length: 32 },
          (_, machine) =>
            ['log/1', encodeLogMessage({ v: 1, kind: 'newest', machine, after: 0 as never })] as const,
        ),
        ['plan-sync/1', encodePlanSync({ v: 1, kind: 'compare', root: sha256(new Uint8Array(1)) })] as const,
        ['plan-sync/1', encodePlanSync({ v: 1, kind: 'threads', parts })] as const,
        [
          'plan-sync/1',
          encodePlanSync({ v: 1, kind: 'sync', thread: THREAD, begin: true, message: randomBytes(9) }),
        ] as const,
      ]
      const flood = async (): Promise<void> => {
        const peer = await wild()
        for (let round = 0; round < 20 && peer.isConnected; round++)
          await Promise.all(asks.map(([name, body]) => peer.ask(protocolOf(name), body)))
      }
      const posted = await wanted(network.post(QUICK))
      await Promise.all([flood(), flood(), flood()])
      expect((await network.until(posted.need, isOver)).state).toBe('SETTLED')
    },
    LONG_MS,
  )

  it.each(['need', 'system', 'plan'] as const)(
    'that forges what goes by gossip on %s is banned, and nothing of it goes on',
    async (name) => {
      const peer = await wild()
      const topic = topicsOf(net)[name]
      const { gossip } = peer.host.services
      gossip.subscribe(topic)
      await network.cluster.until(network.node(VICTIM), async () => gossip.getSubscribers(topic).length > 0)
      const forged = (n: number): Uint8Array => {
        if (n % 3 === 0) return randomBytes(500)
        if (n % 3 === 1)
          return encodeGossip({ kind: 'batch', batch: addsTask(person(`liar ${n}`), THREAD, n).batch })
        const log = new CertifiedLog(1 + n, new SignatureBook()).add('a', 'b')
        return encodeGossip({ kind: 'certified', batches: [log.batch(0)] })
      }
      const times = await untilBanned(peer, (n) => gossip.publish(topic, forged(n)).catch(() => undefined))
      // Each costs half a point at least, also when gossip has ceased to listen; at 70 points it is over.
      expect(times).toBeLessThan(150)
    },
    LONG_MS,
  )

  it(
    'that signs what the hub would refuse with any number of keys fills no log with it; the network goes on',
    async () => {
      const refusedBefore = Math.max(...[0, 1, 2].map(refusedAt))
      const bytes = await worthless()
      for (const node of [0, 1, 2]) await (await wild(node)).say(protocolOf('command/1'), bytes)
      for (let n = 0; n < 3; n++) await settled()
      const refused = Math.max(...[0, 1, 2].map(refusedAt)) - refusedBefore
      // What strangers may have at once, and by the second since.
      expect(refused).toBeLessThan((KEYS * EACH) / 5)
    },
    LONG_MS,
  )

  it(
    'leaves a node that works, whose memory has not grown with it, and which banned nobody else',
    async () => {
      await settled()
      expect(residentBytes(pid()) - before).toBeLessThan(GROWTH_BYTES_MAX)
      for (const { api } of network.cluster.nodes) {
        const { bans } = await wanted(api.call('peers', {}))
        expect(bans.filter(({ did }) => network.cluster.nodes.some((node) => node.did === did))).toEqual([])
      }
      expect(await network.untilOneLedger()).toHaveLength(3)
    },
    LONG_MS,
  )
})
