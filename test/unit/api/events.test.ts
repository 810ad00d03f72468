import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EventRing } from '../../../src/api/event-ring.ts'
import { eventStream } from '../../../src/api/event-stream.ts'
import type { ApiEvent } from '../../../src/sdk/client.ts'
import type { NodeEvent } from '../../../src/verbs/events.ts'
import { type ApiNode, openApiNode } from '../../setup/api-node.ts'
import { ManualClock } from '../../setup/manual-clock.ts'

const slot = (n: number): NodeEvent => ({ kind: 'slot', data: { n, time: n } })

describe('a ring of events', () => {
  it('gives what came after a number, and says how many are lost', () => {
    const ring = new EventRing(4)
    for (let n = 1; n <= 3; n++) ring.add(slot(n))
    expect(ring.after(1, 10)).toMatchObject({ lost: 0, events: [{ n: 2 }, { n: 3 }] })
    for (let n = 4; n <= 9; n++) ring.add(slot(n))
    expect(ring.after(1, 10)).toMatchObject({ lost: 4, events: [{ n: 6 }, { n: 7 }, { n: 8 }, { n: 9 }] })
    expect(ring.after(9, 10)).toEqual({ lost: 0, events: [] })
  })

  it('wakes who waits once, and nobody who has gone', () => {
    const ring = new EventRing(4)
    const woken: string[] = []
    ring.onNext(() => woken.push('one'))
    ring.onNext(() => woken.push('gone'))()
    ring.add(slot(1))
    ring.add(slot(2))
    expect(woken).toEqual(['one'])
  })
})

describe('a stream of events', () => {
  const open = (ring: EventRing, lastId?: string, stop = new AbortController()) => {
    const clock = new ManualClock()
    const stream = eventStream({
      ring,
      epoch: 'e',
      lastId,
      filter: { kinds: new Set(['slot']) },
      first: [],
      clock,
      stop: stop.signal,
    })
    const reader = stream.getReader()
    const read = async () => {
      const { done, value } = await reader.read()
      return done ? undefined : Buffer.from(value).toString('utf8')
    }
    return { read, clock, stop, reader }
  }

  it('goes on after the id that a reader names', async () => {
    const ring = new EventRing(8)
    for (let n = 1; n <= 5; n++) ring.add(slot(n))
    const { read } = open(ring, 'e-3')
    expect(await read()).toContain('id: e-3\nevent: hello')
    expect(await read()).toBe(
      'id: e-4\nevent: slot\ndata: {"n":4,"time":4}\n\nid: e-5\nevent: slot\ndata: {"n":5,"time":5}\n\n',
    )
  })

  it('tells a reader of an earlier run that nobody knows what is lost', async () => {
    const { read } = open(new EventRing(8), 'old-3')
    expect(await read()).toContain('event: gap\ndata: {"lost":-1}')
  })

  it('tells how many events a slow reader has lost', async () => {
    const ring = new EventRing(4)
    const { read } = open(ring)
    await read()
    for (let n = 1; n <= 10; n++) ring.add(slot(n))
    await read()
    for (let n = 11; n <= 20; n++) ring.add(slot(n))
    expect(await read()).toMatch(/event: gap\ndata: \{"lost":\d+\}/u)
  })

  it('says that it lives when nothing happens for 15 s', async () => {
    const { read, clock } = open(new EventRing(4))
    await read()
    const next = read()
    await Promise.resolve()
    clock.advance(15_000)
    expect(await next).toBe(':\n\n')
  })

  it('ends when the node stops', async () => {
    const { read, stop } = open(new EventRing(4))
    await read()
    const next = read()
    stop.abort()
    expect(await next).toBeUndefined()
  })

  it('waits for nothing any more once its reader is gone', async () => {
    const { read, clock, reader } = open(new EventRing(4))
    await read()
    void read()
    await Promise.resolve()
    await reader.cancel()
    expect(clock.waiting).toBe(0)
  })
})

describe('events of a node', () => {
  let node: ApiNode

  beforeEach(async () => {
    node = await openApiNode()
  })

  afterEach(() => node.close())

  /** The first so many events. */
  async function take(events: AsyncGenerator<ApiEvent>, count: number): Promise<ApiEvent[]> {
    const taken: ApiEvent[] = []
    for await (const event of events) {
      taken.push(event)
      if (event.kind === 'hello') node.heart.tick()
      if (taken.length === count) return taken
    }
    return taken
  }

  const wish = (key: string) => ({
    idempotency_key: key,
    capability: 'text/hash',
    budget: '1000000' as never,
    verify_bounty: '1000000' as never,
    verification: { mode: 'schema' as const, schema: '{}' },
  })

  it('come as they happen, each with an id', async () => {
    const ending = new AbortController()
    const [hello, first] = await take(node.client.events({ kinds: ['slot'] }, ending.signal), 2)
    ending.abort()
    expect(hello).toMatchObject({ kind: 'hello', data: { last: 0 } })
    expect(first).toMatchObject({ kind: 'slot', data: { n: node.heart.slot().n } })
  })

  it('of a need that was said tell when the hub refuses it', async () => {
    node.heart.unlead()
    const dear = { ...wish('refused'), budget: '900000000000000' as never, wait_ms: 0 }
    const posted = await node.client.call('need', dear)
    if (!posted.ok) throw new Error(posted.error.message)
    const ending = new AbortController()
    const told: unknown[] = []
    for await (const event of node.client.events({ need: posted.value.need }, ending.signal)) {
      if (event.kind !== 'need') continue
      told.push([event.data.state, event.data.refusal?.code])
      if (event.data.over) break
      node.heart.lead()
    }
    ending.abort()
    expect(told).toEqual([
      ['POSTED', undefined],
      ['REFUSED', 'INSUFFICIENT_FUNDS'],
    ])
  })

  it('of one need begin with how it stands, and tell each change once', async () => {
    const posted = await node.client.call('need', wish('followed'))
    if (!posted.ok) throw new Error(posted.error.message)
    const { need } = posted.value
    const ending = new AbortController()
    const states: string[] = []
    for await (const event of node.client.events({ need }, ending.signal)) {
      if (event.kind === 'need') {
        states.push(event.data.state)
        if (event.data.over) break
      }
      if (event.kind === 'hello') continue
      for (let slots = 0; slots < 800 && !node.theatre.isDone(need); slots++) node.heart.tick()
    }
    ending.abort()
    expect(states[0]).toBe('WAITING')
    expect(states.at(-1)).toBe('SETTLED')
    expect(states).toContain('CLAIMED')
  })

  it('of the log have a stream of their own', async () => {
    const ending = new AbortController()
    const lines: string[] = []
    for await (const event of node.client.logLines(undefined, ending.signal)) {
      if (event.kind === 'hello') node.log('something happened')
      if (event.kind !== 'log') continue
      lines.push(event.data.msg)
      break
    }
    ending.abort()
    expect(lines).toEqual(['something happened'])
  })

  it('resume after the last one when the connection was lost', async () => {
    const ending = new AbortController()
    const seen: number[] = []
    let lastId = ''
    for await (const event of node.client.events({ kinds: ['slot'] }, ending.signal)) {
      lastId = event.id
      if (event.kind === 'hello') node.heart.tick()
      if (event.kind === 'slot') {
        seen.push(event.data.n)
        break
      }
    }
    for (let n = 0; n < 3; n++) node.heart.tick()
    for await (const event of node.client.events({ kinds: ['slot'], lastId }, ending.signal)) {
      if (event.kind === 'slot') seen.push(event.data.n)
      if (seen.length === 4) break
    }
    ending.abort()
    expect(seen).toEqual([0, 1, 2, 3].map((n) => n + (seen[0] ?? 0)))
  })

  it('that a reader asks for in no known kind are refused', async () => {
    const events = node.client.events({ kinds: ['nonsense' as 'slot'] }, new AbortController().signal)
    await expect(events.next()).rejects.toMatchObject({ problem: { status: 400, code: 'MALFORMED' } })
  })
})
