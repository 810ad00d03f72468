import { itemLeaf, type Output, type Subject } from '../../codec/certificate/leaf.ts'
import { encodeItem, type GroupItem } from '../../codec/entry/item.ts'
import { leafHash } from '../../codec/merkle/hash.ts'
import { LogTree } from '../../core/certificate/log-tree.ts'
import { groupOfMachine } from '../../core/witness/machine.ts'
import type { Verdict } from '../../model/replicated.ts'
import type { Sha256 } from '../../ports/crypto.ts'

/** What a machine made of an item; its state has changed by then. */
export interface Outcome {
  readonly verdict: Verdict
  /** In order, with the target's number (`HUB` or a bucket) and the effect's bytes. */
  readonly effects: readonly { readonly target: number; readonly body: Uint8Array }[]
  readonly subject: Subject | undefined
}

/** A state machine with its state, as a group's log drives it. */
export interface Machine {
  /** `position`: items applied before. */
  apply(item: GroupItem, encoded: Uint8Array, position: number): Outcome
  hash(): Uint8Array
}

/** An applied item, as the log keeps it. */
export interface LoggedItem {
  readonly item: Uint8Array
  readonly leaf: Uint8Array
  readonly outcome: string
  readonly subject: Subject | undefined
}

/** Of a leaf that is a change of voters. */
export const NO_ITEM: Uint8Array = new Uint8Array(0)

/** An effect on its way. */
export interface SentEffect {
  readonly n: number
  readonly body: Uint8Array
  /** Number of the leaf that names it. */
  readonly index: number
}

/** One group: its log, its tree, and its outbox by target. */
export class Group {
  readonly machine: Machine
  readonly log: LoggedItem[] = []
  readonly tree: LogTree
  /** Effects that were not delivered yet, by target, in order. */
  readonly outbox = new Map<number, SentEffect[]>()
  readonly #sent = new Map<number, number>()
  readonly #received = new Map<number, number>()
  readonly #sha256: Sha256

  constructor(machine: Machine, sha256: Sha256) {
    this.machine = machine
    this.#sha256 = sha256
    this.tree = new LogTree({ size: 0, peaks: [] }, sha256)
  }

  get size(): number {
    return this.log.length
  }

  /** A change of voters: a leaf in which the machine has no say. */
  changeVoters(leaf: Uint8Array): void {
    this.tree.append(leafHash(leaf, this.#sha256))
    this.log.push({ item: NO_ITEM, leaf, outcome: 'voters', subject: undefined })
  }

  propose(command: Uint8Array): Verdict {
    return this.apply({ kind: 'command', command })
  }

  /** Applies the next effect of a source; one that was applied, or leaves a gap, changes nothing and gives undefined. */
  receive(item: GroupItem & { kind: 'received' }): Verdict | undefined {
    if (item.n !== (this.#received.get(item.source) ?? 0) + 1) return undefined
    this.#received.set(item.source, item.n)
    return this.apply(item)
  }

  apply(item: GroupItem): Verdict {
    const encoded = encodeItem(item)
    const { verdict, effects, subject } = this.machine.apply(item, encoded, this.size)
    const outputs = effects.map(({ target, body }) => this.#send(target, body))
    const applied = verdict.kind === 'applied'
    const leaf = itemLeaf({
      item: this.#sha256(encoded),
      applied,
      outputs,
      ...(subject === undefined ? {} : { subject }),
    })
    this.tree.append(leafHash(leaf, this.#sha256))
    this.log.push({ item: encoded, leaf, outcome: applied ? 'applied' : verdict.code, subject })
    return verdict
  }

  #send(target: number, body: Uint8Array): Output {
    const n = (this.#sent.get(target) ?? 0) + 1
    this.#sent.set(target, n)
    const waiting = this.outbox.get(target) ?? []
    this.outbox.set(target, waiting)
    waiting.push({ n, body, index: this.size })
    return { kind: 'effect', group: groupOfMachine(target), number: n, hash: this.#sha256(body) }
  }
}
