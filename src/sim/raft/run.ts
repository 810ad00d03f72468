import type { EngineModule } from '../../adapters/etcd-raft/engine-module.ts'
import { equalBytes } from '../../codec/bytes.ts'
import { encodeReplica } from '../../core/replica/checkpoint.ts'
import type { GroupId } from '../../model/raft.ts'
import type { Checksum } from '../../ports/checksum.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { Mutant } from '../../services/raft-host/seam.ts'
import { Accusers } from './accusers.ts'
import { Callers } from './callers.ts'
import { Chance } from './chance.ts'
import { checkCells, checkCounter, type Operation } from './history.ts'
import type { Board } from './machines.ts'
import { Nemesis } from './nemesis.ts'
import { SealedRun } from './sealed-run.ts'
import { Violation } from './violation.ts'
import { World } from './world.ts'

/** One run: what it is made of is all in here. */
export interface SimOptions {
  readonly seed: number
  readonly steps: number
  readonly module: EngineModule
  readonly sha256: Sha256
  readonly checksum: Checksum
  readonly mutant?: Mutant | undefined
  /** Groups have certificates, and where the network withstands it one voter lies. */
  readonly certified?: boolean
}

export interface SimResult {
  readonly seed: number
  readonly nodes: number
  readonly steps: number
  readonly virtualMs: number
  readonly acknowledged: number
  /** Commands of which nobody could say any more what came of them: memory was short. */
  readonly expired: number
  readonly refused: number
  readonly reads: number
  readonly frames: number
  readonly applied: number
  readonly faults: ReadonlyMap<string, number>
  readonly kills: number
  readonly deposed: number
  /** What callers asked and saw: linearizable. */
  readonly history: readonly Operation[]
  /** Of all frames that were sent: equal for equal seeds. */
  readonly trace: string
  readonly certificates: number
  readonly liarsCaught: number
}

/** All must be done so long after the faults have stopped. */
const LIVENESS_MS = 60_000
const COMPARE_EVERY = 250

/** Runs one seed: faults under load, then none until everything is done. Throws Violation naming what was broken. */
export function runSim({ seed, steps, certified = false, ...parts }: SimOptions): SimResult {
  const chance = new Chance(seed, 'run')
  const nodes = chance.pick([3, 3, 5, 7])
  const groups = chance.pick([1, 2, 3])
  const seals = certified ? new SealedRun(nodes, parts.sha256) : undefined
  const world = new World({ seed, ...parts, nodes, groups, settings: SHORT_MEMORY, ...seals?.options() })
  seals?.watch(world)
  const nemesis = new Nemesis(world, new Chance(seed, 'nemesis'), nodes + 3)
  const callers = new Callers(world, new Chance(seed, 'callers'))
  const accusers = new Accusers(world, new Chance(seed, 'accusers'))
  nemesis.begin()
  // How soon a mutant is found is known without them.
  if (parts.mutant === undefined) accusers.begin()
  const calls = { isOver: false }
  call(world, callers, chance, calls)
  let done = 0
  for (; done < steps && world.events.step(); done++) {
    if (done % COMPARE_EVERY === 0) compareNodes(world)
  }
  nemesis.end()
  accusers.end()
  calls.isOver = true
  settle(world, callers)
  checkCells(callers.history)
  checkCounter(callers.history)
  callers.checkAbandoned()
  compareNodes(world)
  compareStates(world)
  checkEffects(world, callers)
  const { digest, frames } = world.checks.trace
  return {
    seed,
    nodes,
    steps: done,
    virtualMs: Math.round(world.events.now),
    acknowledged: callers.acknowledged,
    expired: callers.expired,
    refused: callers.refused,
    reads: callers.history.filter(({ ask }) => ask.kind === 'read').length,
    frames,
    applied: [...world.checks.logs.values()].reduce((sum, log) => sum + log.size, 0),
    faults: nemesis.counts,
    kills: world.kills,
    deposed: accusers.count,
    history: callers.history,
    trace: digest,
    certificates: seals?.checks.certificates ?? 0,
    liarsCaught: seals?.checks.caught ?? 0,
  }
}

/** So little that outcomes are forgotten while callers still ask for them. */
const SHORT_MEMORY = { outcomeBytesMax: 40_000, outcomesKept: 24 }

/** Operations come at random, a few at once; now and then nobody asks for a while, and groups go to sleep. */
function call(world: World, callers: Callers, chance: Chance, calls: { readonly isOver: boolean }): void {
  const wait = chance.is(0.01) ? 1000 + chance.next() * 5000 : chance.next() * 50
  world.events.after(wait, () => {
    if (calls.isOver) return
    if (callers.open < 24) callers.begin()
    call(world, callers, chance, calls)
  })
}

function settle(world: World, callers: Callers): void {
  const end = world.events.now + LIVENESS_MS
  let checkedAt = 0
  for (;;) {
    if (world.events.now > end) throw new Violation('liveness', whatIsLeft(world, callers))
    world.events.step()
    if (world.events.now - checkedAt < 200) continue
    checkedAt = world.events.now
    if (callers.open === 0 && isStill(world)) return
  }
}

/** Every member has applied all of its group, and every effect is answered. */
function isStill(world: World): boolean {
  return world.groups.every((id) => {
    const members = membersUp(world, id)
    const leader = world.leader(id)?.host?.group(id)
    if (leader?.replica === undefined || members.length === 0) return false
    const { applied, outboxes } = leader.replica
    if (applied !== leader.last || leader.replica.promoting.size > 0) return false
    if ([...outboxes.values()].some(({ waiting }) => waiting.length > 0)) return false
    return members.every((group) => group.replica?.applied === applied)
  })
}

function membersUp(
  world: World,
  id: GroupId,
): readonly NonNullable<ReturnType<NonNullable<ReturnType<World['up']>[number]['host']>['group']>>[] {
  const leader = world.leader(id)?.host?.group(id)?.replica
  const members = leader === undefined ? [] : [...leader.membership.voters, ...leader.membership.learners]
  return members.flatMap((member) => world.nodes.get(member)?.host?.group(id) ?? [])
}

function whatIsLeft(world: World, callers: Callers): string {
  const groups = world.groups.map((id) => {
    const lines = world.up().map(({ id: node, host }) => {
      const group = host?.group(id)
      return `${node}:${group?.role}/${group?.hard.term}/${group?.replica?.applied}/${group?.last}/${group?.condition}${group?.asleep === true ? '/asleep' : ''}${group?.receiving === undefined ? '' : '/receiving'}`
    })
    const leader = world.leader(id)?.host?.group(id)
    const left = [...(leader?.replica?.outboxes ?? [])].map(([to, { waiting }]) => `${to}:${waiting.length}`)
    return `group ${id} [${lines.join(' ')}] voters ${leader?.replica?.membership.voters.join(',')} promoting ${leader?.replica?.promoting.size} effects ${left.join(' ')}`
  })
  return `${callers.open} operations open; ${groups.join('; ')}`
}

/** What is compared between nodes: now and then, for it costs more than a step. */
function compareNodes(world: World): void {
  for (const id of world.groups) {
    const leader = world.leader(id)?.host?.group(id)
    for (const { id: node, host } of leader?.asleep === true ? world.up() : []) {
      const group = host?.group(id)
      if (leader !== undefined && group?.role === 'follower') world.checks.asleep(leader, group, node)
    }
  }
  world.checks.compareDisks(
    [...world.nodes.values()].map(({ durable }) => durable),
    world.groups,
  )
}

/** Replicas that applied the same are the same, to the byte. */
function compareStates(world: World): void {
  for (const id of world.groups) {
    const [first, ...others] = membersUp(world, id)
    if (first?.replica === undefined) continue
    const bytes = encodeReplica(first.machine, first.replica)
    for (const other of others) {
      const same =
        other.replica !== undefined && equalBytes(bytes, encodeReplica(other.machine, other.replica))
      if (!same) throw new Violation('states-differ', `group ${id}`)
    }
  }
}

/**
 * Each text that was told arrived once, and was answered once; one of which nobody could say any more what came of its
 * command, at most once. So with what was added.
 */
function checkEffects(world: World, callers: Callers): void {
  const boards = new Map(world.groups.map((group) => [group, boardOf(world, group)]))
  const given = new Set(callers.abandoned.map(({ key }) => key))
  const told = callers.told.filter(({ key }) => !given.has(key))
  const arrivedAt = (one: Callers['told'][number]): boolean =>
    boards.get(one.target)?.arrived.includes(`${one.source}:${one.text}`) === true
  for (const target of world.groups) {
    const arrived = boards.get(target)?.arrived ?? []
    const here = told.filter((one) => one.target === target)
    if (new Set(arrived).size !== arrived.length)
      throw new Violation('effects', `group ${target}: one arrived twice`)
    const missing = here.filter((one) => !callers.forgotten.has(one.key) && !arrivedAt(one))
    if (missing.length > 0)
      throw new Violation(
        'effects',
        `group ${target}: ${missing.map(({ text }) => text).join(' ')} did not arrive`,
      )
    const asked = told.filter((one) => one.source === target && arrivedAt(one)).length
    const answers = boards.get(target)?.answers.length ?? 0
    if (answers !== asked) throw new Violation('effects', `group ${target}: ${answers} answers to ${asked}`)
  }
  const added = callers.history.filter(({ ask }) => ask.kind === 'add')
  for (const group of world.groups) {
    const count = boards.get(group)?.count ?? 0
    const here = added.filter((one) => one.group === group)
    const sum = here.filter(({ got }) => got?.kind === 'took').length
    const most = sum + here.filter((one) => callers.unknown.has(one)).length
    if (count < sum || count > most)
      throw new Violation('counter', `group ${group}: ${count} of ${sum} to ${most}`)
  }
}

function boardOf(world: World, group: GroupId): Board | undefined {
  return membersUp(world, group)[0]?.replica?.state as Board | undefined
}
