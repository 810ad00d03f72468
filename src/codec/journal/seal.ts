import type { Did } from '../../model/ids.ts'
import type { HashHex, NanoText } from './kinds.ts'
import { JOURNAL_VERSION } from './limits.ts'

/** What a seal says: this node's line `n` had this chain when it was sealed. */
export interface SealStatement {
  readonly node: Did
  readonly segment: number
  /** The line before the seal. */
  readonly n: number
  readonly chain: HashHex
  /** Time of the seal's own line, so that nothing of that line can be changed under the signature. */
  readonly ts: NanoText
}

/** Signs a statement as the signed type `journal-seal` of the journal's network; 64 bytes. */
export type SignSeal = (statement: SealStatement) => Uint8Array

/** True when `statement.node` signed exactly that, in the network `net` (text of the genesis CID). */
export type VerifySeal = (net: string, statement: SealStatement, signature: Uint8Array) => boolean

/** Body of the signed type `journal-seal`. */
export type SealBody = {
  readonly v: typeof JOURNAL_VERSION
  readonly node: Did
  readonly segment: number
  readonly n: number
  readonly chain: Uint8Array
  readonly ts: NanoText
}

/** A statement in the form that is signed. Source: protocol.md, "Signed types". */
export function sealBody({ node, segment, n, chain, ts }: SealStatement): SealBody {
  return { v: JOURNAL_VERSION, node, segment, n, chain: Uint8Array.fromHex(chain), ts }
}
