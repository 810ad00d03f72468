/**
 * What a group's tree holds of a command: a leaf names the item by its hash, what came of it, and, where it concerns a
 * need, the head of the need's chain of hashes after it. So one inclusion proof covers a whole history, and shows
 * nothing of other needs. Source: consensus.md, "Certificates"; record.md, "History and export".
 */
import { encodeDagCbor } from '../../codec/dag-cbor/encode.ts'
import type { Sha256 } from '../../ports/crypto.ts'

/** Chain head before a need's first entry. */
export const HISTORY_START: Uint8Array = new Uint8Array(32)

/** Head after an applied item (bytes of a command, or of an effect as it was received). */
export function nextHead(prev: Uint8Array, item: Uint8Array, sha256: Sha256): Uint8Array {
  return sha256(encodeDagCbor(['canswarm/history/1', prev, sha256(item)]))
}

export interface LeafContent {
  /** Bytes of the command, or of the effect that was received. */
  readonly item: Uint8Array
  /** `applied`, or the code of the refusal. */
  readonly outcome: string
  /** Effects that it sent: target (`hub` is -1), number, bytes. */
  readonly effects: readonly (readonly [target: number, n: number, body: Uint8Array])[]
  readonly history?: { readonly need: string; readonly head: Uint8Array }
}

/** Bytes of the leaf, to be hashed as RFC 6962 has it. */
export function historyLeaf({ item, outcome, effects, history }: LeafContent, sha256: Sha256): Uint8Array {
  return encodeDagCbor([
    'canswarm/leaf/1',
    sha256(item),
    outcome,
    effects.map(([target, n, body]) => [target, n, sha256(body)]),
    history === undefined ? null : [history.need, history.head],
  ])
}
