import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nodeCrypto } from '../../../src/adapters/crypto/node-crypto.ts'
import { acceptedKeys } from '../../../src/codec/did/accepted-keys.ts'
import { decodeGenesis, encodeGenesis } from '../../../src/codec/genesis/genesis.ts'
import type { Did, ThreadId } from '../../../src/model/ids.ts'
import { ok } from '../../../src/model/result.ts'
import { openFollowerPart } from '../../../src/node/daemon/follower-part.ts'
import { openHeartPart } from '../../../src/node/daemon/heart-part.ts'
import type { KeyPair } from '../../../src/ports/keystore.ts'
import type { Mesh } from '../../../src/ports/mesh.ts'
import { scratch } from '../../setup/canswarm.ts'
import { person, say } from '../../setup/said.ts'

const VOTERS = ['a', 'b', 'c', 'd'].map(person)
const [SELF, OTHER] = VOTERS as [(typeof VOTERS)[0], (typeof VOTERS)[0]]
const STRANGER = person('nobody of this network')
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
    buckets: 1,
  }
  const opened = decodeGenesis(encodeGenesis(genesis), nodeCrypto.sha256)
  if (!opened.ok) throw new Error(opened.error.message)
  return opened.value
}

/** A node that is one of four voters, beside a mesh that notes what is sent. */
function started(home: string) {
  const [sent, came] = [[] as Did[], [] as ((peer: Did, isConnected: boolean) => void)[]]
  const mesh = {
    onPeer: (listener: (typeof came)[0]) => void came.push(listener),
    send: (to: Did) => sent.push(to) > 0,
    handleMessages: () => undefined,
    handleRequest: () => undefined,
    penalise: () => undefined,
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
    policy: { judge: () => ok(undefined), ingress: (batch) => Promise.resolve(batch), bundle: undefined },
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
  return { part, sent, comes }
}

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
