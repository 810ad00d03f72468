import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { acceptedKeys } from '../../../../src/codec/did/accepted-keys.ts'
import { didOfKey } from '../../../../src/codec/did/did-key.ts'
import type { BodyDraft } from '../../../../src/codec/envelope/body.ts'
import { headerOf } from '../../../../src/codec/envelope/envelope.ts'
import { noCapsule } from '../../../../src/codec/envelope/no-policy.ts'
import { openBatch } from '../../../../src/codec/envelope/open-batch.ts'
import type { ReadBody } from '../../../../src/codec/envelope/read-body.ts'
import { threadIdOf } from '../../../../src/codec/envelope/thread-id.ts'
import { VerifiedRoots } from '../../../../src/codec/envelope/verified-roots.ts'
import { verifyBatchFast } from '../../../../src/codec/envelope/verify-batch.ts'
import type { Payload } from '../../../../src/codec/payload/verbs.ts'
import { THREAD_LIMITS } from '../../../../src/core/thread/limits.ts'
import { stepThread } from '../../../../src/core/thread/step.ts'
import { applyWrites, emptyThread } from '../../../../src/core/thread/view.ts'
import type { SecretKey, ThreadId } from '../../../../src/model/ids.ts'
import type { MicroText } from '../../../../src/model/micro.ts'
import { reject } from '../../../../src/model/rejection.ts'
import { ok } from '../../../../src/model/result.ts'
import { Author, type AuthorDeps } from '../../../../src/services/author/author.ts'
import { ownBodies, recordInJournal } from '../../../../src/services/author/own-journal.ts'
import { afterOwn, type ThreadPlace } from '../../../../src/services/author/thread-place.ts'
import { showJournal } from '../../../../src/services/journal/show-journal.ts'
import { openTestJournal, sha256Hex } from '../../../setup/journal.ts'
import { ManualClock } from '../../../setup/manual-clock.ts'
import { MemoryJournalStore } from '../../../setup/memory-journal-store.ts'
import { smallNeed } from '../../../setup/said.ts'

const { sha256 } = nodeCrypto
const NET = noCapsule(sha256)
const SECRET = sha256(new Uint8Array([7])) as SecretKey
const DID = didOfKey(nodeCrypto.publicKeyOf(SECRET))
const OTHER = sha256(new Uint8Array([8])) as SecretKey
const OTHER_DID = didOfKey(nodeCrypto.publicKeyOf(OTHER))

interface Sent {
  readonly batch: Uint8Array
  readonly bodies: readonly ReadBody[]
}

function setUp(changes: Partial<AuthorDeps> = {}) {
  const sent: Sent[] = []
  const recorded: ReadBody[][] = []
  const author = new Author({
    did: DID,
    secret: SECRET,
    net: NET,
    crypto: nodeCrypto,
    clock: new ManualClock(),
    record: async (bodies) => void recorded.push([...bodies]),
    submit: (batch, bodies) => void sent.push({ batch, bodies }),
    ...changes,
  })
  return { author, sent, recorded }
}

const transfer = { to: DID, amount: '1' as MicroText }

async function* list<Item>(...items: readonly Item[]): AsyncGenerator<Item> {
  yield* items
}

function said(result: Awaited<ReturnType<Author['say']>>): ReadBody {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`)
  return result.value
}

/** Every one of them is lawful, in this order. */
function expectLawful(thread: ThreadId, reads: readonly ReadBody[]): void {
  const maps = emptyThread(thread)
  for (const read of reads) {
    const step = stepThread(maps, headerOf(read), THREAD_LIMITS)
    expect(step.result).toMatchObject({ ok: true, value: { kind: 'accepted' } })
    expect(step.effects.filter(({ kind }) => kind === 'equivocation')).toEqual([])
    applyWrites(maps, step.writes)
  }
}

describe('a turn', () => {
  it('is one batch under one signature, whatever is said in one run', async () => {
    const { author, sent, recorded } = setUp()
    await Promise.all(['a', 'b', 'c'].map((key) => author.need(smallNeed(key))))
    expect(recorded.map((bodies) => bodies.length)).toEqual([3])
    expect(sent.map(({ bodies }) => bodies.length)).toEqual([3])
    const opened = openBatch(sent[0]?.batch as Uint8Array, { net: NET, sha256 })
    if (!opened.ok) throw new Error('unread')
    const context = {
      net: NET,
      sha256,
      keys: acceptedKeys(nodeCrypto),
      verifiedRoots: new VerifiedRoots(16),
      delegationsOf: () => [],
      atMs: 0,
    }
    const verdict = verifyBatchFast(opened.value, context, nodeCrypto.verify)
    expect(verdict.kind).toBe('valid')
  })

  it('gathers what is said while the one before is being recorded', async () => {
    let finish: () => void = () => {}
    const recorded: number[] = []
    const record = (bodies: readonly ReadBody[]) => {
      recorded.push(bodies.length)
      return recorded.length === 1 ? new Promise<void>((done) => (finish = done)) : Promise.resolve()
    }
    const { author } = setUp({ record })
    const first = author.need(smallNeed('a'))
    await new Promise(setImmediate)
    const rest = [author.need(smallNeed('b')), author.need(smallNeed('c'))]
    await new Promise(setImmediate)
    finish()
    await Promise.all([first, ...rest])
    expect(recorded).toEqual([1, 2])
  })

  it('leaves only after it was recorded', async () => {
    const order: string[] = []
    const { author } = setUp({
      record: async () => {
        await new Promise(setImmediate)
        order.push('recorded')
      },
      submit: () => void order.push('sent'),
    })
    await author.need(smallNeed('a'))
    expect(order).toEqual(['recorded', 'sent'])
  })

  it('is split where it is too large for one batch', async () => {
    const { author, sent } = setUp()
    const large = { ...smallNeed('x'), input: { inline: new Uint8Array(60_000) } }
    const keys = Array.from({ length: 80 }, (_, n) => `key-${n}`)
    await Promise.all(keys.map((key) => author.need({ ...large, idempotency_key: key })))
    expect(sent.length).toBeGreaterThan(1)
    expect(sent.flatMap(({ bodies }) => bodies)).toHaveLength(80)
  })
})

describe('places in a thread', () => {
  it('follow one another, within a turn and from turn to turn', async () => {
    const { author } = setUp()
    const first = await Promise.all([
      author.account('TRANSFER', transfer),
      author.account('STAKE', { amount: '1' as MicroText }),
    ])
    const next = await author.account('UNSTAKE', { amount: '1' as MicroText })
    const reads = [...first, next].map(said)
    expect(reads.map(({ body }) => body.seq)).toEqual([1, 2, 3])
    expectLawful(reads[0]?.body.thread as ThreadId, reads)
  })

  it('come after what was seen of others', async () => {
    const { author: requester } = setUp({ did: OTHER_DID, secret: OTHER })
    const opener = said(await requester.need(smallNeed('a')))
    const { author } = setUp()
    author.saw(opener)
    author.saw(opener)
    const { thread } = opener.body
    const bid = said(await author.say(thread, 'UPDATE_PLAN', patch()))
    const next = said(await author.say(thread, 'UPDATE_PLAN', patch()))
    expect(bid.body.prev.map(String)).toEqual([opener.id])
    expect(bid.body.lamport).toBe(opener.body.lamport + 1)
    expect(next.body.prev.map(String)).toEqual([bid.id])
    expectLawful(thread, [opener, bid, next])
  })

  it('are not given in a thread of which nothing was seen', async () => {
    const { author, sent } = setUp()
    const thread = threadIdOf(NET, OTHER_DID, 'a', sha256)
    expect(await author.say(thread, 'UPDATE_PLAN', patch())).toMatchObject({
      error: { code: 'UNKNOWN_THREAD' },
    })
    expect(sent).toEqual([])
  })

  it('are not used up by what is refused', async () => {
    const { author } = setUp()
    const wrong = { to: DID, amount: '0' as MicroText }
    const [refused, good] = await Promise.all([
      author.account('TRANSFER', wrong),
      author.account('TRANSFER', transfer),
    ])
    expect(refused).toMatchObject({ ok: false, error: { code: 'MALFORMED' } })
    expect(said(good).body.seq).toBe(1)
  })
})

describe('after a crash', () => {
  it('numbers go on where the journal ends, in whatever state the network is', async () => {
    const { author, recorded } = setUp()
    await author.account('TRANSFER', transfer)
    await author.account('TRANSFER', transfer)
    const again = setUp()
    await again.author.restore(list(...recorded.flat()), () => false)
    const next = said(await again.author.account('TRANSFER', transfer))
    expect(next.body.seq).toBe(3)
    expectLawful(next.body.thread, [...recorded.flat(), next])
  })

  it('between disk and network, the very same bodies go out', async () => {
    const { author, recorded } = setUp({ submit: () => {} })
    await author.need(smallNeed('a'))
    const again = setUp()
    const wanted = await again.author.restore(list(...recorded.flat()), () => true)
    again.author.resend(wanted)
    expect(again.sent.flatMap(({ bodies }) => bodies.map(({ id }) => id))).toEqual(
      recorded.flat().map(({ id }) => id),
    )
  })

  it('before it was recorded, nothing has left, and nothing leaves any more', async () => {
    const { author, sent } = setUp({ record: () => Promise.reject(new Error('no room')) })
    await expect(author.need(smallNeed('a'))).rejects.toThrow('no room')
    await expect(author.need(smallNeed('b'))).rejects.toThrow('no room')
    expect(sent).toEqual([])
  })

  it('a journal with two bodies of one seq is refused', async () => {
    const [one, two] = [setUp(), setUp()]
    await one.author.account('TRANSFER', transfer)
    await two.author.account('TRANSFER', { ...transfer, to: OTHER_DID })
    const bodies = [...one.recorded.flat(), ...two.recorded.flat()]
    await expect(setUp().author.restore(list(...bodies), () => false)).rejects.toMatchObject({
      code: 'seq-used',
    })
  })

  it('a real journal gives back what was recorded in it', async () => {
    const store = new MemoryJournalStore()
    const { journal } = await openTestJournal(store)
    const { author, sent } = setUp({ record: recordInJournal(journal, sha256Hex) })
    await Promise.all([author.need(smallNeed('a')), author.account('TRANSFER', transfer)])
    await journal.close()
    const again = setUp()
    const lines = ownBodies(showJournal(store, { kinds: ['envelope.out'] }), { net: NET, sha256 })
    const wanted = await again.author.restore(lines, () => true)
    expect(wanted.map(({ id }) => id)).toEqual(sent.flatMap(({ bodies }) => bodies.map(({ id }) => id)))
    expect(said(await again.author.account('TRANSFER', transfer)).body.seq).toBe(2)
  })

  it('a full journal lets nothing out', async () => {
    const store = new MemoryJournalStore()
    const { journal } = await openTestJournal(store)
    store.trouble.room = 0
    const { author, sent } = setUp({ record: recordInJournal(journal, sha256Hex) })
    await expect(author.need(smallNeed('a'))).rejects.toMatchObject({ code: 'journal-full' })
    expect(sent).toEqual([])
  })
})

describe('the policy', () => {
  const capsule = NET
  const policy = (judge: (draft: BodyDraft) => boolean) => ({
    capsule: () => capsule,
    preflight: async (drafts: readonly BodyDraft[]) =>
      drafts.map((draft) => (judge(draft) ? ok(sha256(new Uint8Array([9]))) : reject('POLICY_DENIED', 'no'))),
  })

  it("gives each body its digest, and the thread's capsule", async () => {
    const { author } = setUp({ policy: policy(() => true) })
    const read = said(await author.need(smallNeed('a')))
    expect(read.body.digest).toEqual(sha256(new Uint8Array([9])))
    expect(read.body.capsule.toString()).toBe(capsule.toString())
  })

  it('keeps what it denies from being said', async () => {
    const { author, sent } = setUp({ policy: policy(({ kind }) => kind !== 'NEED') })
    const [denied, good] = await Promise.all([
      author.need(smallNeed('a')),
      author.account('TRANSFER', transfer),
    ])
    expect(denied).toMatchObject({ ok: false, error: { code: 'POLICY_DENIED' } })
    expect(said(good).body.kind).toBe('TRANSFER')
    expect(sent.flatMap(({ bodies }) => bodies)).toHaveLength(1)
  })

  it('that fails costs the turn alone', async () => {
    let isBroken = true
    const { author } = setUp({
      policy: {
        capsule: () => capsule,
        preflight: async (drafts) => {
          if (isBroken) throw new Error('engine')
          return drafts.map(() => ok(sha256(new Uint8Array([9]))))
        },
      },
    })
    await expect(author.account('TRANSFER', transfer)).rejects.toThrow('engine')
    isBroken = false
    expect(said(await author.account('TRANSFER', transfer)).body.seq).toBe(1)
  })
})

describe('an author', () => {
  it('that remembers few threads gives no number twice: what it forgot was kept', async () => {
    const kept: ReadBody[] = []
    const { author } = setUp({
      placesMax: 2,
      record: async (bodies) => void kept.push(...bodies),
      recall: (thread) => lastOf(kept, thread),
    })
    const first = said(await author.need(smallNeed('first')))
    for (const key of ['second', 'third', 'fourth']) said(await author.need(smallNeed(key)))
    const again = said(await author.need(smallNeed('first')))
    expect([again.body.seq, again.body.prev.map(String)]).toEqual([2, [first.id]])
    for (const key of ['second', 'third']) expect(said(await author.need(smallNeed(key))).body.seq).toBe(2)
    expect(said(await author.need(smallNeed('first'))).body.seq).toBe(3)
    expect(said(await author.need(smallNeed('new'))).body.seq).toBe(1)
  })

  it('gives no number twice where a thread that comes back displaces another one of the same turn', async () => {
    const kept: ReadBody[] = []
    const { author } = setUp({
      placesMax: 1,
      record: async (bodies) => void kept.push(...bodies),
      recall: (thread) => lastOf(kept, thread),
    })
    for (const key of ['first', 'second']) said(await author.need(smallNeed(key)))
    const turn = await Promise.all(['first', 'second', 'new'].map((key) => author.need(smallNeed(key))))
    expect(turn.map((one) => said(one).body.seq)).toEqual([2, 2, 1])
  })

  it('that cannot read what it forgot says nothing more', async () => {
    const broken = new Error('the store is damaged')
    let isBroken = false
    const recall = (): undefined => {
      if (isBroken) throw broken
    }
    const { author } = setUp({ placesMax: 1, recall })
    for (const key of ['first', 'second']) said(await author.need(smallNeed(key)))
    isBroken = true
    await expect(author.need(smallNeed('first'))).rejects.toBe(broken)
    isBroken = false
    await expect(author.need(smallNeed('third'))).rejects.toBe(broken)
  })
})

/** Where the author of these stood last in a thread. */
function lastOf(kept: readonly ReadBody[], thread: ThreadId): ThreadPlace | undefined {
  const read = kept.findLast(({ body }) => body.thread === thread)
  return read && afterOwn(read)
}

function patch(): Payload<'UPDATE_PLAN'> {
  const op = { op_id: '1', op_type: 'ADD_TASK' as const, task_id: 'work', payload: { label: 'x' } }
  return { patch: { ops: [op], base_lamport: 0 } }
}
