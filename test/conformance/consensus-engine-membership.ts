import { describe, expect, it } from 'vitest'
import { DefectError } from '../../src/model/fault.ts'
import type { GroupId, LogIndex } from '../../src/model/raft.ts'
import type { MembershipChange } from '../../src/ports/consensus-engine.ts'
import type { MakeEngine } from './consensus-engine-cluster.ts'
import { addLearner, bytesOf, changeOf, clusters, id, reasons } from './consensus-engine-parts.ts'

const G = 0 as GroupId
const LIMITS = { bytesMax: 1_000_000, groupsMax: 1000 }

/** Who decides, who leads, and what a reader may rely on. */
export function describeMembership(name: string, make: MakeEngine): void {
  const cluster = clusters(make)

  describe(`${name}: membership`, () => {
    it('a learner joins by snapshot, catches up, is promoted, and a voter is removed', () => {
      const c = cluster().found(3).settle()
      c.propose(0, 'before')
      c.run(3)
      c.add(id(4)).join(G)
      expect(c.mustLead(0).engine.proposeChange(G, addLearner(4))).toMatchObject({ ok: true })
      c.until(() => c.node(4).replica(G).commands.length === 1)
      expect(c.node(4).replica(G).membership).toMatchObject({ voters: [1, 2, 3], learners: [4] })
      expect(c.mustLead(0).engine.proposeChange(G, changeOf({ kind: 'add-voter', id: id(4) })).ok).toBe(true)
      c.run(6)
      const out = [...c.nodes.values()].find((node) => node !== c.leader(0))
      expect(
        c.mustLead(0).engine.proposeChange(G, changeOf({ kind: 'remove', id: out?.id ?? id(1) })).ok,
      ).toBe(true)
      c.run(6)
      c.propose(0, 'after')
      c.run(6)
      const left = [1, 2, 3, 4].filter((one) => one !== out?.id)
      for (const one of left) {
        expect(c.node(one).replica(G).membership).toMatchObject({ voters: left, learners: [], outgoing: [] })
        expect(c.node(one).replica(G).commands).toEqual(['before', 'after'])
      }
    })

    it('a joint change swaps voters at once and is left by the engine', () => {
      const c = cluster().found(3).settle()
      c.add(id(4)).join(G)
      const first = [1, 2, 3].find((one) => one !== c.mustLead(0).id)
      const seen: unknown[] = []
      const swap = changeOf({ kind: 'add-voter', id: id(4) }, { kind: 'remove', id: id(first ?? 0) })
      expect(c.mustLead(0).engine.proposeChange(G, swap).ok).toBe(true)
      c.until(() => {
        seen.push({ ...c.mustLead(0).replica(G).membership })
        return (
          c.node(4).replica(G).membership.voters.includes(id(4)) &&
          c.node(4).replica(G).membership.outgoing.length === 0
        )
      })
      const voters = [1, 2, 3, 4].filter((one) => one !== first)
      expect(seen).toContainEqual({
        voters,
        outgoing: [1, 2, 3],
        learners: [],
        learnersNext: [],
        autoLeave: true,
      })
      expect(c.mustLead(0).replica(G).membership).toMatchObject({ voters, outgoing: [] })
    })

    it('an explicit joint change stays until it is left, and takes nothing else meanwhile', () => {
      const c = cluster().found(3).settle()
      const leader = c.mustLead(0)
      const demote = [1, 2, 3].find((one) => one !== leader.id)
      const joint: MembershipChange = {
        transition: 'joint-explicit',
        parts: [{ kind: 'add-learner', id: id(demote ?? 0) }],
        context: bytesOf('why'),
      }
      expect(leader.engine.proposeChange(G, changeOf())).toMatchObject({
        error: { reason: 'conf-not-joint' },
      })
      expect(leader.engine.proposeChange(G, joint).ok).toBe(true)
      c.run(8)
      expect(leader.replica(G).membership).toMatchObject({
        outgoing: [1, 2, 3],
        learnersNext: [demote],
        autoLeave: false,
      })
      expect(leader.engine.proposeChange(G, addLearner(9))).toMatchObject({ error: { reason: 'conf-joint' } })
      expect(leader.engine.proposeChange(G, changeOf()).ok).toBe(true)
      c.run(8)
      expect(leader.replica(G).membership).toMatchObject({
        outgoing: [],
        learners: [demote],
        learnersNext: [],
      })
    })

    it('one change at a time: the next waits until the first is applied', () => {
      const c = cluster().found(3).settle()
      const { engine } = c.mustLead(0)
      expect(engine.proposeChange(G, addLearner(8)).ok).toBe(true)
      expect(engine.proposeChange(G, addLearner(9))).toMatchObject({ error: { reason: 'conf-pending' } })
      c.run(6)
      expect(engine.proposeChange(G, addLearner(9)).ok).toBe(true)
    })

    it.each([
      ['adding a present voter', changeOf({ kind: 'add-voter', id: id(2) })],
      ['removing a stranger', changeOf({ kind: 'remove', id: id(9) })],
      ['naming a replica twice', changeOf({ kind: 'add-voter', id: id(9) }, { kind: 'remove', id: id(9) })],
      ['changing nothing', changeOf({ kind: 'update', id: id(2) })],
      [
        'removing all voters',
        changeOf(...[1, 2, 3].map((one) => ({ kind: 'remove', id: id(one) }) as const)),
      ],
    ])('%s is refused before it reaches the log', (_, change) => {
      const c = cluster().found(3).settle()
      const last = c.mustLead(0).status(G).last
      expect(c.mustLead(0).engine.proposeChange(G, change)).toMatchObject({
        error: { reason: 'conf-invalid' },
      })
      c.run(4)
      expect(c.mustLead(0).status(G).last).toBe(last)
    })

    it('a change must be judged before the advance, in order; passing over it changes nothing', () => {
      const c = cluster().found(1).settle()
      const { engine } = c.node(1)
      expect(engine.proposeChange(G, addLearner(2)).ok).toBe(true)
      engine.readyMany(LIMITS)
      engine.advanceMany([G])
      const [ready] = engine.readyMany(LIMITS).ready
      const [entry] = ready?.committed ?? []
      expect(entry).toMatchObject({ kind: 'change', change: addLearner(2) })
      expect(() => engine.advanceMany([G])).toThrow(/conf-unhandled/u)
      expect(() => engine.applyChange(G, 99 as LogIndex)).toThrow(DefectError)
      expect(engine.passOverChange(G, entry?.index ?? (0 as LogIndex))).toMatchObject({
        value: { applied: false, membership: { voters: [1], learners: [] } },
      })
      engine.advanceMany([G])
      expect(c.node(1).status(G).membership.learners).toEqual([])
      expect(engine.proposeChange(G, addLearner(2)).ok).toBe(true)
    })

    it('a removed leader steps down once it has applied that', () => {
      const c = cluster().found(3).settle()
      const old = c.mustLead(0)
      expect(old.engine.proposeChange(G, changeOf({ kind: 'remove', id: old.id })).ok).toBe(true)
      c.until(() => c.leader(0) !== undefined && c.leader(0) !== old)
      expect(old.status(G).role).toBe('follower')
      c.propose(0, 'x')
      c.run(4)
      expect(c.mustLead(0).replica(G).commands).toEqual(['x'])
    })
  })

  describe(`${name}: transfer and reads`, () => {
    it('leadership goes to the voter that is named, and proposals are refused on the way', () => {
      const c = cluster().found(3).settle()
      const old = c.mustLead(0)
      const to = id([1, 2, 3].find((one) => one !== old.id) ?? 0)
      expect(old.engine.transferLeadership(G, id(9))).toMatchObject({ error: { reason: 'unknown-peer' } })
      expect(old.engine.transferLeadership(G, to).ok).toBe(true)
      expect(reasons(old.engine.proposeMany([{ group: G, commands: [bytesOf('x')] }]))).toEqual([
        '0 transferring',
      ])
      expect(old.status(G).transferee).toBe(to)
      expect(c.node(to).engine.transferLeadership(G, old.id)).toMatchObject({
        error: { reason: 'not-leader' },
      })
      c.run(8)
      expect(c.mustLead(0).id).toBe(to)
    })

    it('a transfer to a dead voter ends after an election timeout and the leader goes on', () => {
      const c = cluster().found(3).settle()
      const old = c.mustLead(0)
      const to = id([1, 2, 3].find((one) => one !== old.id) ?? 0)
      c.kill(to)
      expect(old.engine.transferLeadership(G, to).ok).toBe(true)
      c.run(12)
      c.propose(0, 'on')
      c.run(3)
      expect(c.mustLead(0)).toBe(old)
      expect(old.replica(G).commands).toEqual(['on'])
    })

    it('a read on any replica gets an index that holds every command acknowledged before', () => {
      const c = cluster().found(3).settle()
      c.propose(0, 'x')
      c.run(1)
      c.until(() => c.mustLead(0).replica(G).commands.length === 1)
      const acknowledged = c.mustLead(0).replica(G).applied
      for (const node of c.nodes.values()) {
        expect(node.engine.readIndex(G, bytesOf(`read ${node.id}`)).ok).toBe(true)
      }
      c.run(6)
      for (const node of c.nodes.values()) {
        expect(node.reads).toHaveLength(1)
        expect(node.reads[0]).toMatchObject({ group: G, context: `read ${node.id}` })
        expect(node.reads[0]?.index).toBeGreaterThanOrEqual(acknowledged)
      }
    })

    it('a read is never served without a majority, and is refused without a leader', () => {
      const c = cluster().found(3).settle()
      const leader = c.mustLead(0)
      c.cut = () => true
      expect(leader.engine.readIndex(G, bytesOf('stale')).ok).toBe(true)
      c.run(30)
      expect(leader.reads).toEqual([])
      expect(leader.engine.readIndex(G, bytesOf('none'))).toMatchObject({
        error: { reason: 'no-leader' },
      })
      expect(leader.engine.readIndex(G, new Uint8Array(257))).toMatchObject({
        error: { reason: 'malformed' },
      })
    })

    it('a follower that forgets its leader may campaign', () => {
      const c = cluster().found(3).settle().run(4, false)
      const old = c.mustLead(0)
      const [one, two] = [...c.nodes.values()].filter((node) => node !== old)
      for (const node of [one, two]) expect(node?.engine.forgetLeader(G).ok).toBe(true)
      expect(one?.engine.campaign(G).ok).toBe(true)
      c.run(8, false)
      expect(c.mustLead(0)).toBe(one)
    })
  })
}
