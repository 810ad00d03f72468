import type { GroupId, LogIndex, RaftId } from '../../src/model/raft.ts'
import type {
  ConsensusEngine,
  GroupReady,
  GroupStatus,
  OutgoingMessage,
} from '../../src/ports/consensus-engine.ts'
import {
  type Entry,
  foundGroup,
  GROUP_SETTINGS,
  type GroupSettings,
  type HardState,
  joinGroup,
  type Membership,
  type StoredGroup,
} from '../../src/ports/consensus-group.ts'

/** Makes an engine whose chance comes from the seed; `trace` sees what it is asked and what it answers. */
export type MakeEngine = (
  seed: number,
  trace?: (asked: Uint8Array, answer: Uint8Array) => void,
) => ConsensusEngine

export type Settings = Partial<GroupSettings>

export interface Network {
  /** Chance in [0, 1) for each message, drawn in order. */
  readonly chance: () => number
  readonly drop: number
  readonly double: number
  /** A message is delivered that many rounds late, at most. */
  readonly lateMax: number
}

const PERFECT: Network = { chance: () => 0, drop: 0, double: 0, lateMax: 0 }
const LIMITS = { bytesMax: 1_000_000, groupsMax: 1000 }
const TEXT = new TextEncoder()

/** What one replica has on its disk, and the state machine: the commands that it applied. */
export interface Replica {
  hardState: HardState
  floor: { index: LogIndex; term: HardState['term'] }
  entries: Entry[]
  applied: LogIndex
  membership: Membership
  commands: string[]
}

interface Letter {
  readonly to: RaftId
  readonly group: GroupId
  readonly message: OutgoingMessage
  late: number
}

/** One node of a test: an engine, its disk, and what it was asked for. */
export class Node {
  engine: ConsensusEngine
  readonly id: RaftId
  readonly disk = new Map<GroupId, Replica>()
  readonly reads: { group: GroupId; index: LogIndex; context: string; applied: LogIndex }[] = []
  readonly failed: { group: GroupId; detail: string }[] = []
  readonly inbox: { group: GroupId; bytes: Uint8Array }[] = []
  readonly settings: GroupSettings
  /** Commands of wants that the host answers: older entries from the disk, snapshots of the state machine. */
  supplied = 0
  offered = 0
  isUp = true

  constructor(id: RaftId, engine: ConsensusEngine, settings: Settings) {
    this.id = id
    this.engine = engine
    this.settings = { ...GROUP_SETTINGS, ...settings, id }
  }

  found(group: GroupId, voters: readonly RaftId[]): void {
    this.#open(group, foundGroup(voters))
  }

  join(group: GroupId): void {
    this.#open(group, joinGroup())
  }

  /** Opens every group again from what is on the disk, in an engine of its own. */
  restart(engine: ConsensusEngine): void {
    this.engine = engine
    this.inbox.length = 0
    for (const [group, replica] of this.disk) {
      const opened = engine.open(group, this.settings, replica)
      if (!opened.ok) throw new Error(`${group} does not open: ${opened.error.detail}`)
    }
  }

  replica(group: GroupId): Replica {
    const replica = this.disk.get(group)
    if (replica === undefined) throw new Error(`node ${this.id} has no group ${group}`)
    return replica
  }

  status(group: GroupId): GroupStatus {
    const status = this.engine.status(group)
    if (!status.ok) throw new Error(`${status.error.reason}: ${status.error.detail}`)
    return status.value
  }

  /** One turn: inputs, ready, disk, send, apply, advance. */
  turn(tick: readonly GroupId[], send: (group: GroupId, message: OutgoingMessage) => void): void {
    this.engine.tickMany(tick)
    this.engine.stepMany(this.inbox.splice(0))
    const batch = this.engine.readyMany(LIMITS)
    this.failed.push(...batch.failed)
    for (const ready of batch.ready) write(this.replica(ready.group), ready)
    for (const { group, messages } of batch.ready) for (const message of messages) send(group, message)
    for (const ready of batch.ready) this.#apply(ready)
    this.engine.advanceMany(batch.ready.map(({ group }) => group))
    for (const { group, entriesFrom, snapshot } of batch.wants) {
      for (const from of entriesFrom) this.#supply(group, from)
      if (snapshot) this.#offer(group)
    }
  }

  #open(group: GroupId, stored: StoredGroup): void {
    const opened = this.engine.open(group, this.settings, stored)
    if (!opened.ok) throw new Error(opened.error.detail)
    this.disk.set(group, { ...stored, floor: { ...stored.floor }, entries: [], commands: [] })
  }

  #apply({ group, committed, reads }: GroupReady): void {
    const replica = this.replica(group)
    for (const entry of committed) {
      if (entry.index !== replica.applied + 1)
        throw new Error(`entry ${entry.index} after ${replica.applied}`)
      if (entry.kind === 'change') {
        const judged = this.engine.applyChange(group, entry.index)
        if (!judged.ok) throw new Error(judged.error.detail)
        replica.membership = judged.value.membership
      } else if (entry.kind === 'command') {
        replica.commands.push(Buffer.from(entry.data).toString())
      }
      replica.applied = entry.index
    }
    for (const { index, context } of reads) {
      this.reads.push({ group, index, context: Buffer.from(context).toString(), applied: replica.applied })
    }
  }

  #supply(group: GroupId, from: LogIndex): void {
    const { floor, entries } = this.replica(group)
    const status = this.status(group)
    const older = entries.slice(
      from - floor.index - 1,
      Math.min(status.memoryFloor - floor.index, from - floor.index + 49),
    )
    const taken = this.engine.supplyEntries(group, older)
    if (!taken.ok) throw new Error(taken.error.detail)
    this.supplied++
  }

  #offer(group: GroupId): void {
    const { applied, membership, commands, floor, entries } = this.replica(group)
    const term = applied === floor.index ? floor.term : entries[applied - floor.index - 1]?.term
    if (term === undefined) throw new Error(`no entry at ${applied}`)
    const data = TEXT.encode(JSON.stringify(commands))
    const taken = this.engine.offerSnapshot(group, { index: applied, term, membership, data })
    if (!taken.ok) throw new Error(taken.error.detail)
    this.offered++
  }
}

/** What a host writes: a snapshot resets the log, entries overwrite from the first one's index on. */
function write(replica: Replica, { hardState, snapshot, entries }: GroupReady): void {
  if (hardState !== undefined) replica.hardState = hardState
  if (snapshot !== undefined) {
    replica.floor = { index: snapshot.index, term: snapshot.term }
    replica.entries = []
    replica.applied = snapshot.index
    replica.membership = snapshot.membership
    replica.commands = JSON.parse(Buffer.from(snapshot.data).toString())
  }
  const [first] = entries
  if (first !== undefined) {
    replica.entries.length = first.index - replica.floor.index - 1
    replica.entries.push(...entries)
  }
}

/** Nodes and the messages between them, in rounds: every node has one turn a round. */
export class Cluster {
  readonly nodes = new Map<RaftId, Node>()
  readonly groups: readonly GroupId[]
  network: Network = PERFECT
  /** Says which messages are lost, beyond chance. */
  cut: (from: RaftId, to: RaftId, group: GroupId, message: OutgoingMessage) => boolean = () => false
  readonly #make: (id: RaftId, life: number) => ConsensusEngine
  readonly #settings: Settings
  #letters: Letter[] = []
  #lives = 0

  constructor(make: (id: RaftId, life: number) => ConsensusEngine, groups: number, settings: Settings = {}) {
    this.#make = make
    this.#settings = settings
    this.groups = Array.from({ length: groups }, (_, at) => at as GroupId)
  }

  /** Nodes 1 to `voters`, each with every group. */
  found(voters: number): this {
    const ids = Array.from({ length: voters }, (_, at) => (at + 1) as RaftId)
    for (const id of ids) for (const group of this.groups) this.add(id).found(group, ids)
    return this
  }

  /** A node, empty if it is new. */
  add(id: RaftId): Node {
    const known = this.nodes.get(id)
    if (known !== undefined) return known
    const node = new Node(id, this.#make(id, this.#lives++), this.#settings)
    this.nodes.set(id, node)
    return node
  }

  node(id: number): Node {
    const node = this.nodes.get(id as RaftId)
    if (node === undefined) throw new Error(`no node ${id}`)
    return node
  }

  kill(id: number): void {
    this.node(id).isUp = false
  }

  restart(id: number): void {
    const node = this.node(id)
    node.isUp = true
    node.restart(this.#make(node.id, this.#lives++))
  }

  /** The node that leads a group and knows it at the highest term; undefined when there is none. */
  leader(group: number): Node | undefined {
    const leading = [...this.nodes.values()].filter(
      (node) => node.isUp && node.disk.has(group as GroupId) && isLeading(node, group as GroupId),
    )
    return leading.toSorted((a, b) => b.status(group as GroupId).term - a.status(group as GroupId).term)[0]
  }

  mustLead(group: number): Node {
    const node = this.leader(group)
    if (node === undefined) throw new Error(`nobody leads ${group}`)
    return node
  }

  propose(group: number, ...commands: readonly string[]): void {
    const refused = this.mustLead(group).engine.proposeMany([
      { group: group as GroupId, commands: commands.map((text) => TEXT.encode(text)) },
    ])
    if (refused[0] !== undefined) throw new Error(`${refused[0].reason}: ${refused[0].detail}`)
  }

  /** Rounds with a tick each, until all is still or the rounds are over. */
  run(rounds: number, tick = true): this {
    for (let round = 0; round < rounds; round++) this.round(tick)
    return this
  }

  round(tick: boolean): void {
    this.#deliver()
    for (const node of this.nodes.values()) {
      if (!node.isUp) continue
      node.turn(tick ? [...node.disk.keys()] : [], (group, message) => this.#send(node.id, group, message))
    }
  }

  /** Ticks until the condition holds. */
  until(condition: () => boolean, roundsMax = 400): this {
    for (let round = 0; round < roundsMax; round++) {
      if (condition()) return this
      this.round(true)
    }
    throw new Error(`not within ${roundsMax} rounds`)
  }

  /** Leaders for all groups, and everything applied everywhere. */
  settle(): this {
    return this.until(() => this.groups.every((group) => this.leader(group) !== undefined)).run(8)
  }

  #send(from: RaftId, group: GroupId, message: OutgoingMessage): void {
    const { chance, drop, double, lateMax } = this.network
    const { to } = message.head
    if (this.cut(from, to, group, message) || chance() < drop) return
    const copies = chance() < double ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      this.#letters.push({ to, group, message, late: Math.floor(chance() * (lateMax + 1)) })
    }
  }

  #deliver(): void {
    const due = this.#letters.filter((letter) => letter.late-- <= 0)
    this.#letters = this.#letters.filter((letter) => letter.late >= 0)
    for (const { to, group, message } of due) {
      const node = this.nodes.get(to)
      if (node?.isUp === true && node.disk.has(group)) node.inbox.push({ group, bytes: message.bytes })
    }
  }
}

function isLeading(node: Node, group: GroupId): boolean {
  const status = node.engine.status(group)
  return status.ok && status.value.role === 'leader'
}

/** Numbers in [0, 1) of a seed (mulberry32). */
export function chances(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
