import type { Brand } from '../../model/brand.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'

/** Multiaddr texts of one node: no two alike, in order of their characters, at most 16. */
export type NodeAddresses = Brand<readonly string[], 'NodeAddresses'>

const ADDRESSES_MAX = 16
const ADDRESS_CHARS_MAX = 256
export const NO_ADDRESSES = [] as readonly string[] as NodeAddresses

/** One or more parts, each after a slash, of printable ASCII. What a part means is the transport's to know. */
const MULTIADDR_TEXT = /^(?:\/[!-.0-~]+)+$/

/**
 * Sorts and removes doubles, so that the same addresses give the same document.
 * Rejects MALFORMED for what is no multiaddr text, TOO_LARGE above 16 or for one above 256 characters.
 */
export function parseAddresses(texts: readonly unknown[]): Result<NodeAddresses, Rejection> {
  if (texts.length > ADDRESSES_MAX) {
    return reject('TOO_LARGE', `a node has at most ${ADDRESSES_MAX} addresses, not ${texts.length}`)
  }
  const addresses = new Set<string>()
  for (const text of texts) {
    if (typeof text !== 'string') return reject('MALFORMED', 'an address is a text')
    if (text.length > ADDRESS_CHARS_MAX) {
      return reject('TOO_LARGE', `an address has at most ${ADDRESS_CHARS_MAX} characters, not ${text.length}`)
    }
    if (!MULTIADDR_TEXT.test(text)) return reject('MALFORMED', 'an address is a multiaddr, /ip4/…/tcp/…')
    addresses.add(text)
  }
  return ok([...addresses].sort() as readonly string[] as NodeAddresses)
}
