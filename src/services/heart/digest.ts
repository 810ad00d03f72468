import { decodeHubCommand } from '../../codec/entry/hub-command.ts'
import { HUB } from '../../codec/entry/item.ts'
import type { World } from '../../core/records/world.ts'
import type { Verdict } from '../../model/replicated.ts'
import type { GroupAccess } from './group-access.ts'
import type { SteppedItem } from './hosted-machine.ts'
import type { HubDriver } from './hub-driver.ts'
import type { Listeners } from './listeners.ts'
import type { LogArchive } from './log-keeper.ts'
import type { NeedIndex } from './need-index.ts'
import type { NeedPools } from './need-pools.ts'
import type { OwnBatches } from './own-batches.ts'
import { hearCarried, hubCommandsSince, recall } from './recall.ts'
import type { Testimony } from './testimony.ts'

export interface DigestDeps {
  readonly archive: LogArchive
  readonly world: World
  readonly index: NeedIndex
  readonly pools: NeedPools
  readonly own: OwnBatches
  readonly listeners: Listeners
  readonly groups: GroupAccess
  readonly testimony: Testimony
  readonly hub: HubDriver
  /** Time of the last slot, milliseconds. */
  readonly timeMs: () => number
  /** The need is over: what it pinned may go. */
  readonly release: (need: string) => void
}

const APPLIED: Verdict = { kind: 'applied', result: new Uint8Array(0) }

/** What was applied, as the parts of a heart and those who follow it hear of it. */
export class Digest {
  readonly #deps: DigestDeps
  /** Needs of which something was applied, for who drives them to look at and take out. */
  readonly dirty = new Set<string>()
  /** A slot was made that was not passed on yet. */
  slotDue = false

  constructor(deps: DigestDeps) {
    this.#deps = deps
  }

  step({ machine, item, verdict, subject }: SteppedItem): void {
    if (machine === HUB) {
      if (subject?.startsWith('slot/') === true) this.slotDue = true
      if (item.kind === 'command') this.#hubCommand(item.command, verdict)
      return
    }
    if (subject === undefined) return
    this.#deps.index.note(item)
    if (item.kind === 'command') this.#hear(item.command, subject, machine)
    this.#need(subject, machine)
  }

  /** What this node had not heard before an entry carried it: a follower nearly everything. */
  #hear(command: Uint8Array, need: string, bucket: number): void {
    const { groups, pools, world, index } = this.#deps
    const carried = groups.bucket(bucket).get('envelopes', need) ?? []
    const pool = pools.of(need)
    // The NEED itself came with the effect that opened it, and no pool has it.
    if (carried.every(({ id }) => id === need || pool.has(id))) return
    hearCarried(command, pools, world, () => index.placeOf(need) !== 'over')
  }

  /** What a snapshot brought, whose log is here from leaf `from` on: as if it had been applied on this node. */
  takeUp(machine: number, from: number): void {
    const { archive, world, index, pools, groups } = this.#deps
    this.slotDue = true
    if (machine === HUB) {
      for (const command of hubCommandsSince(archive, from)) this.#hubCommand(command, APPLIED)
      return
    }
    const needs = index.restore(machine, groups.bucket(machine))
    recall(archive, index, pools, world, machine)
    for (const need of needs) this.#need(need, machine)
  }

  #need(need: string, bucket: number): void {
    const { index, pools, groups, listeners } = this.#deps
    const view = groups.bucket(bucket)
    const isOpen = index.update(need, bucket, view)
    pools.opened(need)
    const carried = view.get('envelopes', need) ?? []
    pools.of(need).carried(carried.map(({ id }) => id))
    if (!isOpen) this.#forget(need)
    listeners.needs.tell(need)
    this.dirty.add(need)
  }

  #hubCommand(bytes: Uint8Array, verdict: Verdict): void {
    const { world, hub, own, listeners, timeMs } = this.#deps
    const command = decodeHubCommand(bytes)
    if (!command.ok || command.value.kind !== 'envelope') return
    const opened = world.openEnvelope(command.value.envelope, timeMs())
    if (!opened.ok) return
    const { id } = opened.value
    hub.carried(id)
    own.carried(id)
    listeners.verdicts.tell({ id, verdict })
  }

  #forget(need: string): void {
    this.#deps.pools.forget(need)
    this.#deps.testimony.forget(need)
    this.#deps.release(need)
  }
}
