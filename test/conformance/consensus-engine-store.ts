import { describe, expect, it } from 'vitest'
import type { GroupId, LogIndex, Term } from '../../src/model/raft.ts'
import { foundGroup, GROUP_SETTINGS, type StoredGroup } from '../../src/ports/consensus-group.ts'
import { messageOf, type RawMessage, TYPE } from '../../src/sim/raft/forged-message.ts'
import type { Cluster, MakeEngine, Settings } from './consensus-engine-cluster.ts'
import { addLearner, bytesOf, clusters, id } from './consensus-engine-parts.ts'

const G = 0 as GroupId
const LIMITS = { bytesMax: 1_000_000, groupsMax: 1000 }

/** What is kept in memory, what the store has, and what a restart finds. */
export function describeStore(name: string, make: MakeEngine): void {
  const cluster = clusters(make)

  describe(`${name}: snapshots, older entries, restart`, () => {
    const small: Settings = { tailEntriesMax: 16, tailBytesMax: 65_536 }

    function lag(c: Cluster, commands: number): number {
      c.settle()
      const behind = [1, 2, 3].find((one) => one !== c.mustLead(0).id) ?? 0
      c.kill(behind)
      for (let n = 0; n < commands; n++) {
        c.propose(0, `${n}`)
        c.round(n % 4 === 0)
      }
      c.run(3)
      return behind
    }
    const all = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `${n}`)

    it('the tail in memory is bounded, what is not applied stays', () => {
      const c = cluster(1, small).found(1).settle()
      for (let n = 0; n < 200; n++) {
        c.propose(0, `${n}`)
        c.run(1, false)
        const { memoryFloor, applied, last } = c.node(1).status(G)
        expect(memoryFloor).toBeLessThanOrEqual(applied)
        expect(last - memoryFloor).toBeLessThanOrEqual(17)
      }
      const { engine } = c.node(1)
      engine.proposeMany([{ group: G, commands: Array.from({ length: 100 }, () => bytesOf('x')) }])
      engine.readyMany(LIMITS)
      engine.advanceMany([G])
      const { last, applied, memoryFloor } = c.node(1).status(G)
      expect(last - applied).toBe(100)
      expect(memoryFloor).toBeLessThanOrEqual(applied)
    })

    it('the tail is bounded by bytes too', () => {
      const c = cluster(1, { ...small, tailEntriesMax: 1000 })
        .found(1)
        .settle()
      for (let n = 0; n < 100; n++) c.propose(0, `${n}`.padEnd(5000))
      c.run(3)
      expect(c.node(1).status(G).tailBytes).toBeLessThanOrEqual(65_536)
      expect(c.node(1).replica(G).commands).toHaveLength(100)
    })

    it('a follower that lags behind the tail is caught up by older entries of the store', () => {
      const c = cluster(1, small).found(3)
      const behind = lag(c, 300)
      c.restart(behind)
      c.until(() => c.node(behind).replica(G).commands.length === 300)
      expect(c.node(behind).replica(G).commands).toEqual(all(300))
      expect(c.mustLead(0).supplied).toBeGreaterThan(1)
      expect(c.mustLead(0).offered).toBe(0)
    })

    it('older entries that nobody asks for are forgotten, and asked for again', () => {
      const c = cluster(1, small).found(3)
      const behind = lag(c, 60)
      const leader = c.mustLead(0)
      const { entries, floor } = leader.replica(G)
      const older = entries.slice(0, leader.status(G).memoryFloor - floor.index)
      expect(leader.engine.supplyEntries(G, older).ok).toBe(true)
      c.run(5)
      c.restart(behind)
      c.until(() => c.node(behind).replica(G).commands.length === 60)
      expect(leader.supplied).toBe(0)
      const again = lag(c, 60)
      const next = c.mustLead(0)
      const { memoryFloor } = next.status(G)
      expect(
        next.engine.supplyEntries(G, next.replica(G).entries.slice(0, memoryFloor - floor.index)).ok,
      ).toBe(true)
      c.run(60)
      c.restart(again)
      c.until(() => c.node(again).replica(G).commands.length === 120)
      expect(next.supplied).toBeGreaterThan(0)
    })

    it('a follower behind the log gets a snapshot and is then caught up by entries', () => {
      const c = cluster(1, small).found(3)
      const behind = lag(c, 100)
      const leader = c.mustLead(0)
      const { applied } = leader.replica(G)
      expect(leader.engine.compact(G, applied).ok).toBe(true)
      expect(leader.status(G).floor).toBe(applied)
      c.propose(0, 'more')
      c.restart(behind)
      c.until(() => c.node(behind).replica(G).commands.length === 101)
      expect(c.node(behind).replica(G).commands).toEqual([...all(100), 'more'])
      expect(c.node(behind).replica(G).floor.index).toBeGreaterThanOrEqual(applied)
      expect(leader.offered).toBeGreaterThan(0)
    })

    it('nothing above the applied index is compacted or offered (3)', () => {
      const c = cluster().found(1).settle()
      const { engine } = c.node(1)
      const { applied } = c.node(1).status(G)
      const beyond = (applied + 1) as LogIndex
      expect(() => engine.compact(G, beyond)).toThrow(/beyond-applied/u)
      const snapshot = {
        index: beyond,
        term: 2 as Term,
        membership: foundGroup([id(1)]).membership,
        data: new Uint8Array(0),
      }
      expect(() => engine.offerSnapshot(G, snapshot)).toThrow(/beyond-applied/u)
      expect(engine.compact(G, applied).ok).toBe(true)
      expect(engine.compact(G, 1 as LogIndex).ok).toBe(true)
      expect(c.node(1).status(G).floor).toBe(applied)
    })

    it('a snapshot whose delivery failed is sent again; one delivered without an answer is probed', () => {
      const c = cluster(1, small).found(3)
      const behind = lag(c, 40)
      const leader = c.mustLead(0)
      leader.engine.compact(G, leader.replica(G).applied)
      let lost = 0
      c.cut = (_from, _to, _group, { head }) => {
        if (head.type !== 'snapshot') return false
        lost++
        return true
      }
      c.restart(behind)
      c.until(() => lost === 1).run(20)
      const progress = () => leader.status(G).progress.find((member) => member.id === behind)
      expect(progress()).toMatchObject({ state: 'snapshot' })
      expect(lost).toBe(1)
      leader.engine.reportSnapshot(G, id(behind), false)
      c.until(() => lost === 2)
      c.cut = () => false
      leader.engine.reportSnapshot(G, id(behind), false)
      c.until(() => c.node(behind).replica(G).commands.length === 40)
      c.until(() => progress()?.state === 'replicate')
    })

    it.each([
      ['below the floor', 1, 'compacted'],
      ['in memory', 60, 'not-in-log'],
    ])('older entries that are %s are refused', (_, from, reason) => {
      const c = cluster(1, small).found(1).settle()
      for (let n = 0; n < 60; n++) c.propose(0, `${n}`)
      c.run(4)
      const entries = [
        {
          ...c.node(1).replica(G).entries[from - 2],
          index: from as LogIndex,
          term: 2 as Term,
          kind: 0,
          data: new Uint8Array(1),
        },
      ]
      expect(c.node(1).engine.supplyEntries(G, entries)).toMatchObject({ error: { reason } })
    })

    it('older entries that the log never had are refused', () => {
      const c = cluster(1, small).found(1).settle()
      for (let n = 0; n < 60; n++) c.propose(0, `${n}`)
      c.run(4)
      const [first, second] = c.node(1).replica(G).entries
      const lie = [first, second].map((entry) => ({ ...entry, term: 9 as Term }))
      expect(c.node(1).engine.supplyEntries(G, lie as never)).toMatchObject({
        error: { reason: 'not-in-log' },
      })
    })

    it('after a restart the same log goes on: nothing is applied twice, nothing is missing', () => {
      const c = cluster(3).found(3).settle()
      for (let n = 0; n < 40; n++) {
        for (const group of c.groups) c.propose(group, `${group}.${n}`)
        c.run(1, false)
        if (n % 10 === 9) {
          const victim = (n % 3) + 1
          c.kill(victim)
          c.restart(victim)
          c.settle()
        }
      }
      c.run(10)
      for (const node of c.nodes.values()) {
        for (const group of c.groups) {
          const { commands } = node.replica(group)
          expect(commands).toEqual(all(40).map((n) => `${group}.${n}`))
        }
      }
    })

    it('a restart with less applied gives out again what came after, with its membership changes', () => {
      const c = cluster().found(3).settle()
      const checkpoint = { ...c.node(1).replica(G), commands: [] as string[] }
      c.propose(0, 'x')
      c.run(3)
      expect(c.mustLead(0).engine.proposeChange(G, addLearner(7)).ok).toBe(true)
      c.run(6)
      const { applied, membership } = checkpoint
      c.kill(1)
      Object.assign(c.node(1).replica(G), { applied, membership, commands: [] })
      c.restart(1)
      expect(c.node(1).status(G)).toMatchObject({ applied, membership: { learners: [] } })
      c.run(12)
      expect(c.node(1).replica(G)).toMatchObject({ commands: ['x'], membership: { learners: [7] } })
    })

    it('a vote that is stored binds after a restart', () => {
      const engine = make(7)
      const voted: StoredGroup = {
        ...foundGroup([id(1), id(2), id(3)]),
        hardState: { term: 5 as Term, vote: id(2), commit: 1 as LogIndex },
      }
      expect(engine.open(G, { ...GROUP_SETTINGS, id: id(1), preVote: false }, voted).ok).toBe(true)
      const ask = (from: number): RawMessage => ({
        type: TYPE.vote,
        to: 1,
        from,
        term: 5,
        index: 1,
        logTerm: 1,
      })
      expect(engine.stepMany([3, 2].map((from) => ({ group: G, bytes: messageOf(ask(from)) })))).toEqual([])
      const [ready] = engine.readyMany(LIMITS).ready
      expect(ready?.messages.map(({ head }) => [head.type, head.to, head.reject])).toEqual([
        ['vote-response', 3, true],
        ['vote-response', 2, false],
      ])
    })
  })
}
