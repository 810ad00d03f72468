import { EtcdRaft } from '../../adapters/etcd-raft/engine.ts'
import type { EngineModule } from '../../adapters/etcd-raft/engine-module.ts'
import { assert, DefectError, FaultError } from '../../model/fault.ts'
import type { GroupId, RaftId } from '../../model/raft.ts'
import type { Checksum } from '../../ports/checksum.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { RaftDirectory } from '../../ports/raft-transport.ts'
import type { StateMachine } from '../../ports/state-machine.ts'
import type { Certification, SealNotice } from '../../services/raft-host/certification.ts'
import { type HostDeps, RaftHost } from '../../services/raft-host/host.ts'
import type { LeafNotice } from '../../services/raft-host/host-core.ts'
import type { Mutant } from '../../services/raft-host/seam.ts'
import { HOST_SETTINGS, type HostSettings } from '../../services/raft-host/settings.ts'
import { PowerCut } from '../disk/simulated-disk.ts'
import { brokenReady, brokenStore } from './broken-parts.ts'
import { Chance } from './chance.ts'
import { Checks } from './checks.ts'
import { EventQueue } from './event-queue.ts'
import { HookedEngine } from './hooked-engine.ts'
import { boardMachine } from './machines.ts'
import { Killed, makeNode, type SimNode } from './sim-node.ts'
import { Violation } from './violation.ts'

/** How bad the network is; chances are in [0, 1], delays in virtual milliseconds. */
export interface NetworkFaults {
  drop: number
  double: number
  delayMs: number
  /** Chance that a frame takes ten times as long, and so comes after later ones. */
  straggle: number
}

export interface WorldOptions {
  readonly seed: number
  readonly module: EngineModule
  readonly sha256: Sha256
  readonly checksum: Checksum
  readonly nodes: number
  readonly groups: number
  readonly settings?: Partial<HostSettings>
  readonly mutant?: Mutant | undefined
  readonly machine?: StateMachine
  readonly tickMs?: number
  /** Keys and rules of certificates for a node; without it groups have none. */
  readonly certificationOf?: (node: RaftId) => Certification
  readonly onSeal?: (node: RaftId, notice: SealNotice) => void
  readonly onLeaf?: (node: RaftId, notice: LeafNotice) => void
}

const SMALL: Partial<HostSettings> = {
  checkpointEntries: 40,
  tailEntries: 20,
  hashEvery: 8,
  quietTicks: 10,
  spreadTicks: 0,
  reserveBytes: 0,
  snapshotLostTicks: 40,
  group: { ...HOST_SETTINGS.group, tailEntriesMax: 16, tailBytesMax: 65_536, log: 'nothing' },
}

/**
 * Nodes with the real host and engine on simulated disks, a simulated network and virtual time: one thread, one
 * seed, the same bytes each time. Every frame and every applied entry is checked.
 */
export class World {
  readonly events = new EventQueue()
  readonly nodes = new Map<RaftId, SimNode>()
  readonly groups: readonly GroupId[]
  readonly checks: Checks
  readonly network: NetworkFaults = { drop: 0, double: 0, delayMs: 1, straggle: 0 }
  /** Says which frames are lost, beyond chance. */
  cut: (from: RaftId, to: RaftId) => boolean = () => false
  /** May change a frame, or lose it. */
  tamper: (from: RaftId, to: RaftId, frame: Uint8Array) => Uint8Array | undefined = (_f, _t, frame) => frame
  /** Which nodes were ordered into a group: what the system group would know. */
  readonly ordered = new Map<GroupId, Set<RaftId>>()
  /** How long a slow disk takes for one of its ticks, at most, in virtual milliseconds. */
  diskTickMs = 5
  /** Processes that ended. */
  kills = 0
  /** Engines of processes that ended, closed: a new process takes one of these or a fresh one. */
  readonly #engines: EtcdRaft[] = []
  readonly #options: WorldOptions
  readonly #chance: Chance
  readonly #settings: HostSettings

  constructor(options: WorldOptions) {
    this.#options = options
    this.#chance = new Chance(options.seed, 'network')
    this.#settings = { ...HOST_SETTINGS, ...SMALL, ...options.settings }
    this.groups = Array.from({ length: options.groups }, (_, at) => at as GroupId)
    this.checks = new Checks(options.checksum, this.#settings.tailEntries)
    const ids = Array.from({ length: options.nodes }, (_, at) => (at + 1) as RaftId)
    for (const group of this.groups) this.ordered.set(group, new Set(ids))
    for (const id of ids) this.add(id)
    for (const id of ids) {
      for (const group of this.groups) assert(this.host(id).found(group, ids), 'no room to found a group')
    }
  }

  /** A node with an empty disk. */
  add(id: RaftId): SimNode {
    const { seed, checksum } = this.#options
    const node = makeNode(id, new Chance(seed, `disk ${id}`), checksum)
    this.nodes.set(id, node)
    this.start(id)
    return node
  }

  node(id: number): SimNode {
    const node = this.nodes.get(id as RaftId)
    assert(node !== undefined, `no node ${id}`)
    return node
  }

  host(id: number): RaftHost {
    const { host } = this.node(id)
    assert(host !== undefined, `node ${id} is down`)
    return host
  }

  up(): readonly SimNode[] {
    return [...this.nodes.values()].filter(({ host }) => host !== undefined)
  }

  /**
   * A process on what the disk has. False: the host does not go on with this disk, and says why as an event of
   * nobody's group. What the store says is held against what was stored, unless somebody `isSpoilt` it on purpose.
   * Throws Violation.
   */
  start(id: number, { isSpoilt = false }: { readonly isSpoilt?: boolean } = {}): boolean {
    const node = this.node(id)
    assert(node.host === undefined, `node ${id} is up`)
    node.life++
    node.disk.trouble.fault = () => 'none'
    node.killAtSend = 0
    node.killAtCall = 0
    node.callFault = undefined
    const host = new RaftHost(this.#deps(node, isSpoilt))
    const started = host.start()
    if (!started.ok) {
      this.#release(node)
      return false
    }
    node.host = host
    for (const group of this.groups) {
      const applied = host.group(group)?.replica?.applied
      this.checks.restarted(node.id, group, applied ?? 0)
      this.checks.opened(node.id, host, group, node.durable)
    }
    this.#tickLater(node, node.life)
    return true
  }

  /** The process is gone at once. */
  kill(id: number): void {
    const node = this.node(id)
    if (node.host !== undefined) this.kills++
    this.#release(node)
    node.host = undefined
    node.isTurnDue = false
    node.isDiskDue = false
    node.disk.kill()
  }

  /** A replica of the group on a node, which is added or started for it. The disk is at rest and not slow for that. */
  join(id: RaftId, group: GroupId): void {
    const node = this.nodes.get(id) ?? this.add(id)
    if (node.host === undefined) this.start(id)
    this.ordered.get(group)?.add(id)
    const { trouble } = node.disk
    const { slowTicksMax } = trouble
    trouble.slowTicksMax = 0
    while (node.disk.isUnderway) node.disk.tick()
    this.act(id, (host) => {
      if (host.group(group) === undefined) host.join(group)
    })
    trouble.slowTicksMax = slowTicksMax
  }

  /** Does something with a node's host, then lets it have a turn. */
  act(id: number, what: (host: RaftHost) => void): void {
    const node = this.nodes.get(id as RaftId)
    if (node?.host === undefined) return
    const { host } = node
    this.#untilKilled(node, () => what(host))
    this.turnSoon(node)
  }

  turnSoon(node: SimNode): void {
    if (node.isTurnDue || node.host === undefined) return
    node.isTurnDue = true
    const { life } = node
    this.events.after(this.#chance.next(), () => {
      if (node.life !== life || node.host === undefined) return
      this.#whenAwake(node, () => {
        node.isTurnDue = false
        this.#turn(node)
      })
    })
  }

  /** Runs so many virtual milliseconds. */
  run(ms: number): this {
    const end = this.events.now + ms
    while (this.events.now < end && this.events.step());
    return this
  }

  until(condition: () => boolean, msMax = 60_000): this {
    const end = this.events.now + msMax
    for (let n = 0; !condition(); n++) {
      if (this.events.now > end) throw new Error(`not within ${msMax} virtual ms`)
      this.events.step()
    }
    return this
  }

  /** Who leads a group at the highest term, of those that are up. */
  leader(group: number): SimNode | undefined {
    return this.up()
      .filter(({ host }) => host?.group(group as GroupId)?.role === 'leader')
      .toSorted((a, b) => termOf(b, group) - termOf(a, group))[0]
  }

  #deps(node: SimNode, isSpoilt: boolean): HostDeps {
    const { sha256, mutant, machine } = this.#options
    const directory: RaftDirectory = {
      isExpected: (group, peer) => this.ordered.get(group)?.has(peer) === true,
      replicas: (group) => [...(this.ordered.get(group) ?? [])],
    }
    const { life } = node
    const store = brokenStore(node.disk.openStore(), mutant, node.leftovers)
    if (store.origin.history !== 'lost' && !isSpoilt) node.durable.compare(store)
    return {
      self: node.id,
      engine: this.#engineOf(node),
      store,
      transport: {
        send: (to, frame) => this.#send(node, life, to, frame),
        follow: (peers) => {
          node.followed = [...peers]
        },
        distrust: (peer, why) => void node.distrusted.push({ peer, why }),
      },
      directory,
      sha256,
      settings: this.#settings,
      machineOf: () => machine ?? boardMachine,
      nowMs: () => this.events.now,
      tell: (event) => void node.events.push(event),
      onApplied: (notice) => this.checks.applied(node.id, notice),
      onInstalled: (group, index) => this.checks.restarted(node.id, group, index),
      certification: this.#options.certificationOf?.(node.id),
      onSeal: (notice) => this.#options.onSeal?.(node.id, notice),
      onLeaf: (notice) => this.#options.onLeaf?.(node.id, notice),
      mutant,
    }
  }

  #tickLater(node: SimNode, life: number): void {
    this.events.after((this.#options.tickMs ?? 100) * node.drift, () => {
      if (node.life !== life || node.host === undefined) return
      this.#whenAwake(node, () => {
        this.act(node.id, (host) => host.tick())
        this.#tickLater(node, life)
      })
    })
  }

  #whenAwake(node: SimNode, act: () => void): void {
    const wait = node.stoppedUntil - this.events.now
    if (wait <= 0) return act()
    const { life } = node
    this.events.after(wait, () => {
      if (node.life === life && node.host !== undefined) act()
    })
  }

  #turn(node: SimNode): void {
    const { host, durable, disk } = node
    if (host === undefined) return
    const [rows, full] = [durable.rows, disk.happened.full]
    this.#untilKilled(node, () => {
      if (host.turn()) this.turnSoon(node)
      const more = disk.happened.full > full ? 2 : 1
      this.checks.turned(node.id, host, this.groups, durable.rows - rows, more)
      if (disk.isUnderway) this.#diskLater(node)
    })
  }

  /** What ends a process ends it; a broken invariant of the host is a broken promise. */
  #untilKilled(node: SimNode, act: () => void): void {
    try {
      act()
    } catch (error) {
      if (error instanceof DefectError) throw new Violation('defect', error.message)
      const isEnd = error instanceof Killed || error instanceof PowerCut
      const isFault = error instanceof FaultError && ['store-io', 'engine-died'].includes(error.code)
      if (!isEnd && !isFault) throw error
      if (error instanceof FaultError) node.faults.push(error)
      if (isFault && error.code === 'engine-died') node.engine = undefined
      this.kill(node.id)
    }
  }

  #diskLater(node: SimNode): void {
    if (node.isDiskDue) return
    node.isDiskDue = true
    const { life } = node
    this.events.after(this.#chance.next() * this.diskTickMs, () => {
      if (node.life !== life || node.host === undefined) return
      node.isDiskDue = false
      this.#untilKilled(node, () => node.disk.tick())
      if (node.disk.isUnderway) this.#diskLater(node)
      else this.turnSoon(node)
    })
  }

  #engineOf(node: SimNode): HookedEngine {
    const { module, seed, mutant } = this.#options
    const bytes = new Uint8Array(32)
    new DataView(bytes.buffer).setUint32(0, seed)
    new DataView(bytes.buffer).setUint32(4, node.id * 1000 + node.life)
    const used = this.#chance.is(0.8) ? this.#engines.pop() : undefined
    node.engine = used ?? new EtcdRaft({ module, seed: bytes, log: () => undefined })
    return new HookedEngine(node.engine, {
      before: () => {
        if (node.killAtCall > 0 && --node.killAtCall === 0) throw node.callFault ?? new Killed()
      },
      ready: (ready) => brokenReady(ready, mutant),
      advanced: (ready) => this.checks.advanced(node.id, ready, node.durable),
    })
  }

  #release(node: SimNode): void {
    const { engine } = node
    node.engine = undefined
    if (engine === undefined) return
    for (const group of this.groups) engine.close(group)
    this.#engines.push(engine)
  }

  #send(node: SimNode, life: number, to: RaftId, frame: Uint8Array): boolean {
    if (node.life !== life) return false
    if (node.killAtSend > 0 && --node.killAtSend === 0) throw new Killed()
    this.checks.sent(node.id, to, frame, node.durable)
    const { drop, double } = this.network
    if (this.cut(node.id, to) || this.#chance.is(drop)) return true
    const copies = this.#chance.is(double) ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      const what = this.tamper(node.id, to, frame)
      if (what !== undefined) this.events.after(this.#delay(), () => this.#deliver(node.id, to, what))
    }
    return true
  }

  #delay(): number {
    const { delayMs, straggle } = this.network
    return this.#chance.next() * delayMs * (this.#chance.is(straggle) ? 10 : 1)
  }

  #deliver(from: RaftId, to: RaftId, frame: Uint8Array): void {
    if (this.cut(from, to)) return
    this.act(to, (host) => host.onFrame(from, frame))
  }
}

function termOf({ host }: SimNode, group: number): number {
  return host?.group(group as GroupId)?.hard.term ?? 0
}
