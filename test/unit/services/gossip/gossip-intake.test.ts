import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { acceptedKeys } from '../../../../src/codec/did/accepted-keys.ts'
import { VerifiedRoots } from '../../../../src/codec/envelope/verified-roots.ts'
import type { VerifiedBatch } from '../../../../src/codec/envelope/verify-batch.ts'
import { encodeGossip } from '../../../../src/codec/gossip/gossip-message.ts'
import { cidOfId } from '../../../../src/core/bucket/need-turn.ts'
import type { ThreadId } from '../../../../src/model/ids.ts'
import { GossipIntake, type TopicUse } from '../../../../src/services/gossip/gossip-intake.ts'
import { THREAD_ONLY } from '../../../../src/services/gossip/kinds.ts'
import { TopicRelay } from '../../../../src/services/gossip/topic-relay.ts'
import { judgeBatch } from '../../../../src/services/intake/judge-batch.ts'
import { NET } from '../../../setup/arbitrary-envelope.ts'
import { SignatureBook, VOTERS } from '../../../setup/certificates.ts'
import { CertifiedLog } from '../../../setup/certified-log.ts'
import { ManualClock } from '../../../setup/manual-clock.ts'
import { addsTask, person, say } from '../../../setup/said.ts'

const { sha256 } = nodeCrypto
const THREAD = 'a'.repeat(32) as ThreadId
const ALICE = person('alice')
const FROM = person('somebody').did

function intake(use: TopicUse = { kinds: THREAD_ONLY }, isOfUse = true) {
  const taken: VerifiedBatch[] = []
  const context = {
    net: NET,
    sha256,
    keys: acceptedKeys(nodeCrypto),
    verifiedRoots: new VerifiedRoots(),
    delegationsOf: () => [],
    atMs: 0,
  }
  // Only what the native check refuses comes here: there is no second opinion that would be another.
  const secondOpinion = { verdicts: () => Promise.resolve([{ ok: true as const, value: false }]) }
  const made = new GossipIntake({
    judge: (from, batch) => judgeBatch(from, batch, context, { crypto: nodeCrypto, secondOpinion }),
    take: (_, verified) => taken.push(verified) > 0 && isOfUse,
  })
  const judge = made.judgeOf(use)
  const said = (batch: Uint8Array) => judge(FROM, encodeGossip({ kind: 'batch', batch }))
  return { taken, made, judge, said }
}

describe('a message on a topic', () => {
  it('goes on once when it holds what the topic is for, and is taken in', async () => {
    const { taken, said } = intake()
    const { batch, envelope } = addsTask(ALICE, THREAD, 1)
    expect(await said(batch)).toBe('accept')
    expect(taken.flatMap(({ items }) => items.map((item) => item.ok && item.value.id))).toEqual([envelope.id])
    expect(await said(batch)).toBe('ignore')
    expect(taken).toHaveLength(1)
  })

  it('goes no further when nothing of it is of use here, however well it is signed', async () => {
    const { taken, said } = intake({ kinds: THREAD_ONLY }, false)
    expect(await said(addsTask(person('nobody'), THREAD, 1).batch)).toBe('ignore')
    expect(taken).toHaveLength(1)
  })

  it('is no news when it is this node’s own', async () => {
    const { made, said, taken } = intake()
    const { batch, envelope } = addsTask(ALICE, THREAD, 1)
    made.said([envelope])
    expect(await said(batch)).toBe('ignore')
    expect(taken).toEqual([])
  })

  it('is rejected for what only voters need, a forged signature, bytes of no form, and batches where there are none', async () => {
    const { said, judge, taken } = intake()
    const { batch } = addsTask(ALICE, THREAD, 1)
    const before = addsTask(ALICE, THREAD, 7).envelope.id
    const cancel = say(ALICE, { thread: THREAD, seq: 1 }, 'CANCEL', { need_id: cidOfId(before) })
    expect(await said(cancel.batch)).toBe('reject')
    const forged = batch.slice()
    forged[forged.length - 5] = (forged.at(-5) as number) ^ 1
    expect(await said(forged)).toBe('reject')
    for (const bytes of [new Uint8Array(0), Uint8Array.of(0x82, 0, 0), batch])
      expect(await judge(FROM, bytes)).toBe('reject')
    const certified = new CertifiedLog(1, new SignatureBook()).add('a').batch(0)
    expect(await judge(FROM, encodeGossip({ kind: 'certified', batches: [certified] }))).toBe('reject')
    expect(taken).toEqual([])
  })

  it('with certified batches is worth what their judge says', async () => {
    const certified = new CertifiedLog(1, new SignatureBook()).add('a', 'b').batch(1)
    const { judge } = intake({
      kinds: new Set(),
      certified: (from, batches) => {
        expect([from, batches]).toEqual([FROM, [certified]])
        return 'accept'
      },
    })
    expect(await judge(FROM, encodeGossip({ kind: 'certified', batches: [certified] }))).toBe('accept')
  })
})

describe('a voter', () => {
  it('takes part in the topics of those who follow while one of them is its peer, and not for other voters', () => {
    const voters = VOTERS.slice(0, 3)
    const stranger = VOTERS[9] as (typeof VOTERS)[number]
    const clock = new ManualClock()
    const listening = new Map([['need', voters.slice(1)]])
    const subscribed = new Set<string>()
    let looks = 0
    const relay = TopicRelay.open({
      mesh: {
        subscribers: (topic) => listening.get(topic) ?? [],
        subscribe: (topic) => void subscribed.add(topic),
        unsubscribe: (topic) => void subscribed.delete(topic),
      },
      voters: new Set(voters),
      judges: new Map([
        ['system', () => 'accept' as const],
        ['need', () => 'accept' as const],
      ]),
      clock,
      onLook: () => void looks++,
    })
    expect([...subscribed]).toEqual([])
    listening.set('need', [...voters.slice(1), stranger])
    clock.advance(1_000)
    expect([...subscribed]).toEqual(['need'])
    listening.set('need', voters.slice(1))
    clock.advance(1_000)
    expect([...subscribed]).toEqual([])
    expect(looks).toBe(3)
    relay.stop()
    expect(clock.waiting).toBe(0)
  })
})
