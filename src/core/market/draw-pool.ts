import { hashDagCbor } from '../../codec/dag-cbor/encode.ts'
import type { Did } from '../../model/ids.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { RosterMember } from './roster.ts'

/** Bytes of a hash that a draw reads. Source: economy.md, "Pools, reputation, committees" (The draw). */
const DRAW_BYTES = 16

interface Ball {
  readonly member: RosterMember
  readonly weight: bigint
}

/** Whom the next draw may take, by DID bytes; who was drawn is out, and comes back only from aside. */
export class DrawPool {
  readonly #seed: Uint8Array
  readonly #sha256: Sha256
  readonly #balls: readonly Ball[]
  /** By place in `#balls`. */
  readonly #out: boolean[]
  readonly #aside: number[] = []
  #left: bigint

  /** `members`: sorted by DID bytes. Weight 0 is never drawn. */
  constructor(
    members: readonly RosterMember[],
    weights: ReadonlyMap<Did, bigint>,
    seed: Uint8Array,
    sha256: Sha256,
  ) {
    this.#seed = seed
    this.#sha256 = sha256
    this.#balls = members
      .map((member) => ({ member, weight: weights.get(member.did) ?? 0n }))
      .filter(({ weight }) => weight > 0n)
    this.#out = this.#balls.map(() => false)
    this.#left = this.#balls.reduce((sum, { weight }) => sum + weight, 0n)
  }

  /** Nobody is left, or only who was set aside. */
  get isEmpty(): boolean {
    return this.#left === 0n
  }

  /** How many were drawn and set aside. */
  get aside(): number {
    return this.#aside.length
  }

  /** Whom draw `j` takes; out from now on. Undefined when nobody is left. */
  draw(j: number): RosterMember | undefined {
    if (this.isEmpty) return undefined
    let point = drawNumber(this.#seed, j, this.#sha256) % this.#left
    const at = this.#balls.findIndex(({ weight }, place) => {
      if (this.#out[place] === true) return false
      point -= weight
      return point < 0n
    })
    const { member, weight } = this.#balls[at] as Ball
    this.#out[at] = true
    this.#left -= weight
    return member
  }

  /** Who was just drawn may come back when a cap is given up. */
  setAside({ did }: RosterMember): void {
    this.#aside.push(this.#balls.findIndex(({ member }) => member.did === did))
  }

  bringBack(): void {
    for (const at of this.#aside.splice(0)) {
      this.#out[at] = false
      this.#left += (this.#balls[at] as Ball).weight
    }
  }
}

/** The first 16 bytes of sha256(dag-cbor [seed, j]), big endian. */
function drawNumber(seed: Uint8Array, j: number, sha256: Sha256): bigint {
  const hash = hashDagCbor([seed, j], sha256)
  const view = new DataView(hash.buffer, hash.byteOffset, DRAW_BYTES)
  return (view.getBigUint64(0) << 64n) | view.getBigUint64(8)
}
