import { describe, expect, it } from 'vitest'
import type { GroupId, Term } from '../../src/model/raft.ts'
import { messageOf, type RawEntry, type RawMessage, TYPE } from '../../src/sim/raft/forged-message.ts'
import type { MakeEngine } from './consensus-engine-cluster.ts'
import { bytesOf, clusters } from './consensus-engine-parts.ts'

const G = 0 as GroupId

/** What an engine lets in, and what happens to it when something false gets through. */
export function describeStrangers(name: string, make: MakeEngine): void {
  const cluster = clusters(make)

  describe(`${name}: messages of strangers`, () => {
    const append: RawMessage = { type: TYPE.append, to: 1, from: 2, term: 9, index: 2, logTerm: 2, commit: 2 }
    const heartbeat: RawMessage = { type: TYPE.heartbeat, to: 1, from: 2, term: 9, commit: 1 }
    const snapshot: RawMessage = {
      type: TYPE.snapshot,
      to: 1,
      from: 2,
      term: 9,
      snapshot: { index: 50, term: 3, voters: [1, 2, 3] },
    }
    const entry = (index: number, term: number, more: Partial<RawEntry> = {}): RawEntry => ({
      index,
      term,
      data: bytesOf('x'),
      ...more,
    })
    const refused: readonly (readonly [string, string, Uint8Array])[] = [
      ['nothing', 'malformed', new Uint8Array(0)],
      ['another version', 'malformed', changed(messageOf(heartbeat), 0, 2)],
      ['a head cut short', 'malformed', messageOf(heartbeat).subarray(0, 59)],
      ['a body cut short', 'malformed', messageOf(heartbeat).subarray(0, -1)],
      ['a body with more behind it', 'malformed', Buffer.concat([messageOf(heartbeat), Buffer.alloc(1)])],
      ['a field that no message has', 'malformed', withBody(heartbeat, [0x78, 1])],
      ['responses, which storage alone has', 'malformed', withBody(heartbeat, [0x72, 0])],
      ['a field twice', 'malformed', withBody(heartbeat, [0x08, TYPE.heartbeat])],
      ['a varint without an end', 'malformed', withBody(heartbeat, [0x58, 0xff])],
      ['a field of the wrong wire type', 'malformed', withBody(heartbeat, [0x5a, 0])],
      ['bytes longer than the message', 'malformed', withBody(heartbeat, [0x62, 200, 1])],
      ['a vote that storage alone has', 'malformed', withBody(heartbeat, [0x68, 1])],
      ['a head with another type', 'head-mismatch', messageOf(heartbeat, { type: TYPE.append })],
      ['a head with another sender', 'head-mismatch', messageOf(heartbeat, { from: 3 })],
      ['a head with another recipient', 'head-mismatch', messageOf({ ...heartbeat, to: 3 }, { to: 1 })],
      ['a head with another term', 'head-mismatch', messageOf(heartbeat, { term: 2 })],
      ['a head with another commit', 'head-mismatch', messageOf(heartbeat, { commit: 0 })],
      ['a head with another place', 'head-mismatch', messageOf(append, { index: 1 })],
      [
        'a head without the entries',
        'head-mismatch',
        messageOf({ ...append, entries: [entry(3, 9)] }, { entries: [] }),
      ],
      [
        'a head that hides a refusal',
        'head-mismatch',
        messageOf({ ...heartbeat, type: TYPE.appendResponse, reject: true }, { reject: false }),
      ],
      [
        'a snapshot at another place',
        'head-mismatch',
        messageOf(snapshot, { snapshot: { index: 5, term: 3, voters: [] } }),
      ],
      ['a message to another replica', 'wrong-recipient', messageOf({ ...heartbeat, to: 3 })],
      ['a message from oneself', 'malformed', messageOf({ ...heartbeat, from: 1 })],
      ['a message from nobody', 'malformed', messageOf({ ...heartbeat, from: 0 })],
      ['a term of 0, which the engine takes for its own', 'malformed', messageOf({ ...append, term: 0 })],
      [
        'a term beyond 2^52, from which it could not be counted on',
        'malformed',
        messageOf({ ...heartbeat, term: 2 ** 52 + 1 }),
      ],
      ['a log beyond 2^52', 'malformed', messageOf({ ...append, index: 2 ** 52 + 1 })],
      ['a replica from 2^53 on', 'malformed', messageOf({ ...heartbeat, from: 2 ** 53 })],
      ['an order to campaign', 'not-allowed', messageOf({ ...heartbeat, type: TYPE.hup, commit: 0 })],
      ['an order to send heartbeats', 'not-allowed', messageOf({ ...heartbeat, type: TYPE.beat })],
      ['an order to check the quorum', 'not-allowed', messageOf({ ...heartbeat, type: TYPE.checkQuorum })],
      ['an order to transfer', 'not-allowed', messageOf({ ...heartbeat, type: TYPE.transferLeader })],
      ['an order to forget the leader', 'not-allowed', messageOf({ ...heartbeat, type: TYPE.forgetLeader })],
      ['what storage says', 'not-allowed', messageOf({ ...heartbeat, type: TYPE.storageAppend })],
      ['a message type that is none', 'not-allowed', messageOf({ ...heartbeat, type: 77 })],
      [
        'a forwarded proposal',
        'not-allowed',
        messageOf({ type: TYPE.propose, to: 1, from: 2, entries: [entry(0, 0)] }),
      ],
      ['a gap between entries', 'malformed', messageOf({ ...append, entries: [entry(3, 9), entry(5, 9)] })],
      ['entries that do not follow', 'malformed', messageOf({ ...append, entries: [entry(4, 9)] })],
      ['terms that fall', 'malformed', messageOf({ ...append, entries: [entry(3, 9), entry(4, 8)] })],
      ['an entry of a term to come', 'malformed', messageOf({ ...append, entries: [entry(3, 10)] })],
      ['an entry older than the one before', 'malformed', messageOf({ ...append, entries: [entry(3, 1)] })],
      ['a tiny entry', 'malformed', messageOf({ ...append, entries: [{ index: 0, term: 0 }] }).subarray()],
      [
        'an entry above the limit',
        'too-large',
        messageOf({ ...append, entries: [entry(3, 9, { data: new Uint8Array(5000) })] }),
      ],
      [
        'a message above the limit',
        'too-large',
        messageOf({ ...append, entries: [entry(3, 9, { data: new Uint8Array(90_000) })] }),
      ],
      [
        'a change that cannot be read',
        'malformed',
        messageOf({ ...append, entries: [entry(3, 9, { kind: 2, data: Buffer.from([0xff]) })] }),
      ],
      [
        'a change with an unknown transition',
        'malformed',
        messageOf({ ...append, entries: [entry(3, 9, { kind: 2, data: Buffer.from([0x08, 7]) })] }),
      ],
      [
        'a change of replica 0',
        'malformed',
        messageOf({ ...append, entries: [entry(3, 9, { kind: 2, data: Buffer.from([0x12, 2, 0x08, 0]) })] }),
      ],
      [
        'a heartbeat with an odd context',
        'malformed',
        messageOf({ ...heartbeat, context: new Uint8Array(3) }),
      ],
      [
        'an answer with an odd context',
        'malformed',
        messageOf({ ...heartbeat, type: TYPE.heartbeatResponse, context: new Uint8Array(9) }),
      ],
      ['a heartbeat with entries', 'malformed', messageOf({ ...heartbeat, entries: [entry(3, 9)] })],
      ['a read without a context', 'malformed', messageOf({ type: TYPE.readIndex, to: 1, from: 2 })],
      [
        'a read with a term',
        'malformed',
        messageOf({ type: TYPE.readIndex, to: 1, from: 2, term: 3, entries: [entry(0, 0)] }),
      ],
      [
        'a snapshot at 0',
        'malformed',
        messageOf({ ...snapshot, snapshot: { index: 0, term: 0, voters: [1] } }),
      ],
      [
        'a snapshot of a term to come',
        'malformed',
        messageOf({ ...snapshot, snapshot: { index: 5, term: 10, voters: [1] } }),
      ],
      [
        'a snapshot with an impossible membership',
        'malformed',
        messageOf({ ...snapshot, snapshot: { index: 5, term: 3, voters: [1, 1] } }),
      ],
      ['a snapshot message without one', 'malformed', messageOf({ ...heartbeat, type: TYPE.snapshot })],
      [
        'a snapshot where none belongs',
        'malformed',
        messageOf({ ...snapshot, type: TYPE.heartbeat }, { snapshot: { index: 0, term: 0, voters: [] } }),
      ],
      [
        'an answer of a stranger',
        'unknown-peer',
        messageOf({ ...heartbeat, type: TYPE.appendResponse, from: 8 }),
      ],
    ]
    it.each(refused)('%s is refused as %s and changes nothing', (_, reason, bytes) => {
      const c = cluster(1, { entryBytesMax: 4096, messageBytesMax: 4096, committedBytesMax: 4096 }).found(3)
      const { engine } = c.node(1)
      const before = c.node(1).status(G)
      expect(engine.stepMany([{ group: G, bytes }])).toMatchObject([{ at: 0, reason }])
      expect(c.node(1).status(G)).toEqual(before)
      expect(engine.readyMany({ bytesMax: 1e6, groupsMax: 9 }).ready).toEqual([])
    })

    it('the same messages, told truly, are taken', () => {
      const c = cluster().found(3)
      const truths = [
        heartbeat,
        { ...append, entries: [entry(2, 9)], index: 1, logTerm: 1, commit: 1 },
        { ...snapshot, term: 10 },
      ]
      expect(c.node(1).engine.stepMany(truths.map((one) => ({ group: G, bytes: messageOf(one) })))).toEqual(
        [],
      )
      expect(c.node(1).status(G)).toMatchObject({ term: 10, leader: 2 })
    })

    it('a snapshot waits while a ready is out', () => {
      const c = cluster().found(3)
      const { engine } = c.node(1)
      engine.stepMany([{ group: G, bytes: messageOf(heartbeat) }])
      expect(engine.readyMany({ bytesMax: 1e6, groupsMax: 9 }).ready).toHaveLength(1)
      const bytes = messageOf(snapshot)
      expect(engine.stepMany([{ group: G, bytes }])).toMatchObject([{ reason: 'busy' }])
      engine.advanceMany([G])
      expect(engine.stepMany([{ group: G, bytes }])).toEqual([])
    })

    it('the head of a message is told before it is let in, and a false one only rejected', () => {
      const { engine } = cluster().found(3).node(1)
      expect(engine.peekMessage(messageOf({ ...append, entries: [entry(3, 9)] }))).toMatchObject({
        value: {
          type: 'append',
          to: 1,
          from: 2,
          term: 9,
          index: 2,
          logTerm: 2,
          commit: 2,
          entries: 1,
          reject: false,
        },
      })
      expect(engine.peekMessage(messageOf(snapshot))).toMatchObject({
        value: { type: 'snapshot', index: 50, logTerm: 3 },
      })
      expect(engine.peekMessage(messageOf({ ...heartbeat, commit: 2 ** 53 }))).toMatchObject({ ok: false })
      expect(engine.peekMessage(messageOf({ ...heartbeat, type: TYPE.hup }))).toMatchObject({ ok: false })
    })

    it('a change that this membership cannot take is passed over by every replica, and the group lives', () => {
      const c = cluster().found(3)
      // Changes that no leader of ours proposes: all voters removed, and leaving a joint membership without one.
      const removals = [1, 2, 3].map((id) => Buffer.from([0x12, 4, 0x08, 1, 0x10, id]))
      const entries = [
        entry(2, 9, { kind: 2, data: Buffer.concat(removals) }),
        { index: 3, term: 9, kind: 2 },
      ]
      const bytes = messageOf({ ...append, index: 1, logTerm: 1, commit: 3, entries })
      expect(c.node(1).engine.stepMany([{ group: G, bytes }])).toEqual([])
      c.cut = () => true
      c.run(2, false)
      expect(c.node(1).failed).toEqual([])
      expect(c.node(1).replica(G)).toMatchObject({
        applied: 3,
        membership: { voters: [1, 2, 3], outgoing: [] },
      })
    })
  })

  describe(`${name}: panics`, () => {
    const poison = (to: number, from: number, term: Term): Uint8Array =>
      messageOf({ type: TYPE.heartbeat, to, from, term: term + 1, commit: 2 ** 40 })

    it('a message that makes a group panic fails that group alone, until it is opened again', () => {
      const c = cluster(4).found(3).settle()
      const node = c.node(1)
      const { term } = node.status(G)
      const [first] = node.engine.stepMany([
        { group: G, bytes: poison(1, 2, term) },
        { group: 1 as GroupId, bytes: messageOf({ type: TYPE.heartbeat, to: 1, from: 9, term: 1 }) },
      ])
      expect(first).toMatchObject({
        at: 0,
        reason: 'failed',
        detail: expect.stringContaining('tocommit(1099511627776) is out of range'),
      })
      expect(node.engine.stepMany([{ group: G, bytes: poison(1, 2, term) }])).toMatchObject([
        { reason: 'failed' },
      ])
      expect(node.engine.tickMany([G])).toMatchObject([{ reason: 'failed' }])
      expect(node.engine.proposeMany([{ group: G, commands: [bytesOf('x')] }])).toMatchObject([
        { reason: 'failed' },
      ])
      expect(node.engine.status(G)).toMatchObject({ error: { reason: 'failed' } })
      const others = c.groups.slice(1)
      for (const group of others) c.propose(group, 'on')
      c.run(6)
      for (const group of others) expect(node.replica(group).commands).toEqual(['on'])
      expect(node.engine.open(G, node.settings, node.replica(G)).ok).toBe(true)
      c.until(() => c.leader(0) !== undefined).run(3)
      c.propose(0, 'again')
      c.run(6)
      expect(node.replica(G).commands).toEqual(['again'])
    })

    it('every group of an instance may fail, one after another, and all come back', () => {
      const c = cluster(20).found(3).settle()
      const node = c.node(2)
      for (const group of c.groups) {
        const { term } = node.status(group)
        expect(node.engine.stepMany([{ group, bytes: poison(2, 3, term) }])).toMatchObject([
          { reason: 'failed' },
        ])
        expect(node.engine.open(group, node.settings, node.replica(group)).ok).toBe(true)
      }
      c.settle()
      for (const group of c.groups) c.propose(group, 'x')
      c.run(6)
      for (const group of c.groups) expect(node.replica(group).commands).toEqual(['x'])
    })

    it('a panic while the ready is out leaves nothing out', () => {
      const c = cluster().found(3).settle()
      const node = c.node(1)
      node.engine.tickMany([G])
      node.engine.stepMany([
        { group: G, bytes: messageOf({ type: TYPE.heartbeat, to: 1, from: 2, term: 99 }) },
      ])
      expect(node.engine.readyMany({ bytesMax: 1e6, groupsMax: 9 }).ready).toHaveLength(1)
      node.engine.stepMany([{ group: G, bytes: poison(1, 2, 99 as Term) }])
      expect(node.engine.advanceMany([G])).toMatchObject([{ reason: 'failed' }])
      expect(node.engine.readyMany({ bytesMax: 1e6, groupsMax: 9 })).toEqual({
        ready: [],
        wants: [],
        failed: [],
      })
      node.engine.close(G)
      expect(node.engine.tickMany([G])).toMatchObject([{ reason: 'unknown-group' }])
    })
  })
}

function changed(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[at] = value
  return copy
}

/** A message with more bytes in its body, as its head says. */
function withBody(message: RawMessage, more: readonly number[]): Uint8Array {
  const bytes = Buffer.concat([messageOf(message), Buffer.from(more)])
  bytes.writeUInt32LE(bytes.length - 60, 56)
  return bytes
}
