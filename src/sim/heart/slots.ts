import { encodeHubCommand } from '../../codec/entry/hub-command.ts'
import { assert } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { Actor } from './actor.ts'

/** A voter's hash chain: sha256(link n + 1) is link n, and only the anchor, link 0, was published. */
export class BeaconChain {
  readonly #links: readonly Uint8Array[]
  #shown = 0

  constructor(secret: Uint8Array, length: number, sha256: Sha256) {
    const links = [secret]
    for (let at = 0; at < length; at++) links.push(sha256(links.at(-1) as Uint8Array))
    this.#links = links.toReversed()
  }

  get anchor(): Uint8Array {
    return this.#links[0] as Uint8Array
  }

  get length(): number {
    return this.#links.length - 1
  }

  /** The next link; asserts that there is one. */
  show(): Uint8Array {
    const link = this.#links[++this.#shown]
    assert(link !== undefined, 'a chain is renewed before it runs out')
    return link
  }
}

/** Makes the hub's slots as its voters do: all read their clocks, and the one whose turn it is shows its next link. */
export class SlotMaker {
  /** Who reads a clock. */
  readonly #voters: readonly Actor[]
  readonly #chains: ReadonlyMap<Did, BeaconChain>
  /** Ascending: the order of turns. */
  readonly #turns: readonly Did[]

  /** `turns`: the voters in force; who of them has no chain shows nothing. */
  constructor(voters: readonly Actor[], chains: ReadonlyMap<Did, BeaconChain>, turns: readonly Did[]) {
    this.#voters = voters
    this.#chains = chains
    this.#turns = turns
  }

  /** Bytes of the `slot` command; `isWithheld`: the voter whose turn it is shows nothing. */
  command(n: number, timeMs: number, isWithheld = false): Uint8Array {
    const turn = this.#turns[n % this.#turns.length]
    const link = turn === undefined || isWithheld ? undefined : this.#chains.get(turn)?.show()
    const readings = this.#voters.map((voter) => voter.state('clock-reading', { v: 1, n, time: timeMs }))
    return encodeHubCommand({ v: 1, kind: 'slot', n, readings, ...(link === undefined ? {} : { link }) })
  }
}
