import { peekMessage } from '../../adapters/etcd-raft/message-head.ts'
import { equalBytes } from '../../codec/bytes.ts'
import { encodeSealNote } from '../../codec/certificate/seal-note.ts'
import { decodeEntry } from '../../codec/raft-frame/entry.ts'
import { decodeFrame, type FrameItem } from '../../codec/raft-frame/frame.ts'
import { keyText } from '../../core/replica/step.ts'
import type { GroupId, LogIndex, RaftId } from '../../model/raft.ts'
import type { Checksum } from '../../ports/checksum.ts'
import type { GroupReady, MessageHead } from '../../ports/consensus-engine.ts'
import type { Entry } from '../../ports/consensus-group.ts'
import { SEAL_NOTE } from '../../services/raft-host/group-seals.ts'
import type { RaftHost } from '../../services/raft-host/host.ts'
import type { AppliedNotice } from '../../services/raft-host/host-core.ts'
import { type HostedGroup, membersOf } from '../../services/raft-host/hosted-group.ts'
import type { Durable } from './durable.ts'
import { FORGED_TERM } from './strangers.ts'
import { Trace } from './trace.ts'
import { Violation } from './violation.ts'

interface Known {
  readonly term: number
  readonly data: Uint8Array | undefined
}

const NOTHING = new Uint8Array(0)

/** What must hold at every step of every run, whatever happens. Source: raft-host-catalogue S1, A1; Raft, figure 3. */
export class Checks {
  readonly trace: Trace
  readonly #tailEntries: number
  /** By group: what was applied at each index, by whoever was first. */
  readonly logs = new Map<GroupId, Map<number, Known>>()
  readonly #at = new Map<string, number>()
  readonly #leaders = new Map<string, RaftId>()
  readonly #votes = new Map<string, RaftId>()
  readonly #commands = new Map<string, number>()
  /** Tests of defects: a group that halts is what they want. */
  allowsHalt = false
  /** Readies that hosts said were done. */
  advances = 0
  /** By group and index: what replicas said that the hash of their state was. */
  readonly #hashes = new Map<string, Uint8Array>()
  readonly #floors = new Map<string, number>()

  /** `tailEntries`: how many a replica keeps below its checkpoint. */
  constructor(checksum: Checksum, tailEntries: number) {
    this.trace = new Trace(checksum)
    this.#tailEntries = tailEntries
  }

  restarted(node: RaftId, group: GroupId, applied: number): void {
    this.#at.set(`${node} ${group}`, applied)
  }

  /** B4: the engine has the membership that the checkpoint has, from nowhere else; what was signed is remembered. */
  opened(node: RaftId, host: RaftHost, id: GroupId, disk: Durable): void {
    const replica = host.group(id)?.replica
    const note = disk.groups.get(id)?.notes.get(SEAL_NOTE)
    const noted = encodeSealNote(host.group(id)?.noted ?? [])
    if (note !== undefined && host.group(id)?.condition === 'running' && !equalBytes(noted, note.bytes)) {
      throw new Violation('note-forgotten', `node ${node} group ${id}`)
    }
    const status = host.status(id)
    if (replica === undefined || !status.ok) return
    const [engine, stored] = [status.value.membership, replica.membership].map(
      ({ voters, outgoing, learners }) =>
        [voters, outgoing, learners].map((ids) => ids.toSorted((a, b) => a - b).join()).join('/'),
    )
    if (engine !== stored)
      throw new Violation('membership', `node ${node} group ${id}: ${engine}, not ${stored}`)
  }

  /** A1 and state machine safety: in order, once, the same everywhere. */
  applied(node: RaftId, { group, index, term, data }: AppliedNotice): void {
    const place = `${node} ${group}`
    const before = this.#at.get(place) ?? 0
    if (index !== before + 1)
      throw new Violation('apply-order', `node ${node} group ${group}: ${index} after ${before}`)
    this.#at.set(place, index)
    const log = this.logs.get(group) ?? new Map<number, Known>()
    this.logs.set(group, log)
    const known = log.get(index)
    if (known === undefined) {
      log.set(index, { term, data })
      this.#noteCommands(group, index, data)
    } else if (known.term !== term || !equalBytes(known.data ?? NOTHING, data ?? NOTHING)) {
      throw new Violation('applied-differs', `node ${node} group ${group} index ${index}`)
    }
  }

  /** An acknowledged command is in the log at the index that was told. */
  acknowledged(group: GroupId, key: Uint8Array, index: LogIndex): void {
    const at = this.#commands.get(`${group} ${keyText(key)}`)
    if (at !== index) throw new Violation('ack-lost', `group ${group} index ${index}: nothing applied`)
  }

  /** What was ever applied of a command: its first index. */
  indexOf(group: GroupId, key: Uint8Array): number | undefined {
    return this.#commands.get(`${group} ${keyText(key)}`)
  }

  /** One leader a term; one row a turn (S4), a second only after one that found no room; no log cut too far (N5, N7). */
  turned(node: RaftId, host: RaftHost, groups: readonly GroupId[], rows: number, rowsMax: number): void {
    if (rows > rowsMax) throw new Violation('split-turn', `node ${node}: ${rows} rows`)
    for (const id of groups) {
      const group = host.group(id)
      if (group === undefined) continue
      if (group.condition === 'halted' && !this.allowsHalt)
        throw new Violation('halted', `node ${node} group ${id}: ${group.why}`)
      this.#compaction(node, group)
      if (group.rebuilds > 0 && !this.allowsHalt) throw new Violation('rebuilt', `node ${node} group ${id}`)
      if (group.hard.term >= FORGED_TERM) throw new Violation('stranger-heard', `node ${node} group ${id}`)
      if (group.role !== 'leader') continue
      const reign = `${id} ${group.hard.term}`
      const other = this.#leaders.get(reign)
      if (other !== undefined && other !== node) {
        throw new Violation('two-leaders', `group ${id} term ${group.hard.term}: ${other} and ${node}`)
      }
      this.#leaders.set(reign, node)
    }
  }

  /** G2: a leader and its follower that both sleep have the same log. */
  asleep(leader: Readonly<HostedGroup>, follower: Readonly<HostedGroup>, id: RaftId): void {
    const follows = follower.leader === leader.leader && follower.hard.term === leader.hard.term
    if (!leader.asleep || !follower.asleep || !follows || follower.last === leader.last) return
    throw new Violation('asleep-behind', `node ${id} group ${leader.id}: ${follower.last} of ${leader.last}`)
  }

  /** S1: what a reply promises is on the disk when it leaves, and nobody votes twice in a term. */
  sent(node: RaftId, to: RaftId, frame: Uint8Array, disk: Durable): void {
    this.trace.add(node, to, frame)
    const items = decodeFrame(frame)
    if (!items.ok) throw new Violation('frame', items.error.message)
    for (const item of items.value) {
      if (item.kind === 'message') this.#message(node, item.group, item.bytes, disk)
      else if (item.kind === 'snapshot') this.#message(node, item.group, item.message, disk)
      else if (item.kind === 'state-hash') this.#stateHash(node, item)
    }
  }

  /** S8: the host says that a ready is done: what it names is on the disk. */
  advanced(node: RaftId, { group, hardState, entries, mustSync }: GroupReady, disk: Durable): void {
    this.advances++
    const kept = disk.groups.get(group)
    const what = `node ${node} group ${group}`
    if (kept === undefined) throw new Violation('advanced-early', `${what} is not on the disk`)
    if (mustSync && hardState !== undefined) {
      const { term, vote } = kept.hard
      if (term !== hardState.term || vote !== hardState.vote) {
        throw new Violation('advanced-early', `${what}: term ${hardState.term}, the disk has ${term}`)
      }
    }
    const last = entries.at(-1)
    if (last === undefined) return
    const stored = kept.entries[last.index - kept.floor.index - 1]
    if (stored?.term !== last.term && kept.floor.index < last.index) {
      throw new Violation('advanced-early', `${what}: entry ${last.index} is not on the disk`)
    }
  }

  /** Log matching over what the disks have. */
  compareDisks(disks: readonly Durable[], groups: readonly GroupId[]): void {
    for (const group of groups) {
      const logs = disks.flatMap((disk) => disk.groups.get(group) ?? [])
      for (const [at, one] of logs.entries()) {
        for (const two of logs.slice(at + 1)) matchLogs(group, one.entries, two.entries)
      }
      const log = this.logs.get(group)
      for (const { entries, hard } of logs) {
        for (const entry of entries) {
          if (entry.index > hard.commit) break
          const known = log?.get(entry.index)
          if (known !== undefined && known.term !== entry.term) {
            throw new Violation('committed-differs', `group ${group} index ${entry.index}`)
          }
        }
      }
    }
  }

  #message(node: RaftId, group: GroupId, bytes: Uint8Array, disk: Durable): void {
    const peeked = peekMessage(bytes)
    if (!peeked.ok) throw new Violation('frame', peeked.error.message)
    const head = peeked.value
    const kept = disk.groups.get(group)
    if (kept === undefined) throw new Violation('unstable-promise', `group ${group} is not on the disk`)
    const what = `node ${node} group ${group}: ${head.type} of term ${head.term}`
    const binds = head.type === 'append-response' || head.type === 'vote-response'
    if (binds && head.term > kept.hard.term) {
      throw new Violation('unstable-promise', `${what}, the disk has ${kept.hard.term}`)
    }
    if (head.type === 'append-response' && !head.reject) {
      const last = kept.entries.at(-1)?.index ?? kept.floor.index
      if (head.index > last)
        throw new Violation('unstable-promise', `${what} up to ${head.index}, the disk has ${last}`)
    }
    if (head.type !== 'vote-response' || head.reject) return
    // A higher term binds as well as the vote itself: nothing is granted any more in this one.
    const stored = kept.hard.term > head.term ? head.to : kept.hard.vote
    this.#vote(node, group, head, stored, what)
  }

  #vote(node: RaftId, group: GroupId, head: MessageHead, stored: RaftId | undefined, what: string): void {
    if (stored !== head.to)
      throw new Violation('unstable-promise', `${what} for ${head.to}, the disk has ${stored}`)
    const ballot = `${node} ${group} ${head.term}`
    const other = this.#votes.get(ballot)
    if (other !== undefined && other !== head.to)
      throw new Violation('two-votes', `${what}: for ${other} and ${head.to}`)
    this.#votes.set(ballot, head.to)
  }

  /** A5: the same index, the same state. */
  #stateHash(node: RaftId, { group, index, hash }: FrameItem & { kind: 'state-hash' }): void {
    const place = `${group} ${index}`
    const known = this.#hashes.get(place)
    if (known === undefined) this.#hashes.set(place, hash)
    else if (!equalBytes(known, hash) && !this.allowsHalt) {
      throw new Violation('state-hash', `node ${node} group ${group} index ${index}`)
    }
  }

  #compaction(node: RaftId, { id, floor, checkpoint, replica }: Readonly<HostedGroup>): void {
    const place = `${node} ${id}`
    const what = `node ${node} group ${id}: the log begins after ${floor}, checkpoint ${checkpoint?.applied}`
    const applied = checkpoint?.applied ?? 0
    const rose = floor > (this.#floors.get(place) ?? 0)
    const isOwn = checkpoint?.kind === 'own'
    if (floor > applied || applied > (replica?.applied ?? 0)) throw new Violation('compacted-too-far', what)
    const tail = membersOf(replica).size === 1 ? 0 : this.#tailEntries
    if (rose && isOwn && floor > applied - tail) throw new Violation('compacted-too-far', what)
    this.#floors.set(place, floor)
  }

  #noteCommands(group: GroupId, index: LogIndex, data: Uint8Array | undefined): void {
    const items = data === undefined ? undefined : decodeEntry(data)
    for (const item of items?.ok === true ? items.value : []) {
      if (item.kind !== 'command') continue
      const key = `${group} ${keyText(item.ticket.key)}`
      if (!this.#commands.has(key)) this.#commands.set(key, index)
    }
  }
}

/** Same index and term: the same entry, and so is all before it. */
function matchLogs(group: GroupId, one: readonly Entry[], two: readonly Entry[]): void {
  const [first, second] = [one[0], two[0]]
  if (first === undefined || second === undefined) return
  let matches = false
  const from = Math.max(first.index, second.index)
  const to = Math.min(first.index + one.length, second.index + two.length) - 1
  for (let index = to; index >= from; index--) {
    const [a, b] = [one[index - first.index], two[index - second.index]]
    if (a === undefined || b === undefined) return
    const same = a.term === b.term
    if (same && !equalBytes(a.data, b.data))
      throw new Violation('log-matching', `group ${group} index ${index}`)
    if (matches && !same) throw new Violation('log-matching', `group ${group} index ${index} below a match`)
    matches ||= same
  }
}
