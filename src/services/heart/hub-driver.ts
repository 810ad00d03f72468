import { encodeHubCommand, type HubCommand } from '../../codec/entry/hub-command.ts'
import { HUB } from '../../codec/entry/item.ts'
import type { Pooled } from '../../core/proposer/pool.ts'
import type { Did, EnvelopeId } from '../../model/ids.ts'
import { TokenBucket } from '../../model/token-bucket.ts'
import type { GroupAccess } from './group-access.ts'
import { HubCare } from './hub-care.ts'
import type { LeaderWatch } from './leader-watch.ts'

/** Envelopes for the hub that no entry carries yet. */
const WAITING_MAX = 16_384
const WAITING_BYTES_MAX = 67_108_864
const UNDERWAY_MAX = 1_024
/** Of those that another leader may leave out, the oldest. */
const OVERSEEN_MAX = 64
/** Of one sender; more would leave no room for others. */
const SENDER_MAX = 4_096
/** Of those together who have no account, whose keys cost nothing, and of one of them. */
const STRANGERS_MAX = 1_024
const STRANGER_MAX = 16
/** Of them the hub is told so much, in units of an envelope and each KiB: what it refuses stays in its log for ever. */
const STRANGER_UNITS_PER_SECOND = 4
const STRANGER_UNITS_BURST = 256
const KIB = 1_024
/** Slots after which what the hub did not take is forgotten: its sender says it again. */
const KEPT_SLOTS = 1_200

interface Waiting {
  readonly sender: Did
  readonly field: Pooled['field']
  readonly bytes: number
  readonly seenAt: number
}

type HubGroups = Pick<GroupAccess, 'hub' | 'isLeader' | 'propose' | 'slotMs'>

/**
 * NEEDs and the verbs of accounts, on their way to the hub: every voter keeps what it heard, the leader proposes it, and
 * whoever leads next goes on. Those who have no account yet are mostly strangers, whom the hub refuses: they have little room, and
 * are proposed at a slow rate. Source: lifecycle.md, "Effects between hub and buckets"; network.md.
 */
export class HubDriver {
  readonly #groups: HubGroups
  readonly #care: HubCare
  readonly #waiting = new Map<EnvelopeId, Waiting>()
  readonly #strangers = new Map<EnvelopeId, Waiting>()
  readonly #bySender = new Map<Did, number>()
  readonly #strangerUnits = new TokenBucket(STRANGER_UNITS_PER_SECOND, STRANGER_UNITS_BURST, 0)
  readonly #underway = new Set<EnvelopeId>()
  #bytes = 0

  constructor(groups: HubGroups) {
    this.#groups = groups
    this.#care = new HubCare(groups)
  }

  /** False: there is no room now; the sender says it again. */
  add(id: EnvelopeId, field: Pooled['field'], bytes: number, slot: number, sender: Did): boolean {
    if (this.#waiting.has(id) || this.#strangers.has(id)) return true
    const [kept, max, each] = this.isKnown(sender)
      ? [this.#waiting, WAITING_MAX, SENDER_MAX]
      : [this.#strangers, STRANGERS_MAX, STRANGER_MAX]
    const said = this.#bySender.get(sender) ?? 0
    if (kept.size >= max || said >= each || this.#bytes + bytes > WAITING_BYTES_MAX) return false
    kept.set(id, { sender, field, bytes, seenAt: slot })
    this.#bySender.set(sender, said + 1)
    this.#bytes += bytes
    return true
  }

  /** Whether the hub itself decides about a CANCEL of that sender: its need waits for a beacon, and no bucket has it. */
  holds(need: string, sender: string): boolean {
    const waiting = this.#groups.hub().get('needs', need)
    return waiting !== undefined && waiting.bucket < 0 && waiting.requester === sender
  }

  /** An entry of the hub carried it, whatever became of it. */
  carried(id: EnvelopeId): void {
    const waiting = this.#waiting.get(id) ?? this.#strangers.get(id)
    if (waiting === undefined) return
    this.#waiting.delete(id)
    this.#strangers.delete(id)
    this.#bytes -= waiting.bytes
    const left = (this.#bySender.get(waiting.sender) ?? 1) - 1
    if (left > 0) this.#bySender.set(waiting.sender, left)
    else this.#bySender.delete(waiting.sender)
  }

  /** A slot was made. */
  passSlot(slot: number): void {
    for (const [id, waiting] of this.#strangers) if (this.isKnown(waiting.sender)) this.#admit(id, waiting)
    this.act(slot)
    this.#care.act(slot)
  }

  /** Proposes what waits, if this node leads the hub. */
  act(slot: number): void {
    for (const kept of [this.#waiting, this.#strangers]) this.#forgetOld(kept, slot)
    if (slot === 0 || !this.#groups.isLeader(HUB)) return
    for (const [id, { field }] of this.#waiting) {
      if (this.#underway.size >= UNDERWAY_MAX) return
      if (!this.#underway.has(id)) this.#propose(id, field, slot)
    }
    for (const [id, { field, bytes }] of this.#strangers) {
      if (this.#underway.size >= UNDERWAY_MAX) return
      if (this.#underway.has(id)) continue
      const units = 1 + Math.ceil(bytes / KIB)
      if (!this.#strangerUnits.take(units, slot * this.#groups.slotMs)) return
      this.#propose(id, field, slot)
    }
  }

  /**
   * Another node leads: what it leaves out for long, of those who have an account, is proposed from here. `accepts`: the hub would
   * take it now; what it would not take, as one that it has already, is let go.
   */
  oversee(watch: LeaderWatch, slot: number, accepts: (command: HubCommand) => boolean): void {
    if (slot === 0 || !watch.isWatching(HUB)) return
    this.#care.oversee(watch, slot)
    for (const [id, { field }] of this.#waiting.entries().take(OVERSEEN_MAX)) {
      watch.hold(HUB, id, () => {
        const command: HubCommand = { v: 1, kind: 'envelope', slot, envelope: field }
        if (accepts(command)) return encodeHubCommand(command)
        this.carried(id)
        return undefined
      })
    }
  }

  /** Whether the hub has an account of that key. */
  isKnown(sender: Did): boolean {
    return this.#groups.hub().get('accounts', sender) !== undefined
  }

  /** Its sender has an account by now. */
  #admit(id: EnvelopeId, waiting: Waiting): void {
    if (this.#waiting.size >= WAITING_MAX) return
    this.#strangers.delete(id)
    this.#waiting.set(id, waiting)
  }

  #forgetOld(kept: ReadonlyMap<EnvelopeId, Waiting>, slot: number): void {
    for (const [id, { seenAt }] of kept) {
      if (seenAt + KEPT_SLOTS >= slot) return
      this.carried(id)
    }
  }

  #propose(id: EnvelopeId, field: Pooled['field'], slot: number): void {
    this.#underway.add(id)
    const command = encodeHubCommand({ v: 1, kind: 'envelope', slot, envelope: field })
    this.#groups.propose(HUB, command, (outcome) => {
      this.#underway.delete(id)
      if (outcome.kind === 'settled') this.carried(id)
    })
  }
}
