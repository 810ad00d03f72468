import { equalBytes } from '../codec/bytes.ts'
import type { CheckSignature } from '../codec/signed/statement.ts'
import type { PublicKey } from '../model/ids.ts'
import { LruMap } from '../model/lru-map.ts'

/** Each takes about 500 bytes. */
const REMEMBERED_MAX = 8_192

/** What was asked, but for the signature. */
interface Question {
  readonly key: PublicKey
  readonly message: Uint8Array
}

/**
 * Signatures that were found good, so that none is judged twice: what a voter says at the end of a turn covers all groups,
 * and stands in the certificate of each. What is remembered is the whole question: a good signature lends nothing to
 * another key or message. Forgetting costs one check, no answer.
 */
export class JudgedSignatures {
  readonly #judge: CheckSignature
  readonly #good = new LruMap<string, Question>(REMEMBERED_MAX)
  constructor(judge: CheckSignature) {
    this.#judge = judge
  }

  accepts(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
    const name = signature.toHex()
    const before = this.#good.get(name)
    if (before !== undefined && equalBytes(before.key, key) && equalBytes(before.message, message)) {
      return true
    }
    const isGood = this.#judge(key, message, signature)
    if (isGood) this.#good.set(name, { key, message })
    return isGood
  }
}
