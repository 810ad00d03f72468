import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { cidOf, envelopeIdOf } from '../../../../src/codec/cid.ts'
import { decodeBatch } from '../../../../src/codec/envelope/batch.ts'
import { signStatement } from '../../../../src/codec/signed/statement.ts'
import { FaultError } from '../../../../src/model/fault.ts'
import type { Signature, ThreadId } from '../../../../src/model/ids.ts'
import { reject } from '../../../../src/model/rejection.ts'
import { ok } from '../../../../src/model/result.ts'
import { Hearing, type HearingDeps } from '../../../../src/services/heart/hearing.ts'
import { NeedPools } from '../../../../src/services/heart/need-pools.ts'
import { Testimony } from '../../../../src/services/heart/testimony.ts'
import { NET } from '../../../setup/arbitrary-envelope.ts'
import { openWorld, type Person, person, say } from '../../../setup/said.ts'

const { sha256 } = nodeCrypto
const VOTERS = ['one', 'two', 'three'].map(person) as [Person, Person, Person]
const STRANGER = person('stranger')
const need = cidOf(new Uint8Array([1]), sha256)
const name = envelopeIdOf(need)
const content = cidOf(new Uint8Array([2]), sha256)
const head = new Uint8Array(32).fill(1)
const NO_SIGNATURE = new Uint8Array(64) as Signature

/** A voter that asked what others have seen at `head`, and for `content`. */
function asking() {
  const testimony = new Testimony(VOTERS.length, { monotonicMs: () => 0 })
  const blamed: string[] = []
  const faults: unknown[] = []
  const read: string[] = []
  const judged = { fault: new Error('the judge failed'), by: undefined as HearingDeps['judge'] | undefined }
  const passed: unknown[] = []
  const forHub: string[] = []
  const pools = new NeedPools()
  const hearing = new Hearing({
    sha256,
    world: openWorld,
    voters: VOTERS.map(({ did }) => did),
    pools,
    testimony,
    witness: { tellSeen: () => undefined, tellHave: () => Promise.resolve() },
    slots: { hear: ({ voter }) => void read.push(voter) },
    hub: {
      add: (_id, _field, _bytes, _slot, sender) => forHub.push(sender) > 0,
      holds: (_need, sender) => sender === STRANGER.did,
      act: () => undefined,
      isKnown: (sender) => sender !== STRANGER.did,
    },
    acts: { hear: () => false },
    slot: () => ({ n: 5, timeMs: 0 }),
    placeOf: () => 'open',
    touch: () => undefined,
    judge: (...given) => judged.by?.(...given) ?? Promise.reject(judged.fault),
    onThreadOnly: () => undefined,
    passOn: (...given) => void passed.push(given),
    blame: (peer) => void blamed.push(peer),
    onFault: (error) => void faults.push(error),
  })
  testimony.beginSeen(name, head, 5)
  testimony.beginHave(name, content)
  /** Says both, as itself unless `as` says otherwise. */
  const says = (by: Person, change: { readonly s?: Signature; readonly as?: Person } = {}): void => {
    const seen = { v: 1 as const, need, head, slot: 5, seen: [] }
    const have = { v: 1 as const, need, cid: content }
    const voter = (change.as ?? by).did
    const signed = (type: 'seen-statement' | 'have-statement', body: typeof seen | typeof have) =>
      change.s ?? signStatement(nodeCrypto, type, NET, by.secret, body)
    const statement = { voter, body: seen, s: signed('seen-statement', seen) }
    hearing.heed(by.did, { kind: 'seen', statement, envelopes: [] })
    hearing.heed(by.did, {
      kind: 'have',
      statement: { voter, body: have, s: signed('have-statement', have) },
    })
  }
  const heard = () => [
    testimony.seen(name, head, () => true)[0]?.map(({ voter }) => voter),
    testimony.have(name, content)?.map(({ voter }) => voter),
  ]
  return { hearing, forHub, pools, says, heard, read, blamed, faults, judged, passed }
}

describe('what is said to a voter that asked', () => {
  it('counts by a majority of voters, whose words they are', () => {
    const { says, heard } = asking()
    for (const voter of VOTERS.slice(0, 2)) says(voter)
    const two = VOTERS.slice(0, 2).map(({ did }) => did)
    expect(heard()).toEqual([two, two])
  })

  it('is nothing by strangers: an entry that carried one would be refused', () => {
    const { says, heard } = asking()
    says(STRANGER)
    says(VOTERS[0])
    says(STRANGER, { as: VOTERS[2] })
    expect(heard()).toEqual([undefined, undefined])
    says(VOTERS[1])
    const two = VOTERS.slice(0, 2).map(({ did }) => did)
    expect(heard()).toEqual([two, two])
  })

  it('is nothing by a voter that did not sign it, who is charged', () => {
    const { says, heard, blamed } = asking()
    says(VOTERS[0])
    says(VOTERS[2], { s: NO_SIGNATURE })
    expect(heard()).toEqual([undefined, undefined])
    expect(blamed).toEqual([VOTERS[2].did, VOTERS[2].did])
  })
})

describe('a clock reading', () => {
  it('is one of the voter that says it, signed: a slot with any other would be refused', () => {
    const { hearing, read, blamed } = asking()
    const body = { v: 1 as const, n: 1, time: 5 }
    const reads = (by: Person, voter = by, s?: Signature): void => {
      const signed = s ?? signStatement(nodeCrypto, 'clock-reading', NET, by.secret, body)
      hearing.heed(by.did, { kind: 'reading', reading: { voter: voter.did, body, s: signed } })
    }
    reads(VOTERS[0])
    reads(STRANGER)
    reads(STRANGER, VOTERS[1])
    reads(VOTERS[2], VOTERS[2], NO_SIGNATURE)
    expect(read).toEqual([VOTERS[0].did])
    expect(blamed).toEqual([VOTERS[2].did])
  })
})

describe('a CANCEL', () => {
  it('goes to the hub too where that holds the need for its sender: no bucket has it yet', () => {
    const { hearing, forHub, pools } = asking()
    const place = { thread: 'a'.repeat(32) as ThreadId, seq: 2 }
    for (const sender of [VOTERS[0], STRANGER])
      expect(hearing.takeField(say(sender, place, 'CANCEL', { need_id: need }).field)).toBe(true)
    expect(forHub).toEqual([STRANGER.did])
    expect(pools.of(name).all.length).toBe(2)
  })
})

describe('a batch that is to be passed on', () => {
  const goodOf = (by: Person) => {
    const said = say(by, { thread: 'a'.repeat(32) as ThreadId, seq: 2 }, 'CANCEL', { need_id: need })
    const batch = decodeBatch(said.batch)
    if (!batch.ok) throw new Error(batch.error.message)
    return ok({ batch: batch.value, signer: by.did, items: [ok(said.envelope)] })
  }
  const passing = async (judge: HearingDeps['judge']) => {
    const { hearing, blamed, passed, judged } = asking()
    judged.by = judge
    hearing.heed(STRANGER.did, { kind: 'pass-on', batch: new Uint8Array(7), to: [1, 2] })
    await new Promise((resolve) => setImmediate(resolve))
    return { blamed, passed }
  }

  it('goes to the voters that its sender named, once it was judged', async () => {
    const { blamed, passed } = await passing(() => Promise.resolve(goodOf(VOTERS[0])))
    expect([blamed, passed]).toEqual([[], [[STRANGER.did, new Uint8Array(7), [1, 2]]]])
  })

  it('goes nowhere where nobody with an account says any of it: what others must judge has to cost', async () => {
    const { blamed, passed } = await passing(() => Promise.resolve(goodOf(STRANGER)))
    expect([blamed, passed]).toEqual([[], []])
  })

  it('goes nowhere where it is bad, or more than its sender may say', async () => {
    const bad = await passing(() => Promise.resolve(reject('BAD_SIGNATURE', 'not its sender’s')))
    expect([bad.blamed, bad.passed]).toEqual([[STRANGER.did], []])
    const tooMuch = await passing(() => Promise.resolve(reject('RATE_LIMITED', 'too much')))
    expect([tooMuch.blamed, tooMuch.passed]).toEqual([[], []])
  })
})

describe('a batch that this node cannot judge', () => {
  it('is a fault of this node and nobody else’s, unless a worker thread ended, which is started again', async () => {
    const { hearing, blamed, faults, judged } = asking()
    const hear = async (): Promise<void> => {
      hearing.heed(STRANGER.did, { kind: 'batch', batch: new Uint8Array(1) })
      await new Promise((resolve) => setImmediate(resolve))
    }
    await hear()
    judged.fault = new FaultError('worker', 'it ended')
    await hear()
    expect(faults).toEqual([new Error('the judge failed')])
    expect(blamed).toEqual([])
  })
})
