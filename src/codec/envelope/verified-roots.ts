import type { Did } from '../../model/ids.ts'
import { LruMap } from '../../model/lru-map.ts'
import { equalBytes } from '../bytes.ts'
import type { CID } from '../cid.ts'
import type { RootSignature } from './root-signature.ts'

/** How many roots are remembered where the caller has no reason for another number; each takes about 500 bytes. */
const VERIFIED_ROOTS_MAX = 16_384

/** What was asked, but for the signature. */
interface Question {
  readonly net: Uint8Array
  readonly signer: Did
  readonly root: Uint8Array
}

/**
 * Root signatures that were found good: an envelope that comes again, alone or in another batch, costs hashes alone.
 * What is remembered is the whole question: network, signer, root and signature. So a good one lends nothing to
 * another signature of that root (which would then be stored and exported), to another signer, or to another
 * network. Whether a signer may sign for a sender is asked each time. Forgetting costs one check, no answer.
 * Source: protocol.md, "Signed types".
 */
export class VerifiedRoots {
  /** By the signature, what it was found good for. */
  readonly #known: LruMap<string, Question>

  constructor(entriesMax: number = VERIFIED_ROOTS_MAX) {
    this.#known = new LruMap(entriesMax)
  }

  get size(): number {
    return this.#known.size
  }

  has(net: CID, signer: Did, signature: RootSignature): boolean {
    const known = this.#known.get(signature.s.toHex())
    return (
      known !== undefined &&
      known.signer === signer &&
      equalBytes(known.root, signature.root) &&
      equalBytes(known.net, net.bytes)
    )
  }

  /** Only for a signature that `Crypto.verify` or `verifyFast` accepted, or that was just made with our key. */
  add(net: CID, signer: Did, signature: RootSignature): void {
    this.#known.set(signature.s.toHex(), { net: net.bytes, signer, root: signature.root.slice() })
  }
}
