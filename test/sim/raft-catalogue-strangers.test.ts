import { describe, expect, it } from 'vitest'
import { peekMessage } from '../../src/adapters/etcd-raft/message-head.ts'
import { decodeFrame, encodeFrame, type FrameItem } from '../../src/codec/raft-frame/frame.ts'
import type { GroupId, RaftId } from '../../src/model/raft.ts'
import { Chance } from '../../src/sim/raft/chance.ts'
import { messageOf, TYPE } from '../../src/sim/raft/forged-message.ts'
import type { World } from '../../src/sim/raft/world.ts'
import { add, board, followers, G, groupOf, mustLead, propose, startWorld } from './raft-world.ts'

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

describe('strangers and liars', () => {
  const voteFrom = (to: RaftId, from: RaftId, term: number): FrameItem => ({
    kind: 'message',
    group: G,
    bytes: messageOf({ type: TYPE.vote, to, from, term, index: 99, logTerm: 98 }),
  })

  it('V1 strangers, other sender ids and unknown groups are dropped before the engine, and counted', () => {
    const w = startWorld()
    const node = mustLead(w)
    const other = followers(w)[0]?.id ?? FOUR
    const { term } = groupOf(w, node.id).hard
    const bytes = messageOf({ type: TYPE.vote, to: node.id, from: other, term: 9, index: 9, logTerm: 8 })
    const frames: readonly (readonly [RaftId, FrameItem, string])[] = [
      [9 as RaftId, voteFrom(node.id, 9 as RaftId, 50), 'not-a-member'],
      [9 as RaftId, voteFrom(node.id, other, 50), 'wrong-sender'],
      [other, voteFrom(9 as RaftId, other, 50), 'not-for-us'],
      [other, { kind: 'message', group: 77 as GroupId, bytes }, 'no-such-group'],
    ]
    for (const [from, item, why] of frames) {
      w.act(node.id, (host) => host.onFrame(from, encodeFrame([item])))
      w.run(5)
      expect(node.events.at(-1)).toMatchObject({ kind: 'dropped', peer: from, why })
    }
    expect(groupOf(w, node.id).hard.term).toBe(term)
    expect(node.distrusted.map(({ why }) => why)).toEqual(['wrong-sender', 'not-for-us'])
  })

  it('V2 term jumps, commits beyond the log, and damaged frames never reach the engine', () => {
    const w = startWorld()
    const leader = mustLead(w).id
    const node = followers(w)[0]
    if (node === undefined) throw new Error('no follower')
    const { term, commit } = groupOf(w, node.id).hard
    const send = (item: FrameItem): void => {
      w.act(node.id, (host) => host.onFrame(leader, encodeFrame([item])))
      w.run(5)
    }
    send(voteFrom(node.id, leader, term + 1_000_000))
    expect(node.events.at(-1)).toMatchObject({ why: 'term-jump' })
    send({
      kind: 'message',
      group: G,
      bytes: messageOf({ type: TYPE.heartbeat, to: node.id, from: leader, term, commit: commit + 1000 }),
    })
    expect(node.events.at(-1)).toMatchObject({ why: 'commit-beyond-log' })
    w.act(node.id, (host) => host.onFrame(leader, Uint8Array.of(1, 2, 3)))
    w.run(5)
    expect(node.events.at(-1)).toMatchObject({ why: 'MALFORMED' })
    expect(groupOf(w, node.id)).toMatchObject({ hard: { term, commit }, rebuilds: 0 })
    add(w, 2)
  })

  it('V3 a message that makes the engine panic rebuilds that group alone, and its sender is not trusted', () => {
    const w = startWorld({ groups: 2, mutant: 'admit-all' })
    w.checks.allowsHalt = true
    add(w, 5)
    w.run(500)
    const leader = mustLead(w).id
    const node = followers(w)[0]
    if (node === undefined) throw new Error('no follower')
    const { term, commit } = groupOf(w, node.id).hard
    // Such a commit is stopped at the door, so the door stands open in this test.
    const bytes = messageOf({
      type: TYPE.heartbeat,
      to: node.id,
      from: leader,
      term,
      commit: commit + 2 ** 40,
    })
    w.act(node.id, (host) => host.onFrame(leader, encodeFrame([{ kind: 'message', group: G, bytes }])))
    w.run(50)
    expect(node.events.some(({ kind }) => kind === 'rebuilt')).toBe(true)
    expect(node.distrusted.map(({ peer }) => peer)).toContain(leader)
    expect(groupOf(w, node.id, 1 as GroupId).rebuilds).toBe(0)
    add(w, 2, 5)
    w.until(() => board(w, node.id).count === 7)
  })

  it('V4 random and mutated frames: no crash and no change of term', () => {
    const w = startWorld()
    add(w, 3)
    const chance = new Chance(4, 'frames')
    const samples: Uint8Array[] = []
    w.tamper = (_from, _to, frame) => {
      if (samples.length < 50) samples.push(frame)
      return frame
    }
    add(w, 10, 3)
    w.run(2000)
    const { term } = groupOf(w, 1).hard
    const target = followers(w)[0]?.id ?? 0
    for (let n = 0; n < 4000; n++) {
      const sample = chance.pick(samples).slice()
      if (n % 2 === 0)
        for (let at = 0; at < 3; at++) sample[chance.below(Math.min(sample.length, 40))] = chance.below(256)
      const frame = n % 2 === 0 ? sample : chance.bytes(chance.below(80))
      w.act(target, (host) => host.onFrame(9 as RaftId, frame))
      if (n % 100 === 0) w.run(2)
    }
    w.run(1000)
    expect(groupOf(w, target).hard.term).toBe(term)
    add(w, 2, 20)
  })
})

describe('many groups', () => {
  it('G1 heartbeats of all groups to a peer travel in one frame', () => {
    const w = startWorld({ groups: 20, settings: { quietTicks: 0 } })
    w.run(2000)
    let frames = 0
    let heartbeats = 0
    w.tamper = (_from, _to, frame) => {
      const items = decodeFrame(frame)
      const found = items.ok ? items.value.filter((item) => item.kind === 'message') : []
      const beats = found.filter((item) => {
        const head = peekMessage(item.bytes)
        return head.ok && head.value.type === 'heartbeat'
      })
      if (beats.length > 0) frames++
      heartbeats += beats.length
      return frame
    }
    w.run(1000)
    expect(heartbeats).toBeGreaterThan(300)
    expect(frames).toBeLessThan(80) // a tick of each leading node to each peer
  })

  it('G2 idle groups sleep on all nodes, and nothing is said of them but that the nodes live', () => {
    const w = startWorld({ groups: 5 })
    w.until(() => w.up().every(({ id }) => w.groups.every((group) => groupOf(w, id, group).asleep)))
    const seen = new Set<string>()
    watch(w, (kind) => void seen.add(kind))
    w.run(3000)
    expect([...seen]).toEqual(['alive'])
  })

  it('G3 a proposal wakes a group; the loss of the leader is found and answered by an election', () => {
    const w = startWorld({ groups: 2 })
    const asleep = (): boolean =>
      w.up().every(({ id }) => w.groups.every((group) => groupOf(w, id, group).asleep))
    w.until(asleep)
    const done = propose(w, followers(w)[0]?.id ?? 0, { kind: 'add', amount: 1 })
    w.until(() => done.length === 1)
    w.until(asleep)
    const old = mustLead(w).id
    w.kill(old)
    const begun = w.events.now
    w.until(() => w.leader(0) !== undefined)
    expect(w.events.now - begun).toBeLessThan(1500 + 2 * 2000 + 500) // noticed, then within an election timeout
  })

  it('G4 a group that is halted or without a quorum does not delay another', () => {
    const w = startWorld({ groups: 2 })
    w.checks.allowsHalt = true
    propose(w, mustLead(w).id, { kind: 'throw' })
    w.run(1000)
    expect(groupOf(w, 1).condition).toBe('halted')
    const begun = w.events.now
    add(w, 5, 0, 1 as GroupId)
    expect(w.events.now - begun).toBeLessThan(500)
  })

  it('G5 under load the entries stay few and hold many commands', () => {
    const w = startWorld()
    const leader = mustLead(w).id
    const before = groupOf(w, leader).last
    const all = Array.from({ length: 256 }, (_, n) =>
      propose(w, leader, { kind: 'add', amount: 1 }, { key: `g${n}` }),
    )
    w.until(() => all.every((one) => one.length === 1))
    expect(groupOf(w, leader).last - before).toBeLessThan(8)
  })

  it('effects between groups arrive once, in order, and are answered', () => {
    const w = startWorld({ groups: 2, seed: 9 })
    w.network.drop = 0.2
    w.network.double = 0.3
    const told = Array.from({ length: 20 }, (_, n) =>
      propose(
        w,
        mustLead(w).id,
        { kind: 'tell', target: 1 as GroupId, text: `t${n}` },
        { key: `t${n}`, ticks: 600 },
      ),
    )
    w.until(() => told.every((one) => one.length === 1))
    w.until(() => board(w, mustLead(w).id).answers.length === 20)
    const { arrived } = board(w, mustLead(w, 1).id, 1 as GroupId)
    expect(arrived).toHaveLength(20)
    expect(new Set(arrived).size).toBe(20)
  })
})
