import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nodeCrypto } from '../../../src/adapters/crypto/node-crypto.ts'
import { acceptedKeys } from '../../../src/codec/did/accepted-keys.ts'
import { encodeBatch, signBatch } from '../../../src/codec/envelope/batch.ts'
import type { BodyParts } from '../../../src/codec/envelope/body.ts'
import { draftBody, encodeBody } from '../../../src/codec/envelope/draft-body.ts'
import { noCapsule, noPolicyDigest } from '../../../src/codec/envelope/no-policy.ts'
import { decodeGenesis, encodeGenesis } from '../../../src/codec/genesis/genesis.ts'
import { encodeVoterMessage } from '../../../src/codec/voter-message/voter-message.ts'
import type { Did, ThreadId } from '../../../src/model/ids.ts'
import type { MicroText } from '../../../src/model/micro.ts'
import { ok } from '../../../src/model/result.ts'
import { openFollowerPart } from '../../../src/node/daemon/follower-part.ts'
import { openHeartPart } from '../../../src/node/daemon/heart-part.ts'
import type { KeyPair } from '../../../src/ports/keystore.ts'
import type { Mesh, MessageLimits } from '../../../src/ports/mesh.ts'
import { scratch } from '../../setup/canswarm.ts'
import { type Person, person, say } from '../../setup/said.ts'

const VOTERS = ['a', 'b', 'c', 'd'].map(person)
const [SELF, OTHER] = VOTERS as [Person, Person]
const STRANGER = person('nobody of this network')
const ACCOUNT = person('somebody with an account')
const THREAD = 'a'.repeat(32) as ThreadId

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

function genesisOf() {
  const genesis = {
    v: 1 as const,
    label: 'test',
    class: 'development' as const,
    nonce: new Uint8Array(16),
    created: 1_000,
    voters: VOTERS.map(({ did }) => did),
    f: 1,
    governance: [],
    parameters: {},
    accounts: [{ did: ACCOUNT.did, amount: '1000000' as MicroText }],
    buckets: 1,
  }
  const opened = decodeGenesis(encodeGenesis(genesis), nodeCrypto.sha256)
  if (!opened.ok) throw new Error(opened.error.message)
  return opened.value
}

/** A node that is one of four voters, beside a mesh that notes what is sent. */
function started(home: string) {
  const [sent, came] = [[] as Did[], [] as ((peer: Did, isConnected: boolean) => void)[]]
  const blamed: Did[] = []
  /** Of each envelope that came to INGRESS: whether its result is journalled. */
  const journalled: boolean[] = []
  let hear: (from: Did, body: Uint8Array) => void = () => undefined
  let limitsOf: (peer: Did) => MessageLimits = () => ({
    bodyBytesMax: 0,
    perSecondMax: 0,
    bytesPerSecondMax: 0,
  })
  const mesh = {
    onPeer: (listener: (typeof came)[0]) => void came.push(listener),
    isConnected: () => true,
    send: (to: Did) => sent.push(to) > 0,
    handleMessages: (_: string, limits: typeof limitsOf, handler: typeof hear) => {
      limitsOf = limits
      hear = handler
    },
    handleRequest: () => undefined,
    penalise: (peer: Did) => void blamed.push(peer),
  } as unknown as Mesh
  const genesis = genesisOf()
  const keys = acceptedKeys(nodeCrypto)
  const onFault = (error: unknown): void => expect(error).toBeUndefined()
  const key = { ...SELF, publicKey: nodeCrypto.publicKeyOf(SELF.secret) } as KeyPair
  const part = openHeartPart({
    home,
    genesis,
    key,
    keys,
    mesh,
    policy: {
      judge: () => ok(undefined),
      ingress(batch, isJournalled) {
        journalled.push(...batch.items.map((item) => item.ok && isJournalled(item.value.body.sender)))
        return Promise.resolve(batch)
      },
      bundle: undefined,
    },
    fetch: () => Promise.resolve(),
    release: () => undefined,
    trace: () => undefined,
    onFault,
  })
  const followed = { home, genesis, keys, mesh, heart: part, tell: () => undefined, onFault }
  part.heart.start(openFollowerPart(followed).host, () => undefined)
  part.listen(() => [])
  const comes = (peer: Did): void => {
    for (const listener of came) listener(peer, true)
  }
  const says = (from: Did, batch: Uint8Array): void =>
    hear(from, encodeVoterMessage({ kind: 'batch', batch }))
  return { part, sent, comes, says, blamed, journalled, limitsOf: (peer: Did) => limitsOf(peer) }
}

/** Words of somebody, of one batch, on a need that nobody has. */
function words(by: Person, count: number): Uint8Array {
  const { net } = genesisOf()
  const bodies = Array.from({ length: count }, (_, at) => {
    const place = { net, thread: THREAD, kind: 'CANCEL', lamport: at + 1, sender: by.did, seq: at + 1, ts: 1 }
    const rest = { prev: [net.toString()], capsule: noCapsule(nodeCrypto.sha256), payload: { need_id: net } }
    const draft = draftBody({ ...place, ...rest } as unknown as BodyParts)
    return encodeBody(draft, noPolicyDigest(draft, nodeCrypto.sha256))
  })
  return encodeBatch(signBatch(nodeCrypto, net, by.secret, bodies))
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a voter that said something which no entry carries', () => {
  it('says it again at once when a voter is back; strangers who reconnect hurry nobody', async () => {
    using place = scratch()
    const home = join(place.path, 'home')
    mkdirSync(home)
    const { part, sent, comes } = started(home)
    const said = say(SELF, { thread: THREAD, seq: 1 }, 'CANCEL', { need_id: genesisOf().net })
    part.heart.submit(said.batch, [said.envelope])
    const others = VOTERS.slice(1).map(({ did }) => did)
    expect(sent.splice(0).sort()).toEqual(others.toSorted())
    // After a minute it is said again each half of one.
    vi.advanceTimersByTime(62_500)
    sent.length = 0
    for (let n = 0; n < 100; n++) comes(STRANGER.did)
    vi.advanceTimersByTime(3_000)
    expect(sent).toEqual([])
    comes(OTHER.did)
    vi.advanceTimersByTime(1_000)
    expect(sent.toSorted()).toEqual(others.toSorted())
    await part.stop()
  })
})

describe('what strangers say to a node', () => {
  it('is judged as far as its rate goes; what voters say is', async () => {
    using place = scratch()
    const home = join(place.path, 'home')
    mkdirSync(home)
    const { part, says, blamed, limitsOf } = started(home)
    for (let n = 0; n < 40; n++)
      for (const from of [STRANGER, OTHER]) says(from.did, new Uint8Array(1_048_576))
    await settled()
    const blamedOf = ({ did }: Person): number => blamed.filter((peer) => peer === did).length
    expect(blamedOf(OTHER)).toBe(40)
    expect(blamedOf(STRANGER)).toBeGreaterThan(0)
    expect(blamedOf(STRANGER)).toBeLessThan(20)
    expect(limitsOf(STRANGER.did).bytesPerSecondMax).toBeLessThan(limitsOf(OTHER.did).bytesPerSecondMax)
    await part.stop()
  })

  it('fills the journal with so many lines, and no more each second', async () => {
    using place = scratch()
    const home = join(place.path, 'home')
    mkdirSync(home)
    const { part, says, journalled } = started(home)
    const ofLate = (): number => journalled.splice(0).filter(Boolean).length
    says(STRANGER.did, words(STRANGER, 1_000))
    says(STRANGER.did, words(person('another nobody'), 500))
    await settled()
    expect([journalled.length, ofLate()]).toEqual([1_500, 1_000])
    vi.advanceTimersByTime(2_000)
    says(OTHER.did, words(person('one more'), 100))
    await settled()
    expect([journalled.length, ofLate()]).toEqual([100, 20])
    // Its account is known from genesis.
    says(OTHER.did, words(ACCOUNT, 100))
    await settled()
    expect([journalled.length, ofLate()]).toEqual([100, 100])
    await part.stop()
  })
})
