import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { peekMessage } from '../../src/adapters/etcd-raft/message-head.ts'
import { decodeFrame, encodeFrame, type FrameItem } from '../../src/codec/raft-frame/frame.ts'
import { decodeRow } from '../../src/codec/turn/decode-row.ts'
import type { GroupId, RaftId } from '../../src/model/raft.ts'
import { REMEMBERED_POSITIONS } from '../../src/model/replicated.ts'
import type { DiskWrites } from '../../src/ports/row-disk.ts'
import { addLearnerThenVoter, plainChange } from '../../src/services/raft-host/membership.ts'
import type { ReadOutcome } from '../../src/services/raft-host/reads.ts'
import { messageOf, TYPE } from '../../src/sim/raft/forged-message.ts'
import type { Board } from '../../src/sim/raft/machines.ts'
import type { World } from '../../src/sim/raft/world.ts'
import { add, board, followers, G, groupOf, kinds, mustLead, propose, startWorld } from './raft-world.ts'

const FOUR = 4 as RaftId

/** What travels, by kind: 'append', 'snapshot', 'chunk', … */
function watch(
  w: World,
  seen: (kind: string, from: RaftId, to: RaftId, item: FrameItem) => boolean | void,
): void {
  w.tamper = (from, to, frame) => {
    const items = decodeFrame(frame)
    if (!items.ok) return frame
    const left = items.value.filter((item) => {
      const head = item.kind === 'message' ? peekMessage(item.bytes) : undefined
      return seen(head?.ok === true ? head.value.type : item.kind, from, to, item) !== false
    })
    if (left.length === items.value.length) return frame
    return left.length === 0 ? undefined : encodeFrame(left)
  }
}

function join(w: World, id: RaftId): void {
  w.join(id, G)
}

function behindFloor(w: World, bytes = 0): number {
  const behind = followers(w)[0]?.id ?? 0
  w.kill(behind)
  if (bytes > 0) {
    const done = propose(
      w,
      mustLead(w).id,
      { kind: 'put', cell: 'big', value: 'x'.repeat(bytes) },
      { key: 'big' },
    )
    w.until(() => done.length === 1)
  }
  add(w, 90)
  w.run(500)
  expect(groupOf(w, mustLead(w).id).floor).toBeGreaterThan(20)
  return behind
}

/** Whether the checkpoint of a snapshot is in the row. */
function installs({ putRow }: DiskWrites): boolean {
  const row = putRow && decodeRow(putRow.bytes, crc32)
  return row?.ok === true && row.value.parts.some(({ checkpoint }) => checkpoint?.kind === 'snapshot')
}

describe('snapshots and compaction', () => {
  it('N1 a follower below the first kept index gets a snapshot and is then caught up by entries', () => {
    const w = startWorld()
    const behind = behindFloor(w)
    const kindsSeen = new Set<string>()
    watch(w, (kind, _from, to) => void (to === behind && kindsSeen.add(kind)))
    w.start(behind)
    w.until(() => board(w, behind).count === 90)
    expect(kindsSeen).toContain('snapshot')
    expect(kindsSeen).toContain('append')
  })

  it.each(['kill-before', 'kill-after'] as const)(
    'N2 a %s while a snapshot is installed leaves the old or the new',
    (fault) => {
      const w = startWorld()
      const behind = behindFloor(w)
      w.start(behind)
      const before = groupOf(w, behind).checkpoint?.applied ?? 0
      w.node(behind).disk.trouble.fault = (writes) => (installs(writes) ? fault : 'none')
      w.until(() => w.node(behind).host === undefined)
      w.start(behind)
      const applied = groupOf(w, behind).checkpoint?.applied ?? 0
      if (fault === 'kill-before') expect(applied).toBe(before)
      else expect(applied).toBeGreaterThan(20)
      w.until(() => board(w, behind).count === 90)
    },
  )

  it('N3 parts are checked by their hashes: a damaged one is fetched again, and what came before a crash counts', () => {
    const w = startWorld()
    const behind = behindFloor(w, 700_000)
    let damage = 2
    let parts = 0
    const asked: number[] = []
    w.tamper = (_from, to, frame) => {
      const items = decodeFrame(frame)
      if (!items.ok) return frame
      const wanted = items.value.find((item) => item.kind === 'chunk-wanted')
      if (wanted?.kind === 'chunk-wanted') asked.push(wanted.chunk)
      const chunk = items.value.find((item) => item.kind === 'chunk')
      if (to !== behind || chunk?.kind !== 'chunk') return frame
      parts++
      if (damage-- <= 0) return frame
      return encodeFrame(
        items.value.map((item) =>
          item.kind === 'chunk' ? { ...item, bytes: item.bytes.slice().fill(7, 0, 9) } : item,
        ),
      )
    }
    w.start(behind)
    w.until(() => parts === 5)
    w.kill(behind)
    w.start(behind)
    asked.length = 0
    w.until(() => board(w, behind).count === 90, 120_000)
    expect(parts).toBeGreaterThan(6)
    expect(asked).not.toContain(0)
  })

  it('N4 a lost snapshot message or report does not leave the follower stuck', () => {
    const w = startWorld()
    const behind = behindFloor(w)
    let lost = 0
    watch(w, (kind) => !(kind === 'snapshot' && lost++ < 2) && kind !== 'snapshot-failed')
    w.start(behind)
    w.until(() => board(w, behind).count === 90, 120_000)
    expect(lost).toBeGreaterThan(2)
  })

  it('N4 an engine that is not told of a failure sends the follower nothing any more', () => {
    const w = startWorld({ mutant: 'snapshot-failure-not-told' })
    const behind = behindFloor(w)
    let lost = 0
    watch(w, (kind) => !(kind === 'snapshot' && lost++ < 2) && kind !== 'snapshot-failed')
    w.start(behind)
    w.run(120_000)
    expect(groupOf(w, behind).replica?.applied).toBeLessThan(90)
  })

  it('N5 a follower that restarts quickly needs no snapshot, and the log stays within its bound', () => {
    const w = startWorld()
    add(w, 100)
    const behind = followers(w)[0]?.id ?? 0
    w.kill(behind)
    add(w, 10, 100)
    const seen = new Set<string>()
    watch(w, (kind) => void seen.add(kind))
    w.start(behind)
    w.until(() => board(w, behind).count === 110)
    expect(seen).not.toContain('snapshot')
    w.run(300)
    for (const { durable } of w.nodes.values()) expect(durable.groups.get(G)?.entries.length).toBeLessThan(70)
  })

  it('N5 a state is stored again once as much was applied as it takes, so that a start repeats no more than it loads', () => {
    const w = startWorld({ nodes: 1, settings: { checkpointEntries: 1e6, checkpointBytesMin: 2_000 } })
    const made = new Map<number, number>()
    for (let n = 0; n < 200; n++) {
      const done = propose(w, 1, { kind: 'put', cell: `cell ${n}`, value: 'x'.repeat(100) }, { key: `${n}` })
      w.until(() => done.length === 1).run(100)
      const { checkpoint, sinceCheckpoint } = groupOf(w, 1)
      made.set(checkpoint?.applied ?? 0, checkpoint?.bytes ?? 0)
      expect(sinceCheckpoint.bytes).toBeLessThan(Math.max(2_000, checkpoint?.bytes ?? 0))
    }
    const sizes = [...made.values()]
    expect(sizes.at(-1)).toBeGreaterThan(10_000)
    // Each is larger than the one before by what was applied meanwhile: their number grows as a logarithm.
    expect(sizes.length).toBeLessThan(10)
  })

  it('N5 a node that is told to stop stores what it has, and lets go of entries that nobody may ask for: the next start applies none', () => {
    const w = startWorld({ nodes: 1, settings: { checkpointEntries: 1e6 } })
    add(w, 30)
    const { host } = w.node(1)
    expect(groupOf(w, 1).sinceCheckpoint.entries).toBeGreaterThan(30)
    host?.storeStates()
    w.until(() => host?.isStoring === false)
    const { applied } = groupOf(w, 1).replica ?? {}
    w.kill(1)
    w.start(1)
    const { checkpoint, sinceCheckpoint, floor } = groupOf(w, 1)
    expect([checkpoint?.applied, floor]).toEqual([applied, applied])
    expect(sinceCheckpoint.entries).toBe(0)
    expect(board(w, 1).count).toBe(30)
  })

  it('N6 while a snapshot is received the group does not campaign', () => {
    const w = startWorld()
    const behind = behindFloor(w)
    watch(w, (kind) => kind !== 'chunk')
    w.start(behind)
    w.until(() => groupOf(w, behind).receiving !== undefined)
    const { term } = groupOf(w, behind).hard
    w.cut = (from, to) => from === behind || to === behind
    w.run(3000)
    expect(groupOf(w, behind).receiving).toBeDefined()
    expect(groupOf(w, behind).role).toBe('follower')
    expect(groupOf(w, behind).hard.term).toBe(term)
  })

  it('N7 the log is never cut above the stable checkpoint', () => {
    const w = startWorld({ seed: 31 })
    for (let n = 0; n < 120; n++) {
      add(w, 1, n)
      if (n % 10 === 9) {
        const victim = (n % 3) + 1
        w.kill(victim)
        w.start(victim)
        w.until(() => w.leader(0) !== undefined)
      }
    }
    for (const { id } of w.up()) {
      const { floor, checkpoint, replica } = groupOf(w, id)
      expect(floor).toBeLessThanOrEqual(checkpoint?.applied ?? 0)
      expect(checkpoint?.applied).toBeLessThanOrEqual(replica?.applied ?? 0)
    }
  })
})

describe('membership', () => {
  it('M1 a second change while one is underway is refused and says so', () => {
    const w = startWorld()
    const { host } = mustLead(w)
    expect(host?.changeMembership(G, plainChange({ kind: 'add-learner', id: FOUR })).ok).toBe(true)
    expect(host?.changeMembership(G, plainChange({ kind: 'add-learner', id: 5 as RaftId }))).toMatchObject({
      error: { reason: 'conf-pending' },
    })
  })

  it('M2 a change is in force when it is applied, and after a restart', () => {
    const w = startWorld()
    w.act(
      mustLead(w).id,
      (host) =>
        void host.changeMembership(G, plainChange({ kind: 'remove', id: followers(w)[0]?.id ?? FOUR })),
    )
    w.until(() => groupOf(w, mustLead(w).id).replica?.membership.voters.length === 2)
    add(w, 60)
    const leader = mustLead(w).id
    w.kill(leader)
    w.start(leader)
    w.until(() => w.leader(0) !== undefined).run(500)
    expect(groupOf(w, leader).replica?.membership.voters).toHaveLength(2)
    expect(groupOf(w, leader).checkpoint?.membership.voters).toHaveLength(2)
  })

  it.each([0, 3, 7, 12, 20, 40])('M3 a swap finishes although any node is killed %i ms into it', (ms) => {
    const w = startWorld({ seed: 40 + ms })
    join(w, FOUR)
    const gone = followers(w)[0]?.id ?? 0
    const swap = plainChange({ kind: 'add-voter', id: FOUR }, { kind: 'remove', id: gone as RaftId })
    w.act(mustLead(w).id, (host) => void host.changeMembership(G, swap))
    w.run(ms)
    const victim = mustLead(w).id
    w.kill(victim)
    w.run(3000)
    w.start(victim)
    w.until(() => {
      const membership = w.leader(0)?.host?.group(G)?.replica?.membership
      return membership !== undefined && membership.outgoing.length === 0 && membership.voters.length === 3
    })
    add(w, 3)
    expect(board(w, mustLead(w).id).count).toBe(3)
  })

  it('M4 a newcomer is a learner until it has caught up; one that never does is dropped', () => {
    const w = startWorld({ settings: { learnerTicks: 30 } })
    add(w, 60)
    join(w, FOUR)
    const phases = new Set<string>()
    w.act(mustLead(w).id, (host) => void host.changeMembership(G, addLearnerThenVoter(FOUR)))
    w.until(() => {
      const { voters, learners } = groupOf(w, mustLead(w).id).replica?.membership ?? {
        voters: [],
        learners: [],
      }
      phases.add(`${voters.length} ${learners.length}`)
      return voters.length === 4
    })
    expect([...phases]).toEqual(['3 0', '3 1', '4 0'])
    expect(board(w, 4).count).toBe(60)
    w.ordered.get(G)?.add(5 as RaftId)
    w.act(mustLead(w).id, (host) => void host.changeMembership(G, addLearnerThenVoter(5 as RaftId)))
    w.until(() => groupOf(w, mustLead(w).id).replica?.membership.learners.length === 1)
    w.until(() => groupOf(w, mustLead(w).id).replica?.membership.learners.length === 0)
    expect(groupOf(w, mustLead(w).id).replica?.membership.voters).toHaveLength(4)
  })

  it('M5 a removed node stops its replica, keeps its data, and is not heard; a removed leader steps down', () => {
    const w = startWorld()
    const old = mustLead(w)
    w.ordered.get(G)?.delete(old.id)
    w.act(old.id, (host) => void host.changeMembership(G, plainChange({ kind: 'remove', id: old.id })))
    w.until(
      () => w.leader(0) !== undefined && w.leader(0) !== old && groupOf(w, old.id).condition === 'removed',
    )
    expect(old.durable.groups.get(G)?.entries.length).toBeGreaterThan(0)
    const leader = mustLead(w)
    const before = leader.events.length
    const bytes = messageOf({
      type: TYPE.vote,
      to: leader.id,
      from: old.id,
      term: 99,
      index: 99,
      logTerm: 98,
    })
    w.act(leader.id, (host) => host.onFrame(old.id, encodeFrame([{ kind: 'message', group: G, bytes }])))
    w.run(100)
    expect(leader.events.slice(before)).toContainEqual({
      kind: 'dropped',
      peer: old.id,
      group: G,
      why: 'not-a-member',
    })
    expect(groupOf(w, leader.id).hard.term).toBeLessThan(99)
  })

  it('M6 removing the last voter, adding who is there and removing who is not are refused', () => {
    const w = startWorld({ nodes: 1 })
    const host = w.host(1)
    for (const change of [
      plainChange({ kind: 'remove', id: 1 as RaftId }),
      plainChange({ kind: 'add-voter', id: 1 as RaftId }),
      plainChange({ kind: 'remove', id: 9 as RaftId }),
    ]) {
      expect(host.changeMembership(G, change)).toMatchObject({ error: { reason: 'conf-invalid' } })
    }
  })

  it('M7 connections follow membership', () => {
    const w = startWorld()
    const leader = mustLead(w)
    const gone = followers(w)[0]?.id ?? FOUR
    expect(leader.followed).toHaveLength(2)
    w.act(leader.id, (host) => void host.changeMembership(G, plainChange({ kind: 'remove', id: gone })))
    w.until(() => leader.followed.length === 1)
    expect(leader.followed).not.toContain(gone)
  })
})

describe('reads', () => {
  const read = (w: World, node: number, ticks = 30): readonly (ReadOutcome & { count?: number })[] => {
    const outcomes: (ReadOutcome & { count?: number })[] = []
    w.act(node, (host) =>
      host.read(G, ticks, (outcome) => {
        outcomes.push(
          outcome.kind === 'served' ? { ...outcome, count: (outcome.state as Board).count } : outcome,
        )
      }),
    )
    return outcomes
  }

  it('I1 a read on any node reflects every write that was acknowledged before it began', () => {
    const w = startWorld()
    w.network.delayMs = 40
    for (let n = 0; n < 20; n++) {
      add(w, 1, n)
      const reads = [1, 2, 3].map((id) => read(w, id))
      w.until(() => reads.every((one) => one.length === 1))
      for (const [one] of reads) expect(one?.count).toBe(n + 1)
    }
  })

  it('I2 a read without a leader ends unknown by its deadline, and one during a change is not stale', () => {
    const w = startWorld()
    add(w, 3)
    const old = mustLead(w)
    w.cut = (from, to) => from === old.id || to === old.id
    const stale = read(w, old.id)
    w.until(() => w.leader(0) !== old && w.leader(0) !== undefined)
    const fresh = read(w, mustLead(w).id)
    add(w, 1, 3)
    w.until(() => stale.length === 1 && fresh.length === 1)
    expect(stale[0]?.kind).toBe('unknown')
    expect(fresh[0]?.count).toBeGreaterThanOrEqual(3)
  })

  it('I3 a stale read says at which index', () => {
    const w = startWorld()
    const behind = followers(w)[0]?.id ?? 0
    w.cut = (from, to) => from === behind || to === behind
    add(w, 2)
    const mine = w.host(behind).readStale(G)
    expect(board(w, behind).count).toBe(0)
    expect(mine?.index).toBeLessThan(w.host(mustLead(w).id).readStale(G)?.index ?? 0)
  })
})

describe('transfer and shutdown', () => {
  it('T1 a node that stops hands its leaderships over without an election timeout, and refuses as retryable', () => {
    const w = startWorld({ groups: 4 })
    const old = mustLead(w)
    const begun = w.events.now
    w.act(old.id, (host) => host.beginStop())
    expect(kinds(propose(w, old.id, { kind: 'add', amount: 1 }))).toEqual(['stopping'])
    w.until(() => old.host?.leads().length === 0 && w.groups.every((group) => w.leader(group) !== undefined))
    expect(w.events.now - begun).toBeLessThan(500)
  })

  it('T2 a transfer to a dead voter ends, and the old leader goes on', () => {
    const w = startWorld()
    const leader = mustLead(w)
    const dead = followers(w)[0]?.id ?? FOUR
    w.kill(dead)
    w.act(leader.id, (host) => void host.transfer(G, dead))
    const done = propose(w, leader.id, { kind: 'add', amount: 1 })
    w.until(() => done.length === 1)
    expect(kinds(done)).toEqual(['applied'])
    expect(mustLead(w)).toBe(leader)
  })

  it('T3 leaders of many groups spread evenly, again after a node returned, and then stay', () => {
    const w = startWorld({ groups: 30, settings: { spreadTicks: 5 } })
    const even = (): boolean => w.up().every(({ host }) => host?.leads().length === 10)
    w.until(even, 120_000)
    w.kill(2)
    w.until(() => w.up().reduce((sum, { host }) => sum + (host?.leads().length ?? 0), 0) === 30, 60_000)
    w.start(2)
    w.until(even, 120_000)
    const leaders = w.groups.map((group) => mustLead(w, group).id)
    w.run(5000)
    expect(w.groups.map((group) => mustLead(w, group).id)).toEqual(leaders)
  })
})

describe('flow and proposals', () => {
  it('F1 a retry with the same ticket, on any node, has one effect and the same outcome', () => {
    const w = startWorld()
    const ticket = w.host(1).ticket(G, Uint8Array.of(1, 2, 3))
    const all = [1, 2, 3, 1].map((id) => propose(w, id, { kind: 'add', amount: 1 }, { ticket }))
    w.until(() => all.every((one) => one.length === 1)).run(300)
    const again = propose(w, 2, { kind: 'add', amount: 1 }, { ticket })
    w.until(() => again.length === 1)
    expect([...all, again].flatMap(kinds)).toEqual(Array.from({ length: 5 }, () => 'applied'))
    expect(board(w, 1).count).toBe(1)
  })

  it('F2 forwarding is bounded in hops and time', () => {
    const w = startWorld()
    const [one] = followers(w)
    const ticket = w.host(1).ticket(G, Uint8Array.of(9))
    let answers = 0
    watch(w, (kind) => void (kind === 'outcome' && answers++))
    const item: FrameItem = {
      kind: 'propose',
      request: 1,
      group: G,
      hops: 3,
      ticks: 20,
      ticket,
      body: Uint8Array.of(1),
    }
    w.act(one?.id ?? 0, (host) => host.onFrame(mustLead(w).id, encodeFrame([item])))
    w.run(500)
    expect(answers).toBe(1)
    w.cut = (_from, to) => to === mustLead(w).id
    const late = propose(w, one?.id ?? 0, { kind: 'add', amount: 1 }, { ticks: 8 })
    w.run(1500)
    expect(kinds(late)).toEqual(['unknown'])
  })

  it.each([undefined, 'requests-again'] as const)(
    'F2 an answer to a request of an earlier life is nobody else’s (%s)',
    (mutant) => {
      const w = startWorld({ mutant })
      const [one] = followers(w)
      const follower = one?.id ?? 0
      const answers: Uint8Array[] = []
      w.tamper = (_from, to, frame) => {
        const items = decodeFrame(frame)
        const isAnswer = items.ok && items.value.some(({ kind }) => kind === 'outcome')
        if (to !== follower || !isAnswer || answers.length > 0) return frame
        answers.push(frame)
        return undefined
      }
      propose(w, follower, { kind: 'put', cell: 'a', value: 'first' }, { key: 'first' })
      w.until(() => answers.length === 1)
      w.kill(follower)
      w.start(follower)
      w.until(() => groupOf(w, follower).leader !== undefined)
      w.cut = (from) => from === follower
      const second = propose(w, follower, { kind: 'put', cell: 'b', value: 'second' }, { key: 'second' })
      w.run(50)
      w.act(follower, (host) => host.onFrame(mustLead(w).id, answers[0] as Uint8Array))
      w.run(50)
      expect(kinds(second)).toEqual(mutant === undefined ? [] : ['applied'])
      w.cut = () => false
      w.until(() => board(w, follower).cells.size === (mutant === undefined ? 2 : 1))
    },
  )

  it('F2 a proposal on a node that has not the group goes to one that has, past those that cannot say', () => {
    const w = startWorld()
    w.add(FOUR)
    const first = propose(w, FOUR, { kind: 'add', amount: 1 })
    w.until(() => first.length === 1)
    expect(kinds(first)).toEqual(['applied'])
    w.kill(followers(w)[0]?.id ?? 0)
    const more = Array.from({ length: 6 }, (_, n) =>
      propose(w, FOUR, { kind: 'add', amount: 1 }, { key: String.fromCharCode(n + 1) }),
    )
    w.until(() => more.every((one) => one.length === 1))
    expect(more.flatMap(kinds)).toEqual(Array.from({ length: 6 }, () => 'applied'))
    expect(board(w, mustLead(w).id).count).toBe(7)
    expect(kinds(propose(w, FOUR, { kind: 'add', amount: 1 }, { group: 77 as GroupId }))).toEqual([
      'unknown-group',
    ])
  })

  it('F2 a proposal on a node that has not the group ends by its deadline, unknown if it may have been taken', () => {
    const w = startWorld()
    w.add(FOUR)
    w.cut = (from) => from === FOUR
    const lost = propose(w, FOUR, { kind: 'add', amount: 1 }, { key: 'lost', ticks: 20 })
    w.run(2500)
    expect(kinds(lost)).toEqual(['unknown'])
    w.cut = () => false
    for (const { id } of followers(w)) if (id !== FOUR) w.kill(id)
    w.run(6000)
    const refused = propose(w, FOUR, { kind: 'add', amount: 1 }, { key: 'no leader', ticks: 60 })
    w.run(7000)
    expect(['unknown', 'no-leader']).toContain(kinds(refused)[0])
  })

  it('F1 a ticket of a node that has not the group is born where the group is, once it was told', () => {
    const w = startWorld()
    w.add(FOUR)
    for (const id of [1, 2, 3])
      (groupOf(w, id).replica ?? { position: 0 }).position = REMEMBERED_POSITIONS + 9
    const early = propose(w, FOUR, { kind: 'add', amount: 1 }, { key: 'early' })
    w.until(() => early.length === 1).run(50)
    expect(kinds(early)).toEqual(['expired'])
    const later = propose(w, FOUR, { kind: 'add', amount: 1 }, { key: 'later' })
    w.until(() => later.length === 1)
    expect(kinds(later)).toEqual(['applied'])
  })

  it('F3 a full queue refuses, by count', () => {
    const w = startWorld({ settings: { waitingMax: 10 } })
    const leader = mustLead(w).id
    const all = Array.from({ length: 15 }, (_, n) =>
      propose(w, leader, { kind: 'add', amount: 1 }, { key: `q${n}` }),
    )
    expect(all.flatMap(kinds)).toEqual(Array.from({ length: 5 }, () => 'queue-full'))
    w.until(() => all.every((one) => one.length === 1))
    expect(board(w, leader).count).toBe(10)
  })

  it('F4 without a quorum proposals are refused soon, not kept', () => {
    const w = startWorld()
    const leader = mustLead(w).id
    for (const { id } of followers(w)) w.kill(id)
    w.run(6000)
    const done = propose(w, leader, { kind: 'add', amount: 1 }, { ticks: 1000 })
    w.run(5000)
    expect(kinds(done)).toEqual(['no-leader'])
    expect(groupOf(w, leader).waiting.size).toBe(0)
  })

  it('F5 a command above the limit is refused at the door', () => {
    const w = startWorld({ settings: { commandBytesMax: 100 } })
    expect(kinds(propose(w, 1, { kind: 'put', cell: 'c', value: 'x'.repeat(200) }, { key: 'k' }))).toEqual([
      'too-large',
    ])
  })
})
