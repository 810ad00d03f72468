import { equalBytes } from '../../codec/bytes.ts'
import type { Chain } from '../../core/system/tables.ts'
import type { Did, SecretKey } from '../../model/ids.ts'
import type { Sha256 } from '../../ports/crypto.ts'

/** Links of one anchor. Renewed when a quarter is left. */
export const CHAIN_LENGTH = 65_536
/** Every so manyth link is kept; the ones between are made again from the next kept one. */
const STEP = 256

/**
 * A voter's hash chain: sha256(link n + 1) is link n, and link 0, the anchor, is published. All of it follows from the
 * voter's key and the serial, so nothing of it is stored. Source: consensus.md, "Time and chance: slots".
 */
export class BeaconChain {
  readonly serial: number
  readonly anchor: Uint8Array
  readonly #kept: readonly Uint8Array[]
  readonly #sha256: Sha256
  /** All links down from a kept one: they are shown one after another. */
  #made: { readonly from: number; readonly links: readonly Uint8Array[] } | undefined

  constructor(secret: SecretKey, serial: number, sha256: Sha256) {
    this.serial = serial
    this.#sha256 = sha256
    const kept: Uint8Array[] = []
    let link = sha256(seedOf(secret, serial))
    for (let n = CHAIN_LENGTH; n > 0; n--) {
      if (n % STEP === 0) kept[n / STEP] = link
      link = sha256(link)
    }
    this.anchor = link
    this.#kept = kept
  }

  /** Link n, from 1 to CHAIN_LENGTH. */
  link(n: number): Uint8Array {
    const from = Math.ceil(n / STEP)
    if (this.#made?.from !== from) this.#made = { from, links: this.#linksDown(from) }
    return this.#made.links[from * STEP - n] as Uint8Array
  }

  #linksDown(from: number): readonly Uint8Array[] {
    const links = [this.#kept[from] as Uint8Array]
    while (links.length < STEP) links.push(this.#sha256(links.at(-1) as Uint8Array))
    return links
  }
}

function seedOf(secret: SecretKey, serial: number): Uint8Array {
  const purpose = new TextEncoder().encode(`canswarm/beacon-chain/1/${serial}/`)
  const seed = new Uint8Array(purpose.length + secret.length)
  seed.set(purpose)
  seed.set(secret, purpose.length)
  return seed
}

/** The chain that a voter's record of the hub says is in force, and what is to be shown next. */
export class OwnChains {
  readonly #secret: SecretKey
  readonly #sha256: Sha256
  readonly #chains = new Map<number, BeaconChain>()

  constructor(secret: SecretKey, sha256: Sha256) {
    this.#secret = secret
    this.#sha256 = sha256
  }

  of(serial: number): BeaconChain {
    const known = this.#chains.get(serial)
    if (known !== undefined) return known
    const made = new BeaconChain(this.#secret, serial, this.#sha256)
    this.#chains.set(serial, made)
    for (const old of this.#chains.keys()) if (old < serial - 1) this.#chains.delete(old)
    return made
  }

  /**
   * Undefined where the chain is used up, or is not one of this key's. The serial may be that of the chain that comes
   * next, while the one before is in force.
   */
  next({ anchor, left, serial }: Pick<Chain, 'anchor' | 'left' | 'serial'>): Uint8Array | undefined {
    if (left <= 0 || left > CHAIN_LENGTH) return undefined
    for (const one of [serial, serial - 1].filter((some) => some >= 0)) {
      const link = this.of(one).link(CHAIN_LENGTH - left + 1)
      if (equalBytes(this.#sha256(link), anchor)) return link
    }
    return undefined
  }
}

/** Names a voter's first chain, for the genesis. */
export function firstChain(voter: Did, secret: SecretKey, sha256: Sha256) {
  return { voter, anchor: new BeaconChain(secret, 0, sha256).anchor, length: CHAIN_LENGTH }
}
