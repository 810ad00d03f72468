import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { EtcdRaft } from '../../src/adapters/etcd-raft/engine.ts'
import { compileEngine, readEngineFiles } from '../../src/adapters/etcd-raft/engine-module.ts'
import { peekMessage } from '../../src/adapters/etcd-raft/message-head.ts'
import { decodeFrame, encodeFrame } from '../../src/codec/raft-frame/frame.ts'
import { decodeRow } from '../../src/codec/turn/decode-row.ts'
import { encodeRow } from '../../src/codec/turn/encode-row.ts'
import type { GroupHead, RowPart } from '../../src/codec/turn/row.ts'
import { DefectError, FaultError } from '../../src/model/fault.ts'
import type { GroupId, LogIndex, RaftId, Term } from '../../src/model/raft.ts'
import type { Turn } from '../../src/model/turn.ts'
import { foundGroup, GROUP_SETTINGS, type Membership } from '../../src/ports/consensus-group.ts'
import { addLearnerThenVoter, plainChange } from '../../src/services/raft-host/membership.ts'
import type { SimulatedDisk } from '../../src/sim/disk/simulated-disk.ts'
import { messageOf, TYPE } from '../../src/sim/raft/forged-message.ts'
import type { SimNode } from '../../src/sim/raft/sim-node.ts'
import type { World } from '../../src/sim/raft/world.ts'
import {
  add,
  atTurns,
  board,
  followers,
  G,
  groupOf,
  kinds,
  mustLead,
  propose,
  startWorld,
} from './raft-world.ts'

const module = compileEngine(readEngineFiles())

describe('persist, then speak', () => {
  it('S1 no reply that was sent is contradicted after a kill between any two steps of a turn', () => {
    const w = startWorld({ seed: 11 })
    for (let n = 0; n < 60; n++) {
      const node = w.node((n % 3) + 1)
      if (n % 2 === 0) node.killAtSend = 1 + (n % 5)
      else node.disk.trouble.fault = atTurns(() => (n % 4 === 1 ? 'kill-before' : 'kill-after'))
      for (const up of w.up()) propose(w, up.id, { kind: 'add', amount: 1 }, { key: `${n} ${up.id}` })
      w.run(300)
      if (node.host === undefined) w.start(node.id)
      else w.kill(node.id)
      if (node.host === undefined) w.start(node.id)
      w.run(200)
    }
    expect(w.checks.trace.frames).toBeGreaterThan(500) // each of them was held against the sender's disk
  })

  it('S2 appends leave while the own write is in flight, and are acknowledged only when it is stable', () => {
    const w = startWorld()
    const leader = mustLead(w)
    const turns = leader.durable.rows
    let left = -1
    w.tamper = (from, _to, frame) => {
      const items = decodeFrame(frame)
      const append =
        items.ok && items.value.some((item) => item.kind === 'message' && entriesOf(item.bytes) > 0)
      if (from === leader.id && append && left < 0) left = leader.durable.rows
      return frame
    }
    leader.disk.trouble.fault = atTurns(() => 'kill-before')
    const done = propose(w, leader.id, { kind: 'add', amount: 1 })
    w.run(20)
    expect(left).toBe(turns) // nothing was written between
    expect(leader.host).toBeUndefined()
    expect(done).toEqual([])
  })

  it('S3 a turn in which only the commit index changed writes no row of its own', () => {
    const w = startWorld()
    const [follower] = followers(w)
    const before = follower?.durable.rows ?? 0
    add(w, 1)
    w.run(500)
    expect(groupOf(w, follower?.id ?? 0).replica?.applied).toBe(mustLead(w).host?.group(G)?.replica?.applied)
    expect(follower?.durable.rows).toBe(before + 1)
  })

  it('S4 all groups of a turn are one commit', () => {
    const w = startWorld({ nodes: 1, groups: 8 })
    const before = w.node(1).durable.rows
    const all = w.groups.map((group) => propose(w, 1, { kind: 'add', amount: 1 }, { group }))
    w.until(() => all.every((one) => one.length === 1))
    expect(w.node(1).durable.rows).toBe(before + 1)
  })

  it('S5 a conflict is overwritten whole, over kills in between', () => {
    const w = startWorld({ seed: 5 })
    const old = mustLead(w)
    w.cut = (from, to) => from === old.id || to === old.id
    for (let n = 0; n < 5; n++)
      propose(w, old.id, { kind: 'add', amount: 1 }, { key: `lost ${n}`, ticks: 20 })
    w.until(() => w.leader(0) !== undefined && w.leader(0) !== old)
    const fresh = propose(w, mustLead(w).id, { kind: 'add', amount: 1 }, { key: 'kept' })
    w.until(() => fresh.length === 1)
    let times = 0
    old.disk.trouble.fault = atTurns(() =>
      times++ === 0 ? 'kill-before' : times === 2 ? 'kill-after' : 'none',
    )
    w.cut = () => false
    for (let n = 0; n < 30; n++) {
      w.run(400)
      if (old.host === undefined) {
        w.start(old.id)
        old.disk.trouble.fault = atTurns(() => (times++ === 1 ? 'kill-after' : 'none'))
      }
    }
    w.checks.compareDisks(
      [...w.nodes.values()].map(({ durable }) => durable),
      w.groups,
    )
    expect(board(w, old.id).count).toBe(board(w, mustLead(w).id).count)
  })

  it('S6 a failed write ends the process with nothing of the turn sent, and the restart works', () => {
    const w = startWorld()
    const leader = mustLead(w)
    leader.disk.trouble.fault = atTurns(() => 'fail')
    propose(w, leader.id, { kind: 'add', amount: 1 })
    w.run(50)
    expect(leader.host).toBeUndefined()
    w.until(() => w.leader(0) !== undefined)
    w.start(leader.id)
    add(w, 3)
    w.run(1500)
    expect(board(w, leader.id).count).toBe(board(w, mustLead(w).id).count)
  })

  it('S7 a full disk refuses proposals below the reserve, loses nothing, and goes on without a restart', () => {
    const w = startWorld({ settings: { reserveBytes: 1000 } })
    add(w, 2)
    const leader = mustLead(w)
    leader.disk.trouble.roomBytes = leader.disk.content.usedBytes + 10
    w.run(150)
    expect(kinds(propose(w, leader.id, { kind: 'add', amount: 1 }, { key: 'no room' }))).toEqual(['no-room'])
    leader.disk.trouble.roomBytes = Number.POSITIVE_INFINITY
    leader.disk.trouble.fault = atTurns(() => 'full')
    const stuck = propose(w, leader.id, { kind: 'add', amount: 1 }, { key: 'stuck' })
    w.run(1000)
    expect(leader.events.some(({ kind }) => kind === 'store-full')).toBe(true)
    const { life } = leader
    leader.disk.trouble.fault = atTurns(() => 'none')
    w.until(() => stuck.length === 1)
    add(w, 2, 10)
    w.run(1000)
    expect(leader.life).toBe(life)
    expect(board(w, leader.id).count).toBe(5)
  })

  it('S8 the engine hears that a ready is done once, after its write, also on a slow disk', () => {
    let settled = 0
    const run = (mutant?: 'advance-before-write'): World => {
      const w = startWorld(mutant === undefined ? {} : { mutant })
      for (const { disk, host } of w.nodes.values()) {
        disk.trouble.slowTicksMax = 4
        host?.onSettled(() => settled++)
      }
      add(w, 30)
      return w.run(500)
    }
    const w = run() // each advance is held against the disk
    expect(w.checks.advances).toBeGreaterThan(90)
    expect(settled).toBeGreaterThan(20) // so that nobody waits for a tick
    for (const id of [1, 2, 3]) expect(board(w, id).count).toBe(30)
    expect(() => run('advance-before-write')).toThrow(/advanced-early/u)
    const engine = new EtcdRaft({ module, seed: new Uint8Array(32), log: () => undefined })
    const settings = { ...GROUP_SETTINGS, id: 1 as RaftId }
    engine.open(G, settings, foundGroup([1 as RaftId]))
    expect(() => engine.advanceMany([G])).toThrow(DefectError)
    engine.campaign(G)
    const limits = { bytesMax: 1e6, groupsMax: 9 }
    expect(engine.readyMany(limits).ready).toHaveLength(1)
    expect(engine.readyMany(limits).ready).toHaveLength(0) // it is out
    engine.advanceMany([G])
    expect(() => engine.advanceMany([G])).toThrow(DefectError)
  })

  it('S9 a long turn is split, and other groups go on between its parts', () => {
    const w = startWorld({ nodes: 1, groups: 2, settings: { turnItemsMax: 10 } })
    const many = Array.from({ length: 200 }, (_, n) =>
      propose(w, 1, { kind: 'add', amount: 1 }, { key: `m${n}` }),
    )
    w.run(3)
    const other = propose(w, 1, { kind: 'add', amount: 1 }, { group: 1 as GroupId })
    w.until(() => other.length === 1)
    expect(many.every((one) => one.length === 1)).toBe(false)
    w.until(() => many.every((one) => one.length === 1))
    expect(board(w, 1).count).toBe(200)
  })
})

function entriesOf(bytes: Uint8Array): number {
  const head = peekMessage(bytes)
  return head.ok && head.value.type === 'append' ? head.value.entries : 0
}

describe('apply', () => {
  it('A1 entries are applied in order, once, over kills and checkpoints', () => {
    const w = startWorld({ seed: 21, settings: { checkpointEntries: 7, tailEntries: 3 } })
    let sum = 0
    for (let n = 0; n < 40; n++) {
      const node = w.up()[n % w.up().length]?.id ?? 1
      const done = propose(w, node, { kind: 'add', amount: 1 }, { key: `a${n}` })
      w.until(() => done.length > 0 || w.node(node).host === undefined, 20_000)
      sum += kinds(done)[0] === 'applied' ? 1 : 0
      const victim = (n % 3) + 1
      w.kill(victim)
      w.start(victim)
      w.until(() => w.leader(0) !== undefined)
    }
    w.run(3000)
    expect(sum).toBeGreaterThan(30)
    for (const id of [1, 2, 3]) expect(board(w, id).count).toBe(sum)
  })

  it('A2 empty entries are applied as nothing and move the applied index', () => {
    const w = startWorld()
    for (const { id } of w.up()) {
      const { replica, last } = groupOf(w, id)
      expect(replica?.applied).toBe(last)
      expect(last).toBeGreaterThan(1)
      expect(replica?.position).toBe(0)
    }
  })

  it('A3 a rejection is the result of the entry, the same on every replica', () => {
    const w = startWorld()
    const outcomes = [1, 2].map((n) =>
      propose(w, mustLead(w).id, { kind: 'put', cell: 'c', value: `${n}` }, { key: `p${n}` }),
    )
    w.until(() => outcomes.every((one) => one.length === 1)).run(500)
    expect(outcomes.flatMap(kinds)).toEqual(['applied', 'rejected'])
    const settled = [1, 2, 3].map((id) =>
      groupOf(w, id)
        .replica?.settled.entries()
        .map(([, one]) => one),
    )
    expect(settled[0]?.map(({ verdict }) => verdict)).toMatchObject([
      { kind: 'applied' },
      { kind: 'rejected', code: 'CONFLICT' },
    ])
    expect(settled[1]).toEqual(settled[0])
    expect(settled[2]).toEqual(settled[0])
  })

  it('A4 a machine that throws halts its group at that entry, also after a restart, and no other group', () => {
    const w = startWorld({ groups: 2 })
    w.checks.allowsHalt = true
    add(w, 1)
    const done = propose(w, mustLead(w).id, { kind: 'throw' })
    w.run(2000)
    expect(kinds(done)).toEqual(['unknown'])
    for (const id of [1, 2, 3])
      expect(groupOf(w, id)).toMatchObject({
        condition: 'halted',
        why: expect.stringMatching(/entry \d+ of term \d+ cannot be applied/u),
      })
    const { applied } = groupOf(w, 1).replica ?? { applied: 0 }
    for (const id of [1, 2, 3]) w.kill(id)
    for (const id of [1, 2, 3]) w.start(id)
    w.until(() => [1, 2, 3].filter((id) => groupOf(w, id).condition === 'halted').length >= 2)
    for (const id of [1, 2, 3])
      expect(groupOf(w, id).replica?.applied).toBeLessThanOrEqual((applied ?? 0) + 2)
    expect(board(w, 1).count).toBe(1)
    w.until(() => w.leader(1) !== undefined)
    add(w, 2, 0, 1 as GroupId)
  })

  it('A5 a replica whose state differs halts, and says at which entry', () => {
    const w = startWorld()
    w.checks.allowsHalt = true
    add(w, 2)
    const odd = followers(w)[0]?.id ?? 0
    board(w, odd).count += 1
    add(w, 12, 2)
    w.run(500)
    expect(groupOf(w, odd)).toMatchObject({
      condition: 'halted',
      why: expect.stringMatching(/the state at entry 8 is not that of the majority/u),
    })
    for (const { id } of w.up().filter((node) => node.id !== odd))
      expect(groupOf(w, id).condition).toBe('running')
  })

  it('A6 a backlog is applied in bounded parts, and ticks and other groups go on', () => {
    const w = startWorld({ groups: 2, settings: { turnItemsMax: 5 } })
    const behind = followers(w)[0]?.id ?? 0
    w.kill(behind)
    const many = Array.from({ length: 300 }, (_, n) =>
      propose(w, mustLead(w).id, { kind: 'add', amount: 1 }, { key: `m${n}` }),
    )
    w.until(() => many.every((one) => one.length === 1))
    w.start(behind)
    w.run(500)
    expect(groupOf(w, behind, 1 as GroupId).leader).toBeDefined()
    w.until(() => board(w, behind).count === 300)
  })
})

describe('restart', () => {
  it('B1 what is in the checkpoint is not applied again, everything after it is', () => {
    const w = startWorld({ nodes: 1, settings: { checkpointEntries: 10, tailEntries: 4 } })
    add(w, 25)
    const { checkpoint, hard, last } = groupOf(w, 1)
    w.kill(1)
    w.start(1)
    const opened = groupOf(w, 1)
    expect(opened.replica?.applied).toBe(checkpoint?.applied)
    expect(opened.hard.term).toBe(hard.term)
    expect(opened.last).toBe(last)
    w.until(() => board(w, 1).count === 25)
    expect(w.checks.logs.get(G)?.size).toBeGreaterThan(25)
  })

  it('B2 a vote that was stable binds after a kill: another candidate of the term is refused, the same one granted', () => {
    const w = startWorld({ seed: 8 })
    for (const id of [2, 3]) w.kill(id)
    w.run(5000) // its lease is over
    const { hard, last, lastTerm } = groupOf(w, 1)
    const term = hard.term + 5
    const replies: string[] = []
    w.tamper = (from, _to, frame) => {
      const items = decodeFrame(frame)
      for (const item of items.ok ? items.value : []) {
        const head = item.kind === 'message' ? peekMessage(item.bytes) : undefined
        if (from === 1 && head?.ok === true && head.value.type === 'vote-response') {
          replies.push(`${head.value.to} ${head.value.reject ? 'refused' : 'granted'}`)
        }
      }
      return frame
    }
    const ask = (from: number): void => {
      const bytes = messageOf({ type: TYPE.vote, to: 1, from, term, index: last, logTerm: lastTerm })
      w.act(1, (host) => host.onFrame(from as RaftId, encodeFrame([{ kind: 'message', group: G, bytes }])))
      w.run(5)
    }
    w.node(1).killAtSend = 1
    ask(2)
    expect(w.node(1).host).toBeUndefined()
    w.start(1)
    ask(3)
    ask(2)
    expect(replies).toEqual(['3 refused', '2 granted'])
  })

  it.each([
    ['a gap', ({ disk }: SimNode) => disk.loseRow(rowOf(disk, 5)), /no row has entries/u],
    [
      'a commit outside of the log',
      ({ disk }: SimNode) => respell(disk, (head) => ({ ...head, commit: 9999 as LogIndex })),
      /commit 9999/u,
    ],
    [
      'terms above the hard state',
      ({ disk }: SimNode) => respell(disk, (head) => ({ ...head, term: 1 as Term, vote: undefined })),
      /term/u,
    ],
    [
      'no membership',
      ({ disk }: SimNode) =>
        respell(disk, (head) => head, {
          voters: [],
          learners: [],
          outgoing: [],
          learnersNext: [],
          autoLeave: false,
        }),
      /membership/u,
    ],
    [
      'a damaged state',
      ({ disk }: SimNode) => disk.rotParts(({ stage }) => stage === 1),
      /part 0 of the state/u,
    ],
    [
      'a damaged row',
      ({ disk }: SimNode) =>
        disk.rotRow(rowOf(disk, 5), (disk.content.rows.get(rowOf(disk, 5))?.length ?? 0) - 1),
      /checksum/u,
    ],
  ])('B3 %s: the group is not started, and says what is wrong and what to do', (_, spoil, says) => {
    const w = startWorld({ nodes: 1, groups: 2, settings: { checkpointEntries: 1000 } })
    w.checks.allowsHalt = true
    add(w, 10)
    w.kill(1)
    spoil(w.node(1))
    w.start(1, { isSpoilt: true })
    expect(groupOf(w, 1)).toMatchObject({ condition: 'halted', why: expect.stringMatching(says) })
    expect(groupOf(w, 1).why).toMatch(/under a new raft id/u)
    expect(groupOf(w, 1, 1 as GroupId).condition).toBe('running')
  })

  it('B4 membership comes back from the log, not from configuration', () => {
    const w = startWorld()
    w.join(4 as RaftId, G)
    w.act(mustLead(w).id, (host) => void host.changeMembership(G, addLearnerThenVoter(4 as RaftId)))
    w.until(() => groupOf(w, 1).replica?.membership.voters.length === 4)
    w.run(500)
    for (const id of [1, 2, 3, 4]) {
      w.kill(id)
      w.start(id)
    }
    w.until(() => [1, 2, 3, 4].every((id) => groupOf(w, id).replica?.membership.voters.length === 4))
    expect(groupOf(w, 4).replica?.membership.voters).toEqual([1, 2, 3, 4])
  })

  it('B5 a node whose disk was rolled back or lost does not come back under its id, and rejoins under a new one', () => {
    const w = startWorld()
    add(w, 5)
    const backup = w.node(2).disk.backup()
    add(w, 5, 5)
    w.kill(2)
    backup.restore()
    expect(w.start(2)).toBe(false)
    expect(w.node(2).host).toBeUndefined()
    w.join(4 as RaftId, G)
    const swap = plainChange({ kind: 'add-voter', id: 4 as RaftId }, { kind: 'remove', id: 2 as RaftId })
    w.until(() => w.leader(0) !== undefined)
    w.act(mustLead(w).id, (host) => void host.changeMembership(G, swap))
    w.until(() => board(w, 4)?.count === 10)
    w.until(() => {
      const { voters = [], outgoing = [] } = groupOf(w, mustLead(w).id).replica?.membership ?? {}
      return voters.join() === '1,3,4' && outgoing.length === 0
    })
    add(w, 3, 10)
  })

  it('B6 the first membership sits in a snapshot at index 1, and an empty stranger cannot match', () => {
    const w = startWorld()
    const { checkpoint } = groupOf(w, 1)
    expect(checkpoint).toMatchObject({
      kind: 'snapshot',
      applied: 1,
      term: 1,
      membership: { voters: [1, 2, 3] },
    })
    w.join(4 as RaftId, G)
    w.run(3000)
    expect(groupOf(w, 4).replica).toBeUndefined()
    expect(groupOf(w, 4).hard.term).toBe(0)
  })
})

describe('the module', () => {
  it('W4 its death ends the process with a fault that says so, and a restart recovers', () => {
    const w = startWorld({ groups: 2 })
    add(w, 10)
    const node = mustLead(w)
    node.callFault = new FaultError('engine-died', 'the engine died: out of memory')
    node.killAtCall = 1
    w.run(200)
    expect(node.host).toBeUndefined()
    expect(node.faults.map(({ code }) => code)).toEqual(['engine-died'])
    w.until(() => w.leader(0) !== undefined && w.leader(1) !== undefined, 20_000)
    expect(w.start(node.id)).toBe(true)
    add(w, 5, 10)
    w.until(() => board(w, node.id).count === 15)
  })
})

/** The row that has an entry of group 0. */
function rowOf({ content }: SimulatedDisk, index: number): Turn {
  const found = [...content.rows].find(([, bytes]) =>
    partsOf(bytes).some(
      ({ group, entries }) => group === G && entries.some((entry) => entry.index === index),
    ),
  )
  if (found === undefined) throw new Error(`no row has entry ${index}`)
  return found[0]
}

function partsOf(bytes: Uint8Array): readonly RowPart[] {
  const row = decodeRow(bytes, crc32)
  if (!row.ok) throw new Error(row.error.message)
  return row.value.parts
}

/** Writes what group 0's latest head, or every checkpoint's membership, says anew, with sums that fit. */
function respell(
  { content }: SimulatedDisk,
  head: (head: GroupHead) => GroupHead,
  membership?: Membership,
): void {
  const turns = [...content.rows.keys()].sort((a, b) => a - b)
  const latest = turns.findLast((turn) =>
    partsOf(content.rows.get(turn) ?? new Uint8Array()).some(({ group }) => group === G),
  )
  for (const turn of turns) {
    const parts = partsOf(content.rows.get(turn) ?? new Uint8Array()).map((part) => {
      if (part.group !== G) return part
      const checkpoint = part.checkpoint && {
        ...part.checkpoint,
        membership: membership ?? part.checkpoint.membership,
      }
      return { ...part, checkpoint, head: part.head && (turn === latest ? head(part.head) : part.head) }
    })
    content.rows.set(turn, encodeRow({ turn, parts }, crc32))
  }
}
