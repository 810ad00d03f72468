import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { GroupId, RaftId } from '../../src/model/raft.ts'
import { Cluster, chances, type MakeEngine } from './consensus-engine-cluster.ts'
import { bytesOf, changeOf } from './consensus-engine-parts.ts'

const GROUPS = 8

interface Trace {
  readonly sha256: string
  readonly answers: number
  readonly cluster: Cluster
  /** How often each thing was accepted that the script tried. */
  readonly done: ReadonlyMap<string, number>
}

/** The same seed, the same bytes, whatever happens on the way; and what happens is raft. */
export function describeTrace(name: string, make: MakeEngine): void {
  describe(`${name}: scripted runs`, () => {
    const played = new Map<number, string>()
    const hashOf = (seed: number): string => played.get(seed) ?? play(make, seed).sha256
    it.each([1, 2])('seed %i gives the same answers twice, and the logs agree', (seed) => {
      const first = play(make, seed)
      const second = play(make, seed)
      expect(second.answers).toBe(first.answers)
      expect(second.sha256).toBe(first.sha256)
      played.set(seed, first.sha256)
      expectOneHistory(first.cluster)
      for (const act of ['propose', 'learner', 'promote', 'replace', 'transfer', 'read', 'kill', 'compact']) {
        expect(first.done.get(act) ?? 0, act).toBeGreaterThan(0)
      }
      expect(sum(first.cluster, ({ supplied }) => supplied)).toBeGreaterThan(0)
      expect(sum(first.cluster, ({ offered }) => offered)).toBeGreaterThan(0)
    })

    it('another seed gives other answers', () => {
      expect(hashOf(1)).not.toBe(hashOf(2))
    })
  })
}

/** 8 groups on 3 nodes and a spare one, a lossy network that doubles and reorders, and something odd every few rounds. */
function play(make: MakeEngine, seed: number): Trace {
  const hash = createHash('sha256')
  let answers = 0
  const trace = (asked: Uint8Array, answer: Uint8Array): void => {
    hash.update(asked).update(answer)
    answers++
  }
  const chance = chances(seed)
  const pick = (below: number): number => Math.floor(chance() * below)
  const settings = { tailEntriesMax: 16, tailBytesMax: 65_536 }
  const cluster = new Cluster((node, life) => make(1000 * seed + 100 * node + life, trace), GROUPS, settings)
  cluster.found(3)
  cluster.network = { chance, drop: 0.05, double: 0.05, lateMax: 2 }
  const done = new Map<string, number>()
  const leaders = new Map<string, RaftId>()
  for (let round = 0; round < 700; round++) {
    const act = actOf(cluster, pick)
    if (round > 30 && act !== undefined) done.set(act, (done.get(act) ?? 0) + 1)
    cluster.round(round % 2 === 0)
    expectOneLeaderATerm(cluster, leaders)
  }
  cluster.network = { chance: () => 0, drop: 0, double: 0, lateMax: 0 }
  for (const node of cluster.nodes.values()) if (!node.isUp) cluster.restart(node.id)
  cluster.settle().run(60)
  return { sha256: hash.copy().digest('hex'), answers, cluster, done }
}

/** One act on a random group; its name if the engine took it. */
function actOf(cluster: Cluster, pick: (below: number) => number): string | undefined {
  const group = pick(GROUPS) as GroupId
  const kind = pick(20)
  if (kind === 0) return killOrRestart(cluster, pick)
  const leader = cluster.leader(group)
  if (leader === undefined) return undefined
  const { engine } = leader
  const { membership, applied } = leader.status(group)
  switch (kind) {
    case 1:
      return engine.transferLeadership(group, (1 + pick(4)) as RaftId).ok ? 'transfer' : undefined
    case 2:
      return engine.readIndex(group, bytesOf(`${pick(1000)}`)).ok ? 'read' : undefined
    case 3:
      leader
        .replica(group)
        .entries.splice(0, applied - leader.replica(group).floor.index)
        .forEach((entry) => {
          leader.replica(group).floor = { index: entry.index, term: entry.term }
        })
      return engine.compact(group, applied).ok ? 'compact' : undefined
    case 4:
    case 5:
    case 6:
      return changeMembership(cluster, group, pick, membership.learners.length > 0)
    default: {
      const commands = Array.from({ length: 1 + pick(6) }, (_, n) => bytesOf(`${group}.${pick(1e6)}.${n}`))
      return engine.proposeMany([{ group, commands }]).length === 0 ? 'propose' : undefined
    }
  }
}

function changeMembership(
  cluster: Cluster,
  group: GroupId,
  pick: (below: number) => number,
  hasLearner: boolean,
): string | undefined {
  const leader = cluster.mustLead(group)
  const { voters, learners } = leader.status(group).membership
  const spare = ([1, 2, 3, 4] as RaftId[]).find((id) => !voters.includes(id))
  if (spare === undefined || voters.length !== 3) {
    const out = voters[pick(voters.length)] as RaftId
    return take(leader.engine.proposeChange(group, changeOf({ kind: 'remove', id: out })).ok, 'remove')
  }
  const newcomer = cluster.add(spare)
  if (!newcomer.disk.has(group)) newcomer.join(group)
  if (hasLearner) {
    return take(
      leader.engine.proposeChange(group, changeOf({ kind: 'add-voter', id: learners[0] as RaftId })).ok,
      'promote',
    )
  }
  if (pick(2) === 0)
    return take(
      leader.engine.proposeChange(group, changeOf({ kind: 'add-learner', id: spare })).ok,
      'learner',
    )
  const out = voters[pick(voters.length)] as RaftId
  const replace = changeOf({ kind: 'add-voter', id: spare }, { kind: 'remove', id: out })
  return take(leader.engine.proposeChange(group, replace).ok, 'replace')
}

function killOrRestart(cluster: Cluster, pick: (below: number) => number): string {
  const down = [...cluster.nodes.values()].find((node) => !node.isUp)
  if (down === undefined) cluster.kill(1 + pick(cluster.nodes.size))
  else cluster.restart(down.id)
  return 'kill'
}

function take(accepted: boolean, act: string): string | undefined {
  return accepted ? act : undefined
}

/** At most one leader a group and term, over the whole run. */
function expectOneLeaderATerm(cluster: Cluster, leaders: Map<string, RaftId>): void {
  for (const node of cluster.nodes.values()) {
    for (const group of node.isUp ? node.disk.keys() : []) {
      const { role, term } = node.status(group)
      if (role !== 'leader') continue
      const key = `${group} ${term}`
      expect(leaders.get(key) ?? node.id, `leader of ${key}`).toBe(node.id)
      leaders.set(key, node.id)
    }
  }
}

/** Every member has applied the same commands; who is no member has applied a beginning of them. */
function expectOneHistory(cluster: Cluster): void {
  for (const group of cluster.groups) {
    const leader = cluster.mustLead(group)
    const { commands, membership } = leader.replica(group)
    expect(commands.length).toBeGreaterThan(10)
    for (const node of cluster.nodes.values()) {
      if (!node.disk.has(group)) continue
      const theirs = node.replica(group).commands
      const isMember = [...membership.voters, ...membership.learners].includes(node.id)
      expect(theirs).toEqual(isMember ? commands : commands.slice(0, theirs.length))
    }
  }
}

function sum(
  cluster: Cluster,
  count: (node: { readonly supplied: number; readonly offered: number }) => number,
): number {
  return [...cluster.nodes.values()].reduce((total, node) => total + count(node), 0)
}
