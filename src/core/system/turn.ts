import type { Subject } from '../../codec/certificate/leaf.ts'
import type { ToBucket } from '../../codec/entry/effect.ts'
import { assert } from '../../model/fault.ts'
import { type AuditRow, Book } from '../ledger/book.ts'
import { ALL } from '../ledger/tables.ts'
import { Draft } from '../records/draft.ts'
import type { OutgoingEffect, Step, View } from '../records/view.ts'
import type { AppliedAt, SlotFacts, World } from '../records/world.ts'
import { type Agent, type HubTables, type Need, type Network, type Settings, slotKey } from './tables.ts'

/** A step of the hub; `audit` is what the ledger did, for whoever keeps it: in state stands only the rows' hash. */
export interface HubStep extends Step<HubTables, ToBucket> {
  readonly audit: readonly AuditRow[]
}

/** One step of the hub while it is made: what it has written so far, and what it asks for. */
export class Turn {
  readonly draft: Draft<HubTables>
  readonly book: Book
  readonly at: AppliedAt
  readonly world: World
  readonly #effects: OutgoingEffect<ToBucket>[] = []
  /** Agents whose leaves must be made again. */
  readonly #changed = new Set<string>()
  #subject: Subject | undefined

  constructor(view: View<HubTables>, cause: string, at: AppliedAt, world: World) {
    this.draft = new Draft(view)
    this.book = new Book(this.draft, cause)
    this.at = at
    this.world = world
  }

  get network(): Network {
    const network = this.draft.get('network', ALL)
    assert(network !== undefined, 'a hub is opened from its genesis')
    return network
  }

  patchNetwork(change: Partial<Network>): void {
    this.draft.put('network', ALL, { ...this.network, ...change })
  }

  get settings(): Settings {
    const settings = this.draft.get('settings', ALL)
    assert(settings !== undefined, 'a hub is opened from its genesis')
    return settings
  }

  /** The last slot; undefined before the first. */
  get now(): SlotFacts | undefined {
    return this.draft.get('slots', slotKey(this.network.slot))
  }

  agent(did: string): Agent | undefined {
    return this.draft.get('agents', did)
  }

  putAgent(did: string, agent: Agent): void {
    this.draft.put('agents', did, agent)
    this.#changed.add(did)
  }

  /** Its leaves are made again at the end of the step. */
  touch(did: string): void {
    this.#changed.add(did)
  }

  need(id: string): Need | undefined {
    return this.draft.get('needs', id)
  }

  putNeed(id: string, need: Need | undefined): void {
    this.draft.put('needs', id, need)
  }

  send(bucket: number, body: ToBucket): void {
    this.#effects.push({ target: bucket, body })
  }

  about(subject: Subject): void {
    this.#subject = subject
  }

  /** Agents whose leaves must be made again, once. */
  takeChanged(): ReadonlySet<string> {
    const { restaked } = this.book
    const changed = new Set([...this.#changed, ...restaked])
    this.#changed.clear()
    restaked.clear()
    return changed
  }

  /** What this step asks of buckets, and what it is about. */
  get outcome(): Pick<HubStep, 'effects' | 'subject'> {
    return { effects: this.#effects, ...(this.#subject === undefined ? {} : { subject: this.#subject }) }
  }
}
