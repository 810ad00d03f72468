import type { Certificate } from '../../codec/certificate/certificate.ts'
import { votersLeaf } from '../../codec/certificate/leaf.ts'
import { type EffectProof, HUB } from '../../codec/entry/item.ts'
import type { TreeSize } from '../../model/certified.ts'
import { assert } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import type { Verdict } from '../../model/replicated.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { Group, type LoggedItem, type Machine } from './group.ts'
import { type Voters, withVoter } from './voters.ts'

export interface NetworkOptions {
  readonly hub: Machine
  /** Makes the machine of a bucket the first time that it is used. */
  readonly bucket: (bucket: number) => Machine
  readonly sha256: Sha256
  /** Whose signatures certify effects; undefined: none are asked for. */
  readonly voters: Voters | undefined
}

/** An effect that could be delivered now: the next of a source for a target. */
export interface Delivery {
  readonly source: number
  readonly target: number
}

/**
 * A whole network of state machines in one process: hub and buckets, each with its log and tree, and the effects that
 * travel between them. Nothing happens by itself: whoever drives it chooses what is proposed and delivered, and in
 * which order. Source: lifecycle.md, "Effects between hub and buckets".
 */
export class HeartNetwork {
  readonly hub: Group
  readonly #options: NetworkOptions
  readonly #buckets = new Map<number, Group>()
  /** The newest certificate of a machine. */
  readonly #certificates = new Map<number, Certificate>()

  /** Certificates of changes of voters, by machine. */
  readonly changes = new Map<number, readonly Certificate[]>()

  constructor(options: NetworkOptions) {
    this.#options = options
    this.hub = new Group(options.hub, options.sha256)
  }

  /** Buckets that were used, ascending. */
  get buckets(): readonly number[] {
    return [...this.#buckets.keys()].sort((a, b) => a - b)
  }

  group(machine: number): Group {
    if (machine === HUB) return this.hub
    const known = this.#buckets.get(machine)
    if (known !== undefined) return known
    const made = new Group(this.#options.bucket(machine), this.#options.sha256)
    this.#buckets.set(machine, made)
    return made
  }

  log(machine: number): readonly LoggedItem[] {
    return this.group(machine).log
  }

  propose(machine: number, command: Uint8Array): Verdict {
    return this.group(machine).propose(command)
  }

  /** What can be delivered, in a fixed order; the choice among them is the schedule's. */
  deliveries(): readonly Delivery[] {
    return [HUB, ...this.buckets].flatMap((source) =>
      [...this.group(source).outbox]
        .filter(([, waiting]) => waiting.length > 0)
        .map(([target]) => ({ source, target }))
        .sort((a, b) => a.target - b.target),
    )
  }

  /** The next effect of the source for the target is applied there, with its proof. */
  deliver({ source, target }: Delivery): Verdict {
    const sent = this.group(source).outbox.get(target)?.shift()
    assert(sent !== undefined, 'only what waits is delivered')
    const proof = this.#prove(source, sent.index)
    const item = { kind: 'received' as const, source, n: sent.n, body: sent.body }
    const verdict = this.group(target).receive(proof === undefined ? item : { ...item, proof })
    assert(verdict !== undefined, 'effects arrive in order')
    return verdict
  }

  /** Turn after turn, until nothing is under way. Asserts that it ends: effects never go in circles. */
  deliverAll(turnsMax = 1_000): void {
    for (let turn = 0; ; turn++) {
      const waiting = this.deliveries()
      if (waiting.length === 0) return
      assert(turn < turnsMax, 'effects come to an end')
      if (this.#options.voters !== undefined) this.certifyTurn()
      for (const one of waiting) {
        const { length } = this.group(one.source).outbox.get(one.target) ?? []
        for (let sent = 0; sent < length; sent++) this.deliver(one)
      }
    }
  }

  /** The end of a turn: voters certify all groups that have grown. Asserts that there are voters. */
  certifyTurn(): void {
    const { voters } = this.#options
    assert(voters !== undefined, 'there is somebody who certifies')
    const grown = [HUB, ...this.buckets]
      .map((machine) => ({ machine, group: this.group(machine) }))
      .filter(({ machine, group }) => group.size > (this.#certificates.get(machine)?.head.size ?? 0))
      .map(({ machine, group: { size, tree, machine: state } }) => ({
        machine,
        size: size as TreeSize,
        root: tree.root(),
        state: state.hash(),
      }))
    if (grown.length === 0) return
    for (const [machine, made] of voters.certify(grown)) this.#certificates.set(machine, made)
  }

  /** Somebody joins the voters of a machine's group: certified by those before. Asserts that there are voters. */
  joinVoters(machine: number, did: Did): void {
    const { voters } = this.#options
    assert(voters !== undefined, 'there is somebody who certifies')
    const group = this.group(machine)
    group.changeVoters(votersLeaf(withVoter(voters.config(machine), did)))
    this.changes.set(machine, [...(this.changes.get(machine) ?? []), this.certificate(machine)])
    voters.join(machine, did)
  }

  /** The newest certificate of a machine, if it covers the item; else its turn ends now. Asserts that there is the item. */
  certificate(machine: number, index = this.group(machine).size - 1): Certificate {
    const isCovered = () => (this.#certificates.get(machine)?.head.size ?? 0) > index
    if (!isCovered()) this.certifyTurn()
    const certificate = this.#certificates.get(machine)
    assert(certificate !== undefined && isCovered(), 'voters certify what was applied')
    return certificate
  }

  #prove(source: number, index: number): EffectProof | undefined {
    if (this.#options.voters === undefined) return undefined
    const certificate = this.certificate(source, index)
    const group = this.group(source)
    const logged = group.log[index]
    assert(logged !== undefined, 'an effect comes from an applied item')
    return { certificate, index, leaf: logged.leaf, path: group.tree.path(index, certificate.head.size) }
  }
}
