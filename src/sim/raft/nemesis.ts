import type { GroupId, RaftId } from '../../model/raft.ts'
import { addLearnerThenVoter, plainChange } from '../../services/raft-host/membership.ts'
import type { DiskFault } from '../disk/simulated-disk.ts'
import type { Chance } from './chance.ts'
import type { SimNode } from './sim-node.ts'
import { forgedFrame } from './strangers.ts'
import type { World } from './world.ts'

/** What goes wrong, each with its weight: kills, disks, networks, clocks, transfers, members, strangers. */
const KINDS = [
  ['kill', 4],
  ['bounce', 4],
  ['kill-at-write', 5],
  ['kill-at-send', 4],
  ['kill-at-call', 5],
  ['kill-all', 1],
  ['disk-full', 2],
  ['disk-fail', 2],
  ['disk-slow', 4],
  ['split', 3],
  ['one-way', 3],
  ['alone', 3],
  ['pause', 3],
  ['drift', 2],
  ['strangers', 3],
  ['transfer', 4],
  ['add', 2],
  ['remove', 2],
  ['swap', 2],
  ['collect', 2],
] as const

/** Does harm at random, until it is told to stop; then everything is whole again. */
export class Nemesis {
  readonly #world: World
  readonly #chance: Chance
  readonly #nodesMax: number
  readonly #out = new Map<GroupId, Set<RaftId>>()
  /** Nodes and groups: replicas that are deleted. */
  readonly #collected = new Set<string>()
  #isOver = false
  readonly counts = new Map<string, number>()

  constructor(world: World, chance: Chance, nodesMax: number) {
    this.#world = world
    this.#chance = chance
    this.#nodesMax = nodesMax
    const { network } = world
    network.drop = chance.is(0.3) ? 0 : chance.next() * 0.2
    network.double = chance.is(0.3) ? 0 : chance.next() * 0.3
    network.delayMs = chance.pick([2, 10, 60])
    network.straggle = chance.next() * 0.1
    for (const node of world.nodes.values()) node.drift = 0.8 + chance.next() * 0.45
  }

  begin(): void {
    this.#world.events.after(100 + this.#chance.next() * 900, () => {
      if (this.#isOver) return
      this.#harm()
      this.begin()
    })
  }

  /** Faults stop: every process is there, every frame arrives. */
  end(): void {
    this.#isOver = true
    const { network, nodes } = this.#world
    network.drop = 0
    network.double = 0
    network.delayMs = 2
    network.straggle = 0
    this.#world.cut = () => false
    for (const node of nodes.values()) {
      node.disk.trouble.fault = () => 'none'
      node.disk.trouble.roomBytes = Number.POSITIVE_INFINITY
      node.disk.trouble.slowTicksMax = 0
      node.killAtSend = 0
      node.killAtCall = 0
      node.stoppedUntil = 0
      if (node.host === undefined) this.#world.start(node.id)
    }
    for (const [group, ids] of this.#world.ordered) {
      for (const id of ids) if (!this.#collected.has(`${id} ${group}`)) this.#world.join(id, group)
    }
  }

  #harm(): void {
    const total = KINDS.reduce((sum, [, weight]) => sum + weight, 0)
    let at = this.#chance.below(total)
    const [kind] = KINDS.find(([, weight]) => (at -= weight) < 0) ?? KINDS[0]
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
    const up = this.#world.up()
    if (up.length === 0) return
    const node = this.#chance.is(0.5) ? this.#leaderOr(up) : this.#chance.pick(up)
    switch (kind) {
      case 'kill':
        return this.#kill(node)
      case 'bounce':
        this.#world.kill(node.id)
        return this.#world.events.after(this.#chance.next() * 200, () => {
          if (node.host === undefined) this.#world.start(node.id)
        })
      case 'kill-all':
        for (const one of up) this.#kill(one)
        return
      case 'kill-at-write':
        return this.#diskOnce(node, 'kill')
      case 'disk-fail':
        return this.#diskOnce(node, 'fail')
      case 'disk-full':
        node.disk.trouble.roomBytes = node.disk.content.usedBytes + this.#chance.below(2000)
        return this.#later(2000, () => {
          node.disk.trouble.roomBytes = Number.POSITIVE_INFINITY
        })
      case 'disk-slow':
        node.disk.trouble.slowTicksMax = 1 + this.#chance.below(8)
        return this.#later(6000, () => {
          node.disk.trouble.slowTicksMax = 0
        })
      case 'drift':
        node.drift = 0.8 + this.#chance.next() * 0.45
        return
      case 'strangers':
        return this.#strangers(node)
      case 'collect':
        return this.#collect(node)
      case 'kill-at-call':
        node.killAtCall = 1 + this.#chance.below(30)
        return this.#reviver(node)
      case 'kill-at-send':
        node.killAtSend = 1 + this.#chance.below(6)
        return this.#reviver(node)
      case 'split':
      case 'one-way':
      case 'alone':
        return this.#partition(kind, node)
      case 'pause':
        node.stoppedUntil = this.#world.events.now + this.#chance.next() * 4000
        return
      case 'transfer':
      case 'add':
      case 'remove':
      case 'swap':
        return this.#change(kind)
      default:
        return kind satisfies never
    }
  }

  #kill(node: SimNode): void {
    this.#world.kill(node.id)
    this.#reviver(node)
  }

  #diskOnce(node: SimNode, fault: DiskFault): void {
    let left = this.#chance.below(4)
    node.disk.trouble.fault = () => (left-- > 0 ? 'none' : fault)
    this.#reviver(node)
  }

  /** Starts the process again some time later, if it has ended by then. */
  #reviver(node: SimNode): void {
    this.#later(5000, () => {
      if (node.host === undefined) this.#world.start(node.id)
      else node.disk.trouble.fault = () => 'none'
    })
  }

  #partition(kind: 'split' | 'one-way' | 'alone', node: SimNode): void {
    const side = new Map<RaftId, boolean>()
    const sideOf = (id: RaftId): boolean => {
      const known = side.get(id)
      if (known !== undefined) return known
      side.set(id, this.#chance.is(0.5))
      return side.get(id) as boolean
    }
    if (kind === 'split') this.#world.cut = (from, to) => sideOf(from) !== sideOf(to)
    else if (kind === 'alone') this.#world.cut = (from, to) => from === node.id || to === node.id
    else this.#world.cut = (from) => from === node.id
    this.#later(4000, () => {
      this.#world.cut = () => false
    })
  }

  #change(kind: 'transfer' | 'add' | 'remove' | 'swap'): void {
    const group = this.#chance.pick(this.#world.groups)
    const leader = this.#world.leader(group)
    const replica = leader?.host?.group(group)?.replica
    if (leader === undefined || replica === undefined) return
    const { voters } = replica.membership
    if (kind === 'transfer') {
      const to = this.#chance.pick(voters)
      return this.#world.act(leader.id, (host) => void host.transfer(group, to))
    }
    const fresh = kind === 'remove' ? undefined : this.#fresh(group)
    const gone = kind === 'add' || voters.length < 3 ? undefined : this.#chance.pick(voters)
    if (kind === 'remove' ? gone === undefined : fresh === undefined) return
    if (fresh !== undefined) this.#world.join(fresh, group)
    const added = fresh === undefined ? [] : [{ kind: 'add-voter' as const, id: fresh }]
    const removed = gone === undefined ? [] : [{ kind: 'remove' as const, id: gone }]
    const change =
      kind === 'add' && fresh !== undefined ? addLearnerThenVoter(fresh) : plainChange(...added, ...removed)
    this.#world.act(leader.id, (host) => {
      if (host.changeMembership(group, change).ok && gone !== undefined) this.#outOf(group).add(gone)
    })
  }

  /** A node that never was in the group. */
  #fresh(group: GroupId): RaftId | undefined {
    const used = this.#world.ordered.get(group) ?? new Set()
    for (let id = 1; id <= this.#nodesMax; id++) if (!used.has(id as RaftId)) return id as RaftId
    return undefined
  }

  /** What nobody honest sends: none of it may reach an engine. Source: raft-host-catalogue V1, V2. */
  #strangers(node: SimNode): void {
    for (const group of this.#world.groups) {
      const known = node.host?.group(group)
      if (known === undefined) continue
      const { from, frame } = forgedFrame(this.#chance, node.id, known)
      this.#world.act(node.id, (host) => host.onFrame(from, frame))
    }
  }

  /** A replica that was removed is deleted: garbage collection. Its id is never used in that group again. */
  #collect(node: SimNode): void {
    for (const group of this.#world.groups) {
      if (node.host?.group(group)?.condition !== 'removed') continue
      this.#world.act(node.id, (host) => host.forget(group))
      if (node.host?.group(group) === undefined) this.#collected.add(`${node.id} ${group}`)
    }
  }

  #outOf(group: GroupId): Set<RaftId> {
    const known = this.#out.get(group) ?? new Set<RaftId>()
    this.#out.set(group, known)
    return known
  }

  #leaderOr(up: readonly SimNode[]): SimNode {
    return this.#world.leader(this.#chance.pick(this.#world.groups)) ?? this.#chance.pick(up)
  }

  #later(withinMs: number, act: () => void): void {
    this.#world.events.after(100 + this.#chance.next() * withinMs, () => {
      if (!this.#isOver) act()
    })
  }
}
