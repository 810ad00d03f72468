import { encodeHubCommand } from '../../codec/entry/hub-command.ts'
import { HUB } from '../../codec/entry/item.ts'
import type { Pooled } from '../../core/proposer/pool.ts'
import type { EnvelopeId } from '../../model/ids.ts'
import type { GroupAccess } from './group-access.ts'
import { HubCare } from './hub-care.ts'

/** Envelopes for the hub that no entry carries yet. */
const WAITING_MAX = 16_384
const WAITING_BYTES_MAX = 67_108_864
const UNDERWAY_MAX = 1_024
/** Slots after which what the hub did not take is forgotten: its sender says it again. */
const KEPT_SLOTS = 1_200

interface Waiting {
  readonly field: Pooled['field']
  readonly bytes: number
  readonly seenAt: number
}

/**
 * NEEDs and the verbs of accounts, on their way to the hub: every voter keeps what it heard, the leader proposes it, and
 * whoever leads next goes on. Source: lifecycle.md, "Effects between hub and buckets"; network.md.
 */
export class HubDriver {
  readonly #groups: GroupAccess
  readonly #care: HubCare
  readonly #waiting = new Map<EnvelopeId, Waiting>()
  readonly #underway = new Set<EnvelopeId>()
  #bytes = 0

  constructor(groups: GroupAccess) {
    this.#groups = groups
    this.#care = new HubCare(groups)
  }

  /** False: there is no room now; the sender says it again. */
  add(id: EnvelopeId, field: Pooled['field'], bytes: number, slot: number): boolean {
    if (this.#waiting.has(id)) return true
    if (this.#waiting.size >= WAITING_MAX || this.#bytes + bytes > WAITING_BYTES_MAX) return false
    this.#waiting.set(id, { field, bytes, seenAt: slot })
    this.#bytes += bytes
    return true
  }

  /** An entry of the hub carried it, whatever became of it. */
  carried(id: EnvelopeId): void {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return
    this.#waiting.delete(id)
    this.#bytes -= waiting.bytes
  }

  /** A slot was made. */
  passSlot(slot: number): void {
    this.act(slot)
    this.#care.act(slot)
  }

  /** Proposes what waits, if this node leads the hub. */
  act(slot: number): void {
    for (const [id, { seenAt }] of this.#waiting) {
      if (seenAt + KEPT_SLOTS >= slot) break
      this.carried(id)
    }
    if (slot === 0 || !this.#groups.isLeader(HUB)) return
    for (const [id, { field }] of this.#waiting) {
      if (this.#underway.size >= UNDERWAY_MAX) return
      if (!this.#underway.has(id)) this.#propose(id, field, slot)
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
