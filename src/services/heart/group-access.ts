import type { Certificate } from '../../codec/certificate/certificate.ts'
import { HUB } from '../../codec/entry/item.ts'
import type { BucketTables } from '../../core/bucket/tables.ts'
import { ALL } from '../../core/ledger/tables.ts'
import type { View } from '../../core/records/view.ts'
import type { AppliedAt } from '../../core/records/world.ts'
import type { HubTables } from '../../core/system/tables.ts'
import { groupOfMachine } from '../../core/witness/machine.ts'
import type { Did } from '../../model/ids.ts'
import type { GroupId, RaftId } from '../../model/raft.ts'
import type { Outcome } from '../../model/replicated.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { GroupHost, LeaderOversight } from './group-host.ts'
import type { HostedState } from './hosted-machine.ts'
import type { SlotBook } from './slot-book.ts'

/** What a proposal may take until nobody can say what became of it. */
const DEADLINE_TICKS = 50
/** Before the hub has settings. */
const DEFAULT_SLOT_MS = 1_000

export interface GroupAccessDeps {
  readonly host: GroupHost
  /** To be called when anything was given to the host. */
  readonly soon: () => void
  readonly voters: readonly Did[]
  readonly slots: SlotBook
  readonly sha256: Sha256
  readonly didOf: (id: RaftId) => Did | undefined
}

/** The hub and the buckets as the drivers of one node see them: states, who leads, and the way to propose. */
export class GroupAccess {
  readonly #deps: GroupAccessDeps

  constructor(deps: GroupAccessDeps) {
    this.#deps = deps
  }

  get voters(): readonly Did[] {
    return this.#deps.voters
  }

  hub(): View<HubTables> {
    return this.#state(-1).records as unknown as View<HubTables>
  }

  bucket(bucket: number): View<BucketTables> {
    return this.#state(bucket).records as unknown as View<BucketTables>
  }

  /** Milliseconds from one slot to the next, as the hub has it. */
  get slotMs(): number {
    return this.hub().get('settings', ALL)?.parameters.slotMs ?? DEFAULT_SLOT_MS
  }

  /** Where the next item of the machine will stand, as far as this node has applied. */
  at(machine: number): AppliedAt {
    const { host, voters, slots } = this.#deps
    const position = host.group(groupOfMachine(machine))?.replica?.position ?? 0
    return { position, voters, slot: (n) => slots.get(n) }
  }

  isLeader(machine: number): boolean {
    return this.#deps.host.group(groupOfMachine(machine))?.role === 'leader'
  }

  /** Undefined on a node that takes no part in deciding. */
  get oversight(): LeaderOversight | undefined {
    return this.#deps.host.oversight
  }

  leader(machine: number): Did | undefined {
    const { host, didOf } = this.#deps
    const leader = host.group(groupOfMachine(machine))?.leader
    return leader === undefined ? undefined : didOf(leader)
  }

  /** The newest certificate that this node knows of; on the leader, in its term. */
  certificate(machine: number): Certificate | undefined {
    return this.#deps.host.certificate(groupOfMachine(machine))
  }

  /** The host looks again whether there is anything to do. */
  wake(): void {
    this.#deps.soon()
  }

  /** Calls `done` once. The same bytes are the same proposal: what was applied is not applied again. */
  propose(machine: number, command: Uint8Array, done: (outcome: Outcome) => void): void {
    this.proposeWithin(machine, command, DEADLINE_TICKS, done)
  }

  /** The same, by another deadline; gives the key of the proposal's ticket. */
  proposeWithin(
    machine: number,
    command: Uint8Array,
    deadlineTicks: number,
    done: (outcome: Outcome) => void,
  ): Uint8Array {
    const { host, sha256, soon } = this.#deps
    const group = groupOfMachine(machine)
    const key = sha256(command)
    host.propose(group, host.ticket(group, key), command, deadlineTicks, done)
    soon()
    return key
  }

  #state(machine: number): HostedState {
    const stale = this.#deps.host.readStale(groupOfMachine(machine))
    if (stale === undefined) throw new Error(`machine ${machine} is not hosted here`)
    return stale.state as HostedState
  }
}

/** Groups of a network with so many buckets. */
export function bucketGroups(buckets: number): readonly GroupId[] {
  return [groupOfMachine(HUB), ...Array.from({ length: buckets }, (_, bucket) => groupOfMachine(bucket))]
}
