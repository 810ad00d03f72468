import { describe, expect, it } from 'vitest'
import { cidOf, envelopeIdOf, parseCid } from '../../../../src/codec/cid.ts'
import { encodeEnvelope } from '../../../../src/codec/envelope/single-form.ts'
import {
  decodeFetchAnswer,
  encodeFetch,
  type FetchAnswer,
  HEADS_MAX,
} from '../../../../src/codec/fetch/messages.ts'
import type { Pooled } from '../../../../src/core/proposer/pool.ts'
import { STANDING, type Standing } from '../../../../src/core/proposer/standing.ts'
import { FaultError } from '../../../../src/model/fault.ts'
import type { Did, ThreadId } from '../../../../src/model/ids.ts'
import { PlanBook } from '../../../../src/services/plan-sync/plan-book.ts'
import { EnvelopeFetch } from '../../../../src/services/threads/envelope-fetch.ts'
import { GapFiller } from '../../../../src/services/threads/gap-filler.ts'
import { HeadExchange } from '../../../../src/services/threads/head-exchange.ts'
import { serveEnvelopes } from '../../../../src/services/threads/serve-envelopes.ts'
import { ThreadBook } from '../../../../src/services/threads/thread-book.ts'
import { sha256 } from '../../../setup/certificates.ts'
import { ManualClock } from '../../../setup/manual-clock.ts'
import { addsTask, openWorld, person, type Said, say } from '../../../setup/said.ts'

const ALICE = person('alice')
const BOB = person('bob')
const THREAD = 'a'.repeat(32) as ThreadId
const OTHER = 'b'.repeat(32) as ThreadId
const NEEDS = ['one', 'two', 'three'].map((name) => addsTask(person(name), THREAD, 1).envelope.id).sort()
const [one = '', two = '', three = ''] = NEEDS

type Handler = (from: Did, body: Uint8Array) => Promise<Uint8Array> | Uint8Array

/** A node whose peer is the other one. */
class Node {
  readonly did: Did
  readonly plans = new PlanBook(sha256)
  readonly stored: Uint8Array[] = []
  readonly book: ThreadBook
  readonly said = new Map<string, Map<string, Pooled>>(NEEDS.map((need) => [need, new Map()]))
  readonly blames: string[] = []
  /** Parties, where nothing else is said. */
  readonly standings = new Map<Did, Standing>()
  readonly denied = new Set<string>()
  readonly fetch: EnvelopeFetch
  readonly clock = new ManualClock()
  peer: Node | undefined
  requests = 0
  /** Times that what was said in a need was looked up. */
  looks = 0
  lie: (answer: FetchAnswer) => FetchAnswer = (answer) => answer
  #handler: Handler = () => new Uint8Array(0)

  constructor(name: string) {
    this.did = person(name).did
    this.book = new ThreadBook({
      plans: this.plans,
      store: { all: () => this.stored, add: (bytes) => void this.stored.push(bytes), flush: () => undefined },
      isThread: (thread) => thread === THREAD,
      standingOf: (_, sender) => this.standings.get(sender) ?? STANDING.party,
      isAllowed: ({ id }) => !this.denied.has(id),
    })
    this.fetch = new EnvelopeFetch({
      net: 'net',
      mesh: {
        request: async (_, _protocol, body) => {
          if (this.peer === undefined) throw new FaultError('peer-unreachable', 'nobody there')
          return await this.peer.answer(this.did, body)
        },
        penalise: (_, _points, why) => void this.blames.push(why),
      },
    })
    const mesh = {
      handleRequest: (_protocol: string, _limits: unknown, handler: Handler) => {
        this.#handler = handler
      },
      penalise: (_: Did, _points: number, why: string) => void this.blames.push(why),
    }
    serveEnvelopes({ net: 'net', mesh, needs: this, threads: this.book, sha256, clock: this.clock })
  }

  async answer(from: Did, body: Uint8Array): Promise<Uint8Array> {
    this.requests += 1
    const bytes = await this.#handler(from, body)
    const answer = decodeFetchAnswer(bytes)
    return answer.ok ? encodeFetch(this.lie(answer.value)) : bytes
  }

  openNeeds(): Iterable<string> {
    return this.said.keys()
  }

  news(need: string): readonly Pooled[] {
    this.looks += 1
    return [...(this.said.get(need)?.values() ?? [])]
  }

  bucketOf(need: string): number | undefined {
    return this.said.has(need) ? 1 : undefined
  }

  hasEnvelope(need: string, id: string): boolean {
    return this.said.get(need)?.has(id) === true
  }

  /** What is said of a need here begins with its name. */
  readonly takeField = (field: Pooled['field']): boolean => {
    const opened = openWorld.openEnvelope(field, 0)
    if (!opened.ok) return false
    const { value } = opened
    if (value.body.kind === 'UPDATE_PLAN') return this.book.take(value) || true
    if ('need_id' in value.body.payload)
      this.hear(envelopeIdOf(value.body.payload.need_id), { envelope: value, field })
    return true
  }

  hear(need: string, { envelope, field }: Pick<Said, 'envelope' | 'field'>): void {
    this.said.get(need)?.set(envelope.id, { envelope, field, seenAt: 1 })
  }

  exchange(): HeadExchange {
    const mesh = {
      peers: () => [],
      isConnected: () => this.peer !== undefined,
      onPeer: () => undefined,
    }
    const faults = { onFault: () => undefined, onDefect: (error: unknown) => expect(error).toBeUndefined() }
    const { fetch, clock } = this
    return HeadExchange.open({ mesh, fetch, needs: this, sha256, clock, ...faults })
  }
}

function pair(): readonly [Node, Node] {
  const [a, b] = [new Node('a'), new Node('b')]
  a.peer = b
  b.peer = a
  return [a, b]
}

function cidOfText(id: string) {
  const cid = parseCid(id)
  if (!cid.ok) throw new Error(id)
  return cid.value
}

function cancel(need: string, seq: number): Said {
  const link = parseCid(need)
  if (!link.ok) throw new Error('no id')
  return say(ALICE, { thread: THREAD, seq }, 'CANCEL', { need_id: link.value })
}

describe('what is said in threads beside entries', () => {
  it('is kept once, makes the plan, and comes back from the disk', () => {
    const node = new Node('a')
    const first = addsTask(ALICE, THREAD, 3)
    expect(node.book.take(first.envelope)).toBe(true)
    expect(node.book.take(first.envelope)).toBe(false)
    expect(node.plans.plan(THREAD).ops).toHaveLength(1)
    const again = new Node('a')
    again.stored.push(...node.stored)
    again.book.restore((stored) => {
      expect(stored).toEqual(encodeEnvelope(first.envelope))
      return first.envelope
    })
    expect([...again.book.envelopes(THREAD)].map(({ id }) => id)).toEqual([first.envelope.id])
    expect(again.stored).toHaveLength(1)
  })

  it('is nothing in a thread that there is not, and no more than its share for one sender', () => {
    const node = new Node('a')
    expect(node.book.take(addsTask(ALICE, OTHER, 1).envelope)).toBe(false)
    for (let seq = 1; seq <= 256; seq++)
      expect(node.book.take(addsTask(ALICE, THREAD, seq).envelope)).toBe(true)
    expect(node.book.take(addsTask(ALICE, THREAD, 257).envelope)).toBe(false)
    expect(node.book.take(addsTask(BOB, THREAD, 1).envelope)).toBe(true)
  })

  it('is nothing of strangers, nor what the capsule denies', () => {
    const node = new Node('a')
    node.standings.set(ALICE.did, STANDING.stranger)
    expect(node.book.take(addsTask(ALICE, THREAD, 1).envelope)).toBe(false)
    const bobs = addsTask(BOB, THREAD, 1).envelope
    node.denied.add(bobs.id)
    expect(node.book.take(bobs)).toBe(false)
    expect(node.stored).toEqual([])
    node.denied.clear()
    expect(node.book.take(bobs)).toBe(true)
  })

  it('leaves half of a thread to the parties of its need', () => {
    const node = new Node('a')
    for (const name of ['c', 'd', 'e', 'f', 'g']) {
      const other = person(name)
      node.standings.set(other.did, STANDING.known)
      for (let seq = 1; seq <= 256; seq++)
        expect(node.book.take(addsTask(other, THREAD, seq).envelope)).toBe(name !== 'g')
    }
    expect(node.book.take(addsTask(ALICE, THREAD, 1).envelope)).toBe(true)
  })

  it('is fetched by its ids, and by a sender’s numbers', async () => {
    const [a, b] = pair()
    const said = [1, 2, 5, 9].map((seq) => addsTask(ALICE, THREAD, seq))
    for (const { envelope } of said) b.book.take(envelope)
    b.book.take(addsTask(BOB, THREAD, 5).envelope)
    const ids = [said[3], said[0]].map((each) => (each as Said).envelope.id)
    const byId = await a.fetch.ofThread(b.did, THREAD, [...ids, addsTask(BOB, OTHER, 1).envelope.id])
    expect(byId).toEqual([said[3]?.field, said[0]?.field])
    const byNumber = await a.fetch.range(b.did, THREAD, { sender: ALICE.did, from: 2, to: 5 })
    expect(byNumber).toEqual([said[1]?.field, said[2]?.field])
  })
})

describe('a gap in a thread', () => {
  function filler(node: Node): GapFiller {
    const faults = { onFault: () => undefined, onDefect: (error: unknown) => expect(error).toBeUndefined() }
    return new GapFiller({ fetch: node.fetch, threads: node.book, takeField: node.takeField, ...faults })
  }

  it('is filled by the peer that showed it: a sender’s missing numbers, and what is named and unknown', async () => {
    const [a, b] = pair()
    const first = addsTask(ALICE, THREAD, 1)
    const second = addsTask(ALICE, THREAD, 2)
    const bobs = addsTask(BOB, THREAD, 1)
    const last = addsTask(ALICE, THREAD, 4, [bobs.envelope.id])
    for (const { envelope } of [first, second, bobs, last]) b.book.take(envelope)
    a.book.take(first.envelope)
    a.book.take(last.envelope)
    const fills = filler(a)
    fills.took(b.did, last.envelope)
    await untilIdle(() => a.plans.plan(THREAD).ops.length === 4)
    await fills.close()
    expect(a.blames).toEqual([])
  })

  it('is looked into whenever it shows, and no more once it is over', async () => {
    // Just after the one before was filled nothing is under way, or still is.
    for (let ticks = 0; ticks < 40; ticks++) {
      const [a, b] = pair()
      const fills = filler(a)
      const [first, second] = [addsTask(ALICE, THREAD, 1), addsTask(BOB, THREAD, 1)]
      fills.took(b.did, first.envelope)
      for (let tick = 0; tick < ticks; tick++) await Promise.resolve()
      fills.took(b.did, second.envelope)
      await untilIdle(() => b.requests === 4)
      await fills.close()
      fills.took(b.did, first.envelope)
      await new Promise((resolve) => setImmediate(resolve))
      expect(b.requests).toBe(4)
    }
  })

  it('of a peer that does not answer, or of one that shows no end of gaps, keeps nobody else’s from being filled', async () => {
    const [a, b] = pair()
    const said = addsTask(ALICE, THREAD, 1)
    const asked: Did[] = []
    const answers = new Map<Did, () => void>()
    const fetch = {
      range: async (peer: Did) => {
        asked.push(peer)
        await new Promise<void>((resolve) => answers.set(peer, resolve))
        return []
      },
      ofThread: () => Promise.resolve([]),
      blame: () => undefined,
    }
    const faults = { onFault: () => undefined, onDefect: (error: unknown) => expect(error).toBeUndefined() }
    const fills = new GapFiller({ fetch, threads: a.book, takeField: a.takeField, ...faults })
    const [endless, silent] = [person('endless').did, person('silent').did]
    for (let n = 0; n < 100; n++) fills.took(endless, said.envelope)
    fills.took(silent, said.envelope)
    for (let n = 0; n < 3; n++) fills.took(b.did, said.envelope)
    const answer = async (peer: Did): Promise<void> => {
      answers.get(peer)?.()
      answers.delete(peer)
      await new Promise((resolve) => setImmediate(resolve))
    }
    for (let n = 0; n < 3; n++) await answer(b.did)
    expect(asked).toEqual([endless, silent, b.did, b.did, b.did])
    // What one peer has waiting is bounded, whatever it shows.
    for (let n = 0; n < 100; n++) await answer(endless)
    expect(asked.filter((peer) => peer === endless)).toHaveLength(17)
    const closed = fills.close()
    await answer(silent)
    await closed
  })

  it('is not asked for again and again of a peer that cannot help', async () => {
    const [a, b] = pair()
    a.peer = undefined
    const missed: Did[] = []
    const fills = new GapFiller({
      fetch: a.fetch,
      threads: a.book,
      takeField: a.takeField,
      onFault: (_, peer) => void missed.push(peer),
      onDefect: (error) => expect(error).toBeUndefined(),
    })
    for (let n = 0; n < 10; n++) fills.took(b.did, addsTask(ALICE, THREAD, 5).envelope)
    await untilIdle(() => missed.length > 0)
    await fills.close()
    expect(missed).toEqual([b.did])
  })

  it('costs a peer its score that fills it with what nobody signed', async () => {
    const [a, b] = pair()
    const last = addsTask(ALICE, THREAD, 4)
    a.book.take(last.envelope)
    const forged = addsTask(BOB, THREAD, 1).field
    b.lie = () => ({
      kind: 'envelopes',
      envelopes: [{ ...forged, body: last.envelope.bytes.slice().fill(7, 40, 44) }],
    })
    const fills = filler(a)
    fills.took(b.did, last.envelope)
    await untilIdle(() => a.blames.length > 0)
    await fills.close()
    expect(a.plans.plan(THREAD).ops).toHaveLength(1)
  })
})

describe('who asks often', () => {
  it('for heads costs one look at each need a second', async () => {
    const [a, b] = pair()
    for (const need of NEEDS) b.hear(need, cancel(need, 1))
    for (let n = 0; n < 50; n++) expect((await a.fetch.heads(b.did, undefined)).heads).toHaveLength(3)
    expect(b.looks).toBe(3)
    b.hear(one, cancel(one, 2))
    const [[, before] = []] = (await a.fetch.heads(b.did, undefined)).heads
    b.clock.advance(1_000)
    const [[, after] = []] = (await a.fetch.heads(b.did, undefined)).heads
    expect(after).not.toEqual(before)
  })

  it('for one need many times at once is told of it once, and of many needs no more than so many words', async () => {
    const [a, b] = pair()
    const word = cancel(one, 1)
    const cid = cidOfText(one)
    b.hear(one, word)
    const said = await a.fetch.said(
      b.did,
      Array.from({ length: 32 }, () => cid),
    )
    expect([...said.values()].map((ids) => ids.length)).toEqual([1])
    expect(b.looks).toBe(1)
    const needs = Array.from({ length: 6 }, (_, n) => cidOf(Uint8Array.of(n), sha256))
    const id = cidOfText(word.envelope.id)
    for (const need of needs)
      b.said.set(
        envelopeIdOf(need),
        new Map(
          Array.from({ length: 2_000 }, (_, n) => [
            `${n}`,
            { ...word, envelope: { ...word.envelope, id: id.toString() as never }, seenAt: 1 },
          ]),
        ),
      )
    const many = await a.fetch.said(b.did, needs)
    expect([...many.values()].map((ids) => ids.length)).toEqual([1_024, 1_024, 1_024, 1_024, 0, 0])
  })
})

describe('two nodes that meet', () => {
  it('have the same news of open needs afterwards, whoever heard what', async () => {
    const [a, b] = pair()
    a.hear(one, cancel(one, 1))
    b.hear(one, cancel(one, 2))
    b.hear(two, cancel(two, 3))
    for (const node of [a, b]) node.hear(three, cancel(three, 4))
    expect(await a.exchange().with(b.did)).toBe(2)
    expect(await b.exchange().with(a.did)).toBe(1)
    for (const need of NEEDS)
      expect([...(a.said.get(need)?.keys() ?? [])].sort()).toEqual(
        [...(b.said.get(need)?.keys() ?? [])].sort(),
      )
    b.clock.advance(1_000)
    const before = b.requests
    expect(await a.exchange().with(b.did)).toBe(0)
    // Heads alone: nothing differs.
    expect(b.requests).toBe(before + 1)
  })

  it('find what differs behind more quiet needs than one answer names', async () => {
    const [a, b] = pair()
    const quiet = Array.from({ length: HEADS_MAX + 1 }, (_, n) => cidOf(Uint8Array.of(n, n >> 8), sha256))
    const all = quiet.map((need) => envelopeIdOf(need)).sort()
    const last = all.at(-1) as string
    for (const node of [a, b]) for (const need of all) node.said.set(need, new Map())
    b.hear(last, cancel(last, 1))
    expect(await a.exchange().with(b.did)).toBe(1)
  })

  it('go on another time when one of them answers late', async () => {
    const [a, b] = pair()
    for (const need of NEEDS) b.hear(need, cancel(need, 1))
    b.lie = (answer) => {
      a.clock.advance(9_000)
      return answer
    }
    expect(await a.exchange().with(b.did)).toBe(2)
    expect(await a.exchange().with(b.did)).toBe(1)
  })

  it('are four at once: peers that do not answer hold up nobody else, and those that left are not asked', async () => {
    const [a] = pair()
    const asked: Did[] = []
    const done: (() => void)[] = []
    const connected: ((peer: Did, isConnected: boolean) => void)[] = []
    const exchange = HeadExchange.open({
      mesh: {
        peers: () => [],
        isConnected: () => true,
        onPeer: (listener) => void connected.push(listener),
      },
      fetch: {
        heads: async (peer: Did) => {
          asked.push(peer)
          await new Promise<void>((resolve) => done.push(resolve))
          return { heads: [], more: false }
        },
      } as unknown as EnvelopeFetch,
      needs: a,
      sha256,
      clock: a.clock,
      onFault: () => undefined,
      onDefect: (error) => expect(error).toBeUndefined(),
    })
    const silent = ['1', '2', '3'].map((name) => person(name).did)
    for (const peer of [...silent, ALICE.did, ALICE.did, BOB.did]) connected[0]?.(peer, true)
    expect(asked).toEqual([...silent, ALICE.did])
    connected[0]?.(BOB.did, false)
    // Who comes again meanwhile is asked again, once.
    done[3]?.()
    await untilIdle(() => asked.length === 5)
    expect(asked[4]).toBe(ALICE.did)
    for (const resolve of done) resolve()
    await new Promise((resolve) => setImmediate(resolve))
    expect(asked).toHaveLength(5)
    await exchange.close()
  })

  it('ask nothing about needs that are not open here', async () => {
    const [a, b] = pair()
    a.said.delete(one)
    b.hear(one, cancel(one, 1))
    expect(await a.exchange().with(b.did)).toBe(0)
    expect(b.requests).toBe(1)
  })

  it('believe no envelope that its sender did not sign, and no answer to another question', async () => {
    const [a, b] = pair()
    const said = cancel(one, 1)
    b.hear(one, said)
    b.lie = (answer) =>
      answer.kind === 'envelopes'
        ? {
            kind: 'envelopes',
            envelopes: [{ ...said.field, body: said.envelope.bytes.slice().fill(0, 8, 12) }],
          }
        : answer
    expect(await a.exchange().with(b.did)).toBe(0)
    expect(a.blames).toHaveLength(1)
    b.lie = () => ({ kind: 'envelopes', envelopes: [] })
    await expect(a.exchange().with(b.did)).rejects.toThrow(FaultError)
    expect(a.blames).toHaveLength(2)
    expect(a.said.get(one)?.size).toBe(0)
  })

  it('charge who asks for nonsense, and answer with nothing', async () => {
    const [a, b] = pair()
    for (const body of [
      new Uint8Array(0),
      new Uint8Array(300),
      encodeFetch({ kind: 'envelopes', envelopes: [] }),
    ])
      expect(decodeFetchAnswer(await b.answer(a.did, body))).toEqual({
        ok: true,
        value: { kind: 'envelopes', envelopes: [] },
      })
    expect(b.blames).toHaveLength(3)
  })
})

/** Lets what is under way go on until it is so. */
async function untilIdle(isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200 && !isSo(); turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(isSo()).toBe(true)
}
