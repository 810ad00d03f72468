import { describe, expect, it } from 'vitest'
import { decodeFrame, encodeFrame } from '../../src/codec/raft-frame/frame.ts'
import type { RaftId } from '../../src/model/raft.ts'
import type { World } from '../../src/sim/raft/world.ts'
import { add, board, followers, G, groupOf, kinds, mustLead, propose, startWorld } from './raft-world.ts'

/** Ten ticks of 100 ms. */
const ELECTION_MS = 1_000

/** The node takes no proposal of others any more, and all else goes on. */
function leaveOut(w: World, leader: number): void {
  w.tamper = (_from, to, frame) => {
    const items = decodeFrame(frame)
    if (to !== leader || !items.ok) return frame
    const left = items.value.filter(({ kind }) => kind !== 'propose')
    return left.length === 0 ? undefined : encodeFrame(left)
  }
}

/** Whether each of them did. */
function depose(w: World, ...nodes: readonly number[]): readonly boolean[] {
  return nodes.map((node) => {
    let isDone = false
    w.act(node, (host) => {
      isDone = host.oversight.depose(G)
    })
    return isDone
  })
}

/** Who led at any time while so many virtual milliseconds passed. */
function leadersWithin(w: World, ms: number): ReadonlySet<number> {
  const seen = new Set<number>()
  for (const end = w.events.now + ms; w.events.now < end; w.run(10)) {
    for (const { id, host } of w.up()) if (host?.group(G)?.role === 'leader') seen.add(id)
  }
  return seen
}

function ids(w: World): readonly number[] {
  return followers(w).map(({ id }) => id)
}

describe('a leader that leaves out what others propose', () => {
  it.each([3, 5])('V5 is deposed by a majority of %i without it, and the work goes on', (nodes) => {
    const w = startWorld({ nodes })
    const old = mustLead(w).id
    leaveOut(w, old)
    const accusers = ids(w).slice(0, Math.floor(nodes / 2) + 1)
    const lost = propose(w, accusers[0] ?? 0, { kind: 'add', amount: 1 }, { key: 'lost', ticks: 30 })
    w.until(() => lost.length === 1)
    expect(kinds(lost)).toEqual(['unknown'])
    for (const accuser of accusers) {
      expect(mustLead(w).id).toBe(old)
      expect(depose(w, accuser)).toEqual([true])
      w.run(50)
    }
    // The last of them needed no election timeout.
    expect(mustLead(w).id).toBe(accusers.at(-1))
    const done = w.up().map(({ id }) => propose(w, id, { kind: 'add', amount: 1 }, { key: `by ${id}` }))
    w.until(() => done.every((one) => one.length === 1))
    expect(done.flatMap(kinds)).toEqual(done.map(() => 'applied'))
    w.until(() => groupOf(w, old).leader === mustLead(w).id).run(500)
    for (const { id } of w.up()) expect(board(w, id).count).toBe(nodes)
  })

  it('V5 is deposed in the end by voters who begin far apart', () => {
    const w = startWorld({ settings: { quietTicks: 0 } })
    const old = mustLead(w).id
    const [one, two] = ids(w) as [number, number]
    depose(w, one)
    w.run(10 * ELECTION_MS)
    expect(mustLead(w).id).toBe(old)
    for (let n = 0; n < 200 && mustLead(w).id === old; n++) {
      // Whoever may again does.
      depose(w, one)
      w.run(ELECTION_MS)
      if (groupOf(w, one).leader === old || n % 10 === 0) depose(w, two)
    }
    expect(mustLead(w).id).not.toBe(old)
  })
})

describe('voters who are no majority', () => {
  it.each([
    [3, 1],
    [5, 2],
  ])(
    'V5 of %i voters, %i accuse their leader: it goes on in its term, and they follow it again',
    (nodes, accusing) => {
      const w = startWorld({ nodes })
      const { id: leader } = mustLead(w)
      const { term } = groupOf(w, leader).hard
      const accusers = ids(w).slice(0, accusing)
      expect(depose(w, ...accusers)).toEqual(accusers.map(() => true))
      add(w, 5)
      w.run(2 * ELECTION_MS)
      for (const accuser of accusers) expect(groupOf(w, accuser).leader).toBeUndefined()
      add(w, 5, 5)
      w.run(2 * ELECTION_MS)
      expect(mustLead(w).id).toBe(leader)
      for (const { id } of w.up()) {
        expect(groupOf(w, id).leader).toBe(leader)
        expect(groupOf(w, id).hard.term).toBe(term)
        expect(board(w, id).count).toBe(10)
      }
    },
  )

  it('V5 a group that sleeps goes to sleep again', () => {
    const w = startWorld()
    const isAsleep = (): boolean => w.up().every(({ id }) => groupOf(w, id).asleep)
    w.until(isAsleep)
    const { id: leader } = mustLead(w)
    depose(w, ids(w)[0] ?? 0)
    w.run(ELECTION_MS)
    expect(isAsleep()).toBe(false)
    w.until(isAsleep)
    expect(mustLead(w).id).toBe(leader)
  })
})

describe('one node', () => {
  it('V5 deposes in a group once in thirty election timeouts, whoever leads it', () => {
    const w = startWorld({ settings: { quietTicks: 0 } })
    const accusers = ids(w)
    expect(depose(w, ...accusers)).toEqual([true, true])
    w.until(() => w.leader(0) !== undefined && accusers.includes(mustLead(w).id))
    w.run(ELECTION_MS)
    const other = accusers.find((id) => id !== mustLead(w).id) ?? 0
    expect(depose(w, other)).toEqual([false])
    w.run(25 * ELECTION_MS)
    expect(depose(w, other)).toEqual([false])
    w.run(5 * ELECTION_MS)
    expect(depose(w, other)).toEqual([true])
  })

  it('V5 deposes nobody where it leads, nobody leads, or it is no voter', () => {
    const w = startWorld()
    expect(depose(w, mustLead(w).id)).toEqual([false])
    const four = 4 as RaftId
    w.join(four, G)
    w.act(mustLead(w).id, (host) => {
      const part = { kind: 'add-learner' as const, id: four }
      expect(
        host.changeMembership(G, { transition: 'auto', parts: [part], context: new Uint8Array(0) }).ok,
      ).toBe(true)
    })
    w.until(() => groupOf(w, four).leader !== undefined && groupOf(w, four).replica !== undefined)
    expect(depose(w, four)).toEqual([false])
    w.cut = () => true
    w.until(() => w.leader(0) === undefined)
    w.run(3 * ELECTION_MS)
    expect(depose(w, 1, 2, 3)).toEqual([false, false, false])
  })
})

/** Leaders spread by the group's number: voter 1 should lead group 0. */
const SPREADING = { spreadTicks: 5, quietTicks: 0 }

describe('a leader that was deposed', () => {
  it('V5 does not get the group back by spreading, but much later', () => {
    const w = startWorld({ settings: SPREADING })
    w.until(() => w.leader(0)?.id === 1).run(500)
    depose(w, 2, 3)
    w.until(() => w.leader(0) !== undefined && mustLead(w).id !== 1).run(ELECTION_MS)
    const { id } = mustLead(w)
    const { term } = groupOf(w, id).hard
    w.run(60 * ELECTION_MS)
    expect(mustLead(w).id).toBe(id)
    expect(groupOf(w, id).hard.term).toBe(term)
    w.until(() => w.leader(0)?.id === 1, 60 * ELECTION_MS)
  })

  it('V5 does not get it back from one who never accused it', () => {
    const w = startWorld({ nodes: 5, settings: SPREADING })
    w.until(() => w.leader(0)?.id === 1).run(500)
    depose(w, 2, 3, 4)
    w.until(() => w.leader(0) !== undefined && mustLead(w).id !== 1).run(5 * ELECTION_MS)
    w.act(mustLead(w).id, (host) => void host.transfer(G, 5 as RaftId))
    w.until(() => w.leader(0)?.id === 5)
    expect(leadersWithin(w, 20 * ELECTION_MS)).not.toContain(1)
  })

  it('V5 does not get it when its successor is asked to end', () => {
    const w = startWorld({ settings: SPREADING })
    w.until(() => w.leader(0)?.id === 1).run(500)
    depose(w, 2, 3)
    w.until(() => w.leader(0) !== undefined && mustLead(w).id !== 1)
    add(w, 3)
    w.run(ELECTION_MS)
    const next = mustLead(w).id
    const last = 5 - next
    w.act(next, (host) => host.beginStop())
    w.until(() => w.leader(0) !== undefined && mustLead(w).id !== next, ELECTION_MS)
    expect(mustLead(w).id).toBe(last)
  })

  it('V5 leads again soon where one is down and its only accuser alone cannot', () => {
    const w = startWorld({ settings: { quietTicks: 0 } })
    const old = mustLead(w).id
    const [accuser, down] = ids(w) as [number, number]
    depose(w, accuser)
    w.run(31 * ELECTION_MS)
    expect(mustLead(w).id).toBe(old)
    // So that the accuser's log is shorter, and nobody votes for it.
    w.tamper = (from, to, frame) => (from === old && to === accuser ? undefined : frame)
    add(w, 1)
    w.tamper = (_from, _to, frame) => frame
    expect(depose(w, accuser)).toEqual([true])
    w.kill(down)
    const from = w.events.now
    w.until(() => groupOf(w, accuser).leader === undefined && w.leader(0) === undefined)
    w.until(() => w.leader(0)?.id === old && groupOf(w, accuser).leader === old)
    add(w, 1, 1)
    // Not followed for fifteen otherwise.
    expect(w.events.now - from).toBeLessThan(10 * ELECTION_MS)
  })

  it('V5 leads again where nobody else is left who could', () => {
    const w = startWorld()
    const old = mustLead(w).id
    const [one, two] = ids(w) as [number, number]
    depose(w, one, two)
    w.until(() => w.leader(0) !== undefined && mustLead(w).id !== old)
    const next = mustLead(w).id
    const behind = next === one ? two : one
    // What the other one lacks is committed: it cannot win any more.
    w.cut = (from, to) => from === behind || to === behind
    add(w, 3)
    w.kill(next)
    w.cut = () => false
    w.until(() => w.leader(0)?.id === old, 10 * ELECTION_MS)
    add(w, 1, 3)
    w.run(500)
    expect(board(w, behind).count).toBe(4)
  })
})
