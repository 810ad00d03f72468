/** What the hub's machine holds beside the ledger. Source: lifecycle.md, "Where facts live" (the system group). */
import type { Role } from '../../codec/entry/effect.ts'
import type { NetworkClass, Parameters } from '../../model/parameters.ts'
import type { TaskClass } from '../../model/task.ts'
import type { LedgerTables } from '../ledger/tables.ts'
import type { RosterMember } from '../market/roster.ts'
import type { SlotFacts } from '../records/world.ts'

/** What changes with the entries of every day. */
export interface Network {
  /** Last slot; 0 before the first. */
  readonly slot: number
  /** Beacons drawn so far, and the last of them; before the first, the hash of the network's name. */
  readonly beacons: number
  readonly beacon: Uint8Array
  readonly isBootstrap: boolean
  /** Slot clock since which the verifiers that end bootstrap mode are there without a break. */
  readonly enoughSince?: number
  /** Active verifiers. */
  readonly active: number
  readonly isPaused: boolean
  /** Of the last act of governance. */
  readonly nonce: number
  /** Number that the next waiting piece of work gets, and how many there are. */
  readonly queue: number
  readonly waiting: number
  /** The registry changed since the last slot; the roster did. */
  readonly isDirty: boolean
  readonly isRosterDirty: boolean
  /** Where the next `age` goes on: after this account. */
  readonly ageAfter: string
}

/** A capsule that is valid for new threads in slots [from, until). */
export interface CapsuleWindow {
  readonly capsule: string
  readonly from: number
  readonly until: number
}

/** What governance sets. */
export interface Settings {
  readonly class: NetworkClass
  /** Of the network, for ever. */
  readonly buckets: number
  readonly governance: readonly string[]
  readonly attestors: readonly string[]
  readonly parameters: Parameters
  /** Text of the CID of the capsule in force; empty: none. */
  readonly capsule: string
  /** The next capsule, while both are valid. */
  readonly next?: CapsuleWindow
}

/** A voter's hash chain. Source: consensus.md, "Time and chance: slots". */
export interface Chain {
  /** sha256(next link) is this. Empty before the first chain is in force. */
  readonly anchor: Uint8Array
  readonly left: number
  /** Of the last anchor that the voter signed; 0 for the one in genesis. */
  readonly serial: number
  /** What follows it from that slot on. */
  readonly next?: { readonly anchor: Uint8Array; readonly length: number; readonly from: number }
  /** Turns in a row without a link. */
  readonly missed: number
}

/** An account that registered as a verifier or published a manifest. */
export interface Agent {
  readonly offers: readonly string[]
  readonly manifest?: { readonly id: string; readonly version: number }
  /** What it can judge; none: it is no verifier. */
  readonly judges: readonly string[]
  /** Attested by who may. */
  readonly org?: string
  readonly asn?: number
  readonly region?: string
  readonly tee: boolean
  readonly reputationPpm: number
  readonly recencyPpm: number
  readonly isActive: boolean
  /** Slot times, milliseconds. */
  readonly bannedUntil: number
  readonly failedBids: readonly number[]
  readonly violations: readonly number[]
  /** Accounts with which both sides signed a link, ascending. */
  readonly links: readonly string[]
  /** Slot times up to which recency and reputation have aged, and whether there was work since. */
  readonly dayAt: number
  readonly weekAt: number
  readonly hasWorkedToday: boolean
  readonly hasWorkedThisWeek: boolean
  /** RFC 6962 leaf of its registry record. */
  readonly leaf: Uint8Array
  /** Its leaf in the roster of the last slot, and the free stake that it names. */
  readonly seat?: { readonly leaf: Uint8Array; readonly free: bigint }
}

/** A roster that draws of open needs rest on. */
export interface FrozenRoster {
  readonly members: readonly RosterMember[]
  /** Roles of open needs that rest on it; with the last it goes. */
  readonly roles: number
}

/** The order of one role, and how far it was drawn. */
export interface RoleState {
  readonly key: string
  readonly slot: number
  readonly seed: Uint8Array
  /** Key in `rosters`: root in hex. */
  readonly roster: string
  readonly j: number
  readonly taken: readonly string[]
}

/** A lock that is still there. */
export interface Seat {
  readonly account: string
  readonly role: string
  readonly amount: bigint
}

export interface Bond {
  readonly account: string
  /** `worker`, or the challenge's id. */
  readonly what: string
  /** What is left of it, and what it was. */
  readonly left: bigint
  readonly of: bigint
}

/** A need from its escrow to its end. Its escrow is the ledger's. */
export interface Need {
  readonly requester: string
  /** -1 while it waits for its beacon. */
  readonly bucket: number
  /** Slot in which it was escrowed. */
  readonly slot: number
  readonly key: string
  readonly class: TaskClass
  readonly budget: bigint
  readonly bounty: bigint
  readonly capability: string
  /** Who alone may judge; absent: anybody who can. */
  readonly judges?: readonly string[]
  readonly deadlineMs: number
  readonly capsule: string
  readonly kPlan: number
  readonly kResult: number
  readonly fee: bigint
  readonly lock: bigint
  /** What its slashes took, challengers' rewards left out. */
  readonly lost: bigint
  /** What the insurance account paid for it. */
  readonly insured: bigint
  readonly bidders: readonly string[]
  readonly parties: readonly { readonly account: string; readonly joined: number }[]
  readonly roles: readonly RoleState[]
  readonly seats: readonly Seat[]
  readonly bonds: readonly Bond[]
  /** Slashes and fees that were done: none is done twice. */
  readonly done: readonly string[]
}

/** What waits for a beacon. */
export type Waiting =
  | {
      readonly kind: 'open'
      readonly need: string
      /** Beacons that must have been drawn. */
      readonly beacons: number
      /** Slot time from which it is opened with whoever there is. */
      readonly until: number
      /** The NEED, as its entry carried it. */
      readonly envelope: { readonly [key: string]: unknown }
    }
  | {
      readonly kind: 'draw'
      readonly need: string
      readonly beacons: number
      readonly role: Role
      readonly attempt: number
      /** Text of the challenge's id. */
      readonly challenge?: string
      readonly wave: number
      readonly count: number
      readonly exclude: readonly string[]
    }

/** That a requester used an idempotency key, and what came of the need. Kept for ever: a NEED is escrowed once. */
export interface Posted {
  readonly need: string
  /** Once it has ended: how, in which slot, and the root over its envelopes. */
  readonly outcome?: string
  readonly slot?: number
  readonly envelopes?: Uint8Array
  readonly head?: Uint8Array
}

/** An act of governance that waits for its time. */
export interface PendingAct {
  /** Encoded body. */
  readonly body: Uint8Array
  /** Slot time from which it is in force. */
  readonly at: number
}

export type HubTables = LedgerTables & {
  /** One record each, `ALL`. */
  readonly network: Network
  readonly settings: Settings
  /** By `slotKey`; a bounded number. */
  readonly slots: SlotFacts
  /** By DID. */
  readonly chains: Chain
  readonly agents: Agent
  /** Challenges in a row that were rejected, by DID of who lost his bonds for them. */
  readonly rejected: number
  readonly rosters: FrozenRoster
  /** By the text of the need's id. */
  readonly needs: Need
  /** By `threadIdOf` the requester and its idempotency key. */
  readonly posted: Posted
  /** By `queueKey`: in the order in which it came. */
  readonly waiting: Waiting
  /** Number of the last effect of a bucket, by the bucket. */
  readonly inbox: number
  /** By `queueKey` of the nonce. */
  readonly acts: PendingAct
  /** What somebody was convicted of. */
  readonly convictions: number
}

const KEY_DIGITS = 16

/** Key of a waiting piece of work, or of an act: keys sort as their numbers do. */
export function queueKey(n: number): string {
  return sortable(n)
}

export function slotKey(n: number): string {
  return sortable(n)
}

function sortable(n: number): string {
  return String(n).padStart(KEY_DIGITS, '0')
}

/** Name of a role's order within its need. */
export function roleKey(role: string, attempt: number, challenge?: string): string {
  return challenge === undefined ? `${role}/${attempt}` : `${role}/${attempt}/${challenge}`
}
