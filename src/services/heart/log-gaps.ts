import type { Certificate } from '../../codec/certificate/certificate.ts'
import { HUB } from '../../codec/entry/item.ts'
import { FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import type { Clock } from '../../ports/clock.ts'
import type { SlotStore } from '../../ports/slot-store.ts'
import type { LogFetch } from '../log-fetch/log-fetch.ts'
import type { LogTrees } from '../log-fetch/log-trees.ts'
import type { LogKeeper } from './log-keeper.ts'

/** How far a replica's state is, as it stands in memory: its tree says which leaves its log must have. */
export interface ReplicaTree {
  readonly size: number
  readonly root: Uint8Array
  /** Of its changes of voters, in order, as entries recorded them. */
  readonly changes: readonly Certificate[]
}

export interface LogGapsDeps {
  readonly fetch: Pick<LogFetch, 'pages'>
  readonly trees: Pick<LogTrees, 'of'>
  readonly clock: Pick<Clock, 'after'>
  readonly keeper: Pick<LogKeeper, 'fill' | 'keepChange' | 'leaves'>
  readonly slots: Pick<SlotStore, 'put' | 'flush'>
  /** Makes what was kept durable. */
  readonly flush: () => void
  /** Who can be asked. */
  readonly peers: readonly Did[]
  /** Who is known to lead the machine, and is asked first. */
  readonly leaderOf: (machine: number) => Did | undefined
  /** The log is whole again; leaves from `from` on were fetched. */
  readonly onWhole: (machine: number, from: number) => void
  /** Of this node's own store: the process must end. */
  readonly onFault: (error: unknown) => void
  readonly trace: (text: string) => void
}

const RETRY_MS = 500

/**
 * A voter that was given a snapshot has a state and not the entries that led to it. Until its log has them, the group
 * applies nothing more on this node (`mayApply`), so that no log ever has a gap; what is missing comes from other voters,
 * checked against the tree of the replica's own state. Buckets wait for the hub's log too: they read its slots.
 *
 *     whole --snapshot beyond what is kept--> lacking --every leaf is durable--> whole
 *
 * A node that is killed in between finds the same gap when it starts. Source: record.md, "History and export".
 */
export class LogGaps {
  readonly #deps: LogGapsDeps
  readonly #lacking = new Map<number, ReplicaTree>()
  #isRunning = false
  #isOver = false
  #cancel: () => void = () => undefined

  constructor(deps: LogGapsDeps) {
    this.#deps = deps
  }

  /** The machine's state is this far, without having applied all of what is before it. True: its log lacks leaves. */
  note(machine: number, tree: ReplicaTree): boolean {
    if (this.#deps.keeper.leaves(machine) >= tree.size) return false
    this.#lacking.set(machine, { ...tree, root: tree.root.slice() })
    this.#deps.trace(
      `machine ${machine} lacks leaves ${this.#deps.keeper.leaves(machine)} to ${tree.size - 1}`,
    )
    if (!this.#isRunning) this.#run().catch(this.#deps.onFault)
    return true
  }

  /** Whether what the machine applies next can be kept, and all slots that it may read are here. */
  mayApply(machine: number): boolean {
    return !this.#lacking.has(machine) && !this.#lacking.has(HUB)
  }

  get isWhole(): boolean {
    return this.#lacking.size === 0
  }

  stop(): void {
    this.#isOver = true
    this.#cancel()
  }

  /** One machine after another, the hub first; with a pause when nobody could help. */
  async #run(): Promise<void> {
    this.#isRunning = true
    try {
      while (this.#lacking.size > 0 && !this.#isOver) {
        let hasGotOn = false
        for (const machine of [...this.#lacking.keys()].sort((a, b) => a - b))
          hasGotOn = (await this.#fill(machine)) || hasGotOn
        if (!hasGotOn) await this.#pause()
      }
    } finally {
      this.#isRunning = false
    }
  }

  /** True when it is whole. */
  async #fill(machine: number): Promise<boolean> {
    const { keeper, peers, leaderOf, trace } = this.#deps
    const from = keeper.leaves(machine)
    const leader = leaderOf(machine)
    for (const peer of peers.toSorted((a, b) => Number(b === leader) - Number(a === leader))) {
      try {
        await this.#fillFrom(peer, machine)
      } catch (error) {
        // After the stop the logs are closed: what was being read then says nothing.
        if (this.#isOver) return false
        if (!(error instanceof FaultError) || !error.code.startsWith('peer-')) throw error
        trace(`machine ${machine}: ${error.message}`)
      }
      if (this.#isOver) return false
      const tree = this.#lacking.get(machine)
      if (tree === undefined || keeper.leaves(machine) < tree.size) continue
      this.#close(machine, tree, from)
      return true
    }
    return false
  }

  async #fillFrom(peer: Did, machine: number): Promise<void> {
    const { fetch, trees, keeper, slots } = this.#deps
    const wanted = this.#lacking.get(machine)
    if (wanted === undefined || this.#isOver) return
    const { tree } = await trees.of(machine)
    const { size, root } = wanted
    for await (const page of fetch.pages(peer, { machine, size, root }, tree.frontier())) {
      if (this.#isOver) return
      // Leaves that are kept are not fetched again: their slots are durable before.
      for (const facts of page.slots) slots.put(facts)
      if (page.slots.length > 0) slots.flush()
      keeper.fill(machine, page)
    }
  }

  #close(machine: number, { changes }: ReplicaTree, from: number): void {
    for (const certificate of changes) this.#deps.keeper.keepChange(certificate)
    this.#deps.flush()
    this.#lacking.delete(machine)
    this.#deps.trace(`machine ${machine} has all leaves again`)
    this.#deps.onWhole(machine, from)
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#deps.clock.after(RETRY_MS, resolve)
      this.#cancel = () => {
        cancel()
        resolve()
      }
    })
  }
}
