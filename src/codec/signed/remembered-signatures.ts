import { LruMap } from '../../model/lru-map.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { byteText } from '../bytes.ts'
import type { CheckSignature } from './statement.ts'

const REMEMBERED_MAX = 8_192

/**
 * The same check, which is not made again for what it accepted lately: a voter's statement is judged when an entry is
 * weighed and again when it is applied. A refusal is never remembered, so that nobody fills the memory with forgeries.
 */
export function remembering(
  check: CheckSignature,
  sha256: Sha256,
  entriesMax = REMEMBERED_MAX,
): CheckSignature {
  const accepted = new LruMap<string, string>(entriesMax)
  return (key, message, signature) => {
    const name = byteText(signature)
    const question = `${byteText(key)} ${byteText(sha256(message))}`
    if (accepted.get(name) === question) return true
    const isGood = check(key, message, signature)
    if (isGood) accepted.set(name, question)
    return isGood
  }
}
