import { describe, expect, it } from 'vitest'
import { DefectError } from '../../src/model/fault.ts'
import type { GroupId, LogIndex, Term } from '../../src/model/raft.ts'
import { foundGroup, GROUP_SETTINGS, type StoredGroup } from '../../src/ports/consensus-group.ts'
import type { MakeEngine } from './consensus-engine-cluster.ts'
import { bytesOf, clusters, hard, id, reasons } from './consensus-engine-parts.ts'

const G = 0 as GroupId
const LIMITS = { bytesMax: 1_000_000, groupsMax: 1000 }

/** What every adapter of the port `ConsensusEngine` does. Rules by their headings in the port's comments. */
export function describeConsensusEngine(name: string, make: MakeEngine): void {
  const cluster = clusters(make)

  describe(`${name}: opening`, () => {
    const settings = { ...GROUP_SETTINGS, id: id(1) }
    const stored = foundGroup([id(1), id(2), id(3)])
    const entry = (index: number, term: number) => ({
      index: index as LogIndex,
      term: term as Term,
      kind: 0,
      data: bytesOf('x'),
    })
    const refusals: readonly (readonly [string, Partial<StoredGroup>, RegExp])[] = [
      ['a commit before the log', { hardState: hard(1, 0) }, /commit 0 is outside of the log \[1, 1\]/u],
      ['a commit beyond the log', { hardState: hard(1, 2) }, /commit 2 is outside of the log \[1, 1\]/u],
      ['a gap', { entries: [entry(2, 1), entry(4, 1)] }, /a gap in the log: entry 4 where 3 must stand/u],
      [
        'falling terms',
        { entries: [entry(2, 2), entry(3, 1)], hardState: hard(2, 1) },
        /entry 3 has term 1/u,
      ],
      [
        'an entry of a term not reached',
        { entries: [entry(2, 2)] },
        /ends with term 2, the hard state says 1/u,
      ],
      ['more applied than committed', { applied: 2 as LogIndex, entries: [entry(2, 1)] }, /applied 2/u],
      [
        'a membership at index 0',
        { floor: { index: 0 as LogIndex, term: 0 as Term }, applied: 0 as LogIndex, hardState: hard(1, 0) },
        /sits in a snapshot at index 1 or more/u,
      ],
      [
        'a log without a membership',
        { membership: { ...stored.membership, voters: [] } },
        /without a membership/u,
      ],
      [
        'a replica that is voter and learner',
        { membership: { ...stored.membership, learners: [id(1)] } },
        /membership:/u,
      ],
      [
        'a joint membership with a learner that votes on the way out',
        { membership: { ...stored.membership, outgoing: [id(4)], learners: [id(4)] } },
        /membership:/u,
      ],
    ]
    it.each(refusals)('%s is refused, named, and opens nothing', (_, wrong, message) => {
      const engine = make(1)
      const opened = engine.open(G, settings, { ...stored, ...wrong })
      expect(opened).toMatchObject({
        ok: false,
        error: { reason: 'bad-state', detail: expect.stringMatching(message) },
      })
      expect(engine.status(G)).toMatchObject({ ok: false, error: { reason: 'unknown-group' } })
    })

    it('settings out of range are refused', () => {
      const engine = make(1)
      expect(engine.open(G, { ...settings, electionTicks: 1 }, stored)).toMatchObject({
        ok: false,
        error: { reason: 'bad-settings' },
      })
    })

    it('opening twice is a defect; after closing it is not', () => {
      const engine = make(1)
      expect(engine.open(G, settings, stored).ok).toBe(true)
      expect(() => engine.open(G, settings, stored)).toThrow(DefectError)
      engine.close(G)
      engine.close(G)
      expect(engine.open(G, settings, stored).ok).toBe(true)
    })
  })

  describe(`${name}: log and elections`, () => {
    it('every group elects a leader, and commands commit in order on all replicas', () => {
      const c = cluster(8).found(3).settle()
      for (const group of c.groups) c.propose(group, `${group}a`, `${group}b`)
      c.run(1)
      for (const group of c.groups) c.propose(group, `${group}c`)
      c.run(5)
      for (const node of c.nodes.values()) {
        for (const group of c.groups) {
          expect(node.replica(group).commands).toEqual([`${group}a`, `${group}b`, `${group}c`])
        }
      }
    })

    it('a single voter decides alone', () => {
      const c = cluster().found(1).settle()
      c.propose(0, 'alone')
      c.run(2)
      expect(c.node(1).replica(G).commands).toEqual(['alone'])
    })

    it('only answers wait for the write; what must be stable is marked', () => {
      const c = cluster().found(3)
      const waiting = new Map<string, boolean>()
      c.cut = (_from, _to, _group, { head, waits }) => {
        waiting.set(head.type, waits)
        return false
      }
      c.settle()
      c.propose(0, 'x')
      c.run(3)
      expect(Object.fromEntries(waiting)).toEqual({
        append: false,
        'append-response': true,
        heartbeat: false,
        'heartbeat-response': false,
        'pre-vote': false,
        'pre-vote-response': true,
        vote: false,
        'vote-response': true,
      })
    })

    it('a ready that only moves the commit index need not be synced, one with entries must', () => {
      const c = cluster().found(1).settle()
      const { engine } = c.node(1)
      expect(engine.proposeMany([{ group: G, commands: [bytesOf('x')] }])).toEqual([])
      const [entries] = engine.readyMany(LIMITS).ready
      engine.advanceMany([G])
      const [commit] = engine.readyMany(LIMITS).ready
      engine.advanceMany([G])
      expect(entries).toMatchObject({ mustSync: true, entries: [{ index: 3 }] })
      expect(commit).toMatchObject({ mustSync: false, entries: [], hardState: { commit: 3 } })
    })

    it('a leader that hears nobody steps down and refuses proposals', () => {
      const c = cluster().found(3).settle()
      const leader = c.mustLead(0)
      c.cut = () => true
      c.run(25)
      expect(leader.status(G).role).not.toBe('leader')
      const refused = leader.engine.proposeMany([{ group: G, commands: [bytesOf('x')] }])
      expect(reasons(refused)).toEqual(['0 no-leader'])
    })

    it('entries that a deposed leader appended alone are overwritten', () => {
      const c = cluster().found(3).settle()
      const old = c.mustLead(0)
      c.cut = (from, to) => from === old.id || to === old.id
      c.propose(0, 'lost')
      c.until(() => c.leader(0) !== undefined && c.leader(0) !== old)
      c.propose(0, 'kept')
      c.run(3)
      c.cut = () => false
      c.run(15)
      for (const node of c.nodes.values()) expect(node.replica(G).commands).toEqual(['kept'])
    })

    it('a follower refuses proposals and names the leader; forwarding is a setting', () => {
      const c = cluster().found(3).settle()
      const follower = [...c.nodes.values()].find((node) => node !== c.leader(0))
      const proposal = [{ group: G, commands: [bytesOf('x')] }]
      expect(follower?.engine.proposeMany(proposal)).toMatchObject([
        { reason: 'not-leader', detail: expect.stringContaining(`${c.mustLead(0).id}`) },
      ])
      const open = cluster(1, { forwardProposals: true }).found(3).settle()
      const other = [...open.nodes.values()].find((node) => node !== open.leader(0))
      expect(other?.engine.proposeMany(proposal)).toEqual([])
      open.run(6)
      expect(open.node(1).replica(G).commands).toEqual(['x'])
    })

    it('what is proposed without a majority is bounded', () => {
      const c = cluster(1, { uncommittedBytesMax: 10_000, checkQuorum: false }).found(3).settle()
      const leader = c.mustLead(0)
      c.cut = () => true
      const one = [{ group: G, commands: [new Uint8Array(1000)] }]
      const answers = Array.from({ length: 20 }, () => leader.engine.proposeMany(one)[0]?.reason)
      expect(answers).toEqual([
        ...Array<undefined>(10).fill(undefined),
        ...Array<string>(10).fill('uncommitted-full'),
      ])
    })

    it('a command above the limit, an empty one and none at all are refused at the door', () => {
      const c = cluster(1, { entryBytesMax: 100 }).found(1).settle()
      const of = (...commands: Uint8Array[]) => ({ group: G, commands })
      const refused = c
        .node(1)
        .engine.proposeMany([
          of(new Uint8Array(101)),
          of(new Uint8Array(0)),
          of(),
          of(new Uint8Array(100)),
          { group: 7 as GroupId, commands: [new Uint8Array(1)] },
        ])
      expect(reasons(refused)).toEqual(['0 too-large', '1 malformed', '2 malformed', '4 unknown-group'])
    })

    it('messages as large as the settings allow arrive, and a single entry above them too', () => {
      const c = cluster(1, { messageBytesMax: 65_536, entryBytesMax: 1_000_000, inflightBytesMax: 4_000_000 })
      const sizes: number[] = []
      c.cut = (_from, _to, _group, { bytes }) => {
        sizes.push(bytes.length)
        return false
      }
      c.found(3).settle()
      c.propose(0, ...Array.from({ length: 200 }, (_, n) => `${n}`.padEnd(1000)))
      c.propose(0, 'x'.repeat(1_000_000))
      c.run(10)
      expect(sizes.some((size) => size > 64_000 && size < 66_000)).toBe(true)
      for (const node of c.nodes.values()) {
        expect(node.replica(G).commands).toHaveLength(201)
        expect(node.replica(G).commands.at(-1)).toHaveLength(1_000_000)
      }
    })

    it('what a proposal said is copied: the caller may use its bytes again', () => {
      const c = cluster().found(1).settle()
      const bytes = bytesOf('first')
      c.node(1).engine.proposeMany([{ group: G, commands: [bytes] }])
      bytes.fill(120)
      c.propose(0, 'second')
      c.run(2)
      expect(c.node(1).replica(G).commands).toEqual(['first', 'second'])
    })

    it('a group that is not ticked has nothing ready and starts no election', () => {
      const c = cluster(2).found(3).settle()
      const [first, second] = c.groups
      const before = c.node(1).status(second ?? G)
      for (let tick = 0; tick < 100; tick++) {
        for (const node of c.nodes.values()) {
          node.engine.tickMany([first ?? G])
          const { ready } = node.engine.readyMany(LIMITS)
          expect(ready.map(({ group }) => group)).not.toContain(second)
          node.engine.advanceMany(ready.map(({ group }) => group))
        }
      }
      expect(c.node(1).status(second ?? G)).toEqual(before)
    })
  })

  describe(`${name}: ready and advance`, () => {
    it('a ready is out once, and an advance without one is a defect (1, 2)', () => {
      const c = cluster().found(1).settle()
      const { engine } = c.node(1)
      engine.proposeMany([{ group: G, commands: [bytesOf('x')] }])
      expect(engine.readyMany(LIMITS).ready).toHaveLength(1)
      engine.proposeMany([{ group: G, commands: [bytesOf('y')] }])
      expect(engine.readyMany(LIMITS).ready).toEqual([])
      expect(c.node(1).status(G).isOut).toBe(true)
      engine.advanceMany([G])
      expect(engine.readyMany(LIMITS).ready).toMatchObject([{ entries: [{ data: bytesOf('y') }] }])
      engine.advanceMany([G])
      expect(engine.readyMany(LIMITS).ready).toHaveLength(1)
      engine.advanceMany([G])
      expect(() => engine.advanceMany([G])).toThrow(DefectError)
    })

    it('limits split a batch by groups and by bytes, and nothing is left behind', () => {
      const c = cluster(6).found(1).settle()
      const { engine } = c.node(1)
      engine.proposeMany(c.groups.map((group) => ({ group, commands: [new Uint8Array(1000)] })))
      const taken: GroupId[][] = []
      for (;;) {
        const limits =
          taken.length === 0 ? { bytesMax: 1_000_000, groupsMax: 2 } : { bytesMax: 1500, groupsMax: 99 }
        const groups = engine.readyMany(limits).ready.map(({ group }) => group)
        if (groups.length === 0) break
        taken.push(groups)
      }
      expect(taken).toEqual([
        [0, 1],
        [2, 3],
        [4, 5],
      ])
      engine.advanceMany(c.groups)
    })

    it('a big backlog is applied in bounded pieces', () => {
      const c = cluster(1, { committedBytesMax: 5000 }).found(1).settle()
      for (let n = 0; n < 20; n++) c.propose(0, `${n}`.padEnd(1000))
      const { engine } = c.node(1)
      const pieces: number[] = []
      for (let turn = 0; turn < 20; turn++) {
        const { ready } = engine.readyMany(LIMITS)
        pieces.push(...ready.map(({ committed }) => committed.length))
        engine.advanceMany(ready.map(({ group }) => group))
      }
      expect(Math.max(...pieces)).toBeLessThanOrEqual(5)
      expect(pieces.reduce((sum, piece) => sum + piece)).toBe(20)
    })
  })
}
