import type { TreeHead } from '../../codec/certificate/tree-head.ts'
import { openLinks } from '../../core/certificate/sealed-log.ts'
import type { Replica } from '../../core/replica/replica.ts'
import type { GroupId, LogIndex, RaftId, Term } from '../../model/raft.ts'
import type { EntryItem, Verdict } from '../../model/replicated.ts'
import type { GroupReady, RaftRole } from '../../ports/consensus-engine.ts'
import type { HardState, Membership } from '../../ports/consensus-group.ts'
import type { StateMachine } from '../../ports/state-machine.ts'
import type { Checkpoint } from '../../ports/turn-store.ts'
import { type GroupSeals, makeGroupSeals } from './group-seals.ts'
import type { PendingRead } from './reads.ts'
import type { Receiving } from './snapshot-receiver.ts'
import type { Waiting } from './waiting.ts'

/** Numbers of effects or answers that were sent or proposed and of which nothing came yet. */
export interface Underway {
  upTo: number
  /** What was over when something last came of it, and when that was. */
  floor: number
  tick: number
}

/**
 * What the driver knows of one group on this node, besides what engine and store have. `halted`: a defect or
 * damage, told by `why`; its replica stays where it is. `removed`: this node left the group.
 */
export interface HostedGroup {
  readonly id: GroupId
  readonly machine: StateMachine
  condition: 'running' | 'halted' | 'removed'
  why: string
  /** Undefined until the first snapshot is there. */
  replica: Replica | undefined
  hard: HardState
  role: RaftRole
  leader: RaftId | undefined
  /** The last index that was written, and where the stored log begins. */
  last: LogIndex
  lastTerm: Term
  floor: LogIndex
  /** The stable one. */
  checkpoint: Checkpoint | undefined
  /** Former ones that may still be read by a receiver, and when that last happened. */
  readonly formers: Map<LogIndex, number>
  sinceCheckpoint: { entries: number; bytes: number }
  /** One is to be made however little was applied since. */
  checkpointDue: boolean
  /** The engine has a checkpoint to hand out. */
  offered: boolean
  /** A ready that is stable and not applied to its end, and how far it is. */
  out:
    | {
        readonly ready: GroupReady
        at: number
        item: number
        items: readonly EntryItem[] | undefined
        /** The next item waits for what another group has not applied yet. */
        isHeld: boolean
        /** Of the entry that is being applied: told when all of it is. */
        readonly settled: {
          readonly key: string
          readonly verdict: Verdict | undefined
          readonly index: LogIndex
        }[]
      }
    | undefined
  asleep: boolean
  /** The members are to be told at the end of the turn: after all that would wake them. */
  sleepDue: boolean
  quietTicks: number
  leaderlessTicks: number
  leadingTicks: number
  /** Commands by the hex of their ticket's key. */
  readonly waiting: Map<string, Waiting>
  waitingBytes: number
  /** Keys of those to propose or to pass on, oldest first. */
  queue: string[]
  /** Effects and answers to propose. */
  readonly internal: EntryItem[]
  readonly reads: PendingRead[]
  receiving: Receiving | undefined
  /** Effects and answers that were proposed or sent, by the other group. */
  readonly underway: Map<string, Underway>
  /** By index: what replicas say that their state's hash is. */
  readonly hashes: Map<LogIndex, Map<RaftId, string>>
  /** Snapshots on their way to peers: when one was last heard of. */
  readonly sendingSince: Map<RaftId, number>
  /** When a leader first saw a learner that is to become a voter. */
  readonly learnersSince: Map<RaftId, number>
  /** Since when the applied membership leaves this node out. */
  leavingAt: number | undefined
  /** The membership that was applied before named this node. */
  wasIn: boolean
  rebuilds: number
  /** Heads that this node has signed and may sign again, rising: what the store has of it. */
  noted: readonly TreeHead[]
  readonly seals: GroupSeals
}

/** A group about which nothing is known yet. */
export function makeHostedGroup(id: GroupId, machine: StateMachine, hard: HardState): HostedGroup {
  return {
    id,
    machine,
    condition: 'running',
    why: '',
    replica: undefined,
    hard,
    role: 'follower',
    leader: undefined,
    last: 0 as LogIndex,
    lastTerm: 0 as Term,
    floor: 0 as LogIndex,
    checkpoint: undefined,
    formers: new Map(),
    sinceCheckpoint: { entries: 0, bytes: 0 },
    checkpointDue: false,
    offered: false,
    out: undefined,
    asleep: false,
    sleepDue: false,
    quietTicks: 0,
    leaderlessTicks: 0,
    leadingTicks: 0,
    waiting: new Map(),
    waitingBytes: 0,
    queue: [],
    internal: [],
    reads: [],
    receiving: undefined,
    underway: new Map(),
    hashes: new Map(),
    sendingSince: new Map(),
    learnersSince: new Map(),
    leavingAt: undefined,
    wasIn: false,
    rebuilds: 0,
    noted: [],
    seals: makeGroupSeals(),
  }
}

const NOBODY: ReadonlySet<RaftId> = new Set()
/** Asked for with every message that comes in. */
const membersByMembership = new WeakMap<Membership, ReadonlySet<RaftId>>()

/** All that take part: voters of both sets, and learners. */
export function membersOf(place: { readonly membership: Membership } | undefined): ReadonlySet<RaftId> {
  if (place === undefined) return NOBODY
  const { voters, outgoing, learners, learnersNext } = place.membership
  const known = membersByMembership.get(place.membership)
  if (known !== undefined) return known
  const members = new Set([...voters, ...outgoing, ...learners, ...learnersNext])
  membersByMembership.set(place.membership, members)
  return members
}

/** The leader is the only voter: what it has on its disk is committed. */
export function isAlone({ role, replica }: HostedGroup): boolean {
  return role === 'leader' && replica?.membership.voters.length === 1
}

/** Sizes of a group that await a certificate. */
export function openSizes({ replica, seals }: HostedGroup): readonly number[] {
  const sealed = replica?.sealed
  if (sealed === undefined) return []
  const links = openLinks(sealed).flatMap(({ head }) => head?.size ?? [])
  const latest = sealed.heads.at(-1)
  const isOpen = latest !== undefined && latest.size > (seals.certificate?.head.size ?? 0)
  return isOpen && !links.includes(latest.size) ? [...links, latest.size] : links
}
