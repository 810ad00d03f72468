import { hash } from 'node:crypto'
import type { Certificate } from '../../src/codec/certificate/certificate.ts'
import { itemLeaf } from '../../src/codec/certificate/leaf.ts'
import { rootOfShare, type SealShare, shareRoot, sharesOf } from '../../src/codec/certificate/share.ts'
import type { JudgeShare } from '../../src/codec/certificate/share-judge.ts'
import type { TreeHead } from '../../src/codec/certificate/tree-head.ts'
import type { VoterConfig } from '../../src/codec/certificate/voter-config.ts'
import { didOfKey } from '../../src/codec/did/did-key.ts'
import type { ConfigVersion, Generation, TreeSize } from '../../src/model/certified.ts'
import type { Did, PublicKey, Signature } from '../../src/model/ids.ts'
import type { GroupId } from '../../src/model/raft.ts'
import type { Sha256 } from '../../src/ports/crypto.ts'

export const sha256: Sha256 = (bytes) => new Uint8Array(hash('sha256', bytes, 'buffer'))

/** Voters by number, in the order of their DIDs. */
export const VOTERS: readonly Did[] = Array.from({ length: 32 }, (_, i) =>
  didOfKey(sha256(Uint8Array.of(i)) as PublicKey),
).sort((a, b) => (a < b ? -1 : 1))

export function voterSet(...numbers: readonly number[]): readonly Did[] {
  return numbers.toSorted((a, b) => a - b).map((number) => VOTERS[number] as Did)
}

export function hashOf(text: string): Uint8Array {
  return sha256(new TextEncoder().encode(text))
}

export function config(
  version: number,
  voters: readonly number[],
  outgoing: readonly number[] = [],
  more: { readonly group?: number; readonly generation?: number } = {},
): VoterConfig {
  return {
    group: (more.group ?? 1) as GroupId,
    generation: (more.generation ?? 0) as Generation,
    version: version as ConfigVersion,
    voters: voterSet(...voters),
    outgoing: voterSet(...outgoing),
  }
}

export interface HeadChoice {
  readonly group?: number
  readonly generation?: number
  readonly config?: number
  readonly size?: number
  readonly root?: Uint8Array
  readonly state?: Uint8Array
}

export function treeHead(choice: HeadChoice = {}): TreeHead {
  return {
    group: (choice.group ?? 1) as GroupId,
    generation: (choice.generation ?? 0) as Generation,
    config: (choice.config ?? 1) as ConfigVersion,
    size: (choice.size ?? 10) as TreeSize,
    root: choice.root ?? hashOf('root'),
    state: choice.state ?? hashOf('state'),
  }
}

/** Leaf of an applied item of these bytes, without outputs. */
export function commandLeaf(item: Uint8Array): Uint8Array {
  return itemLeaf({ item: sha256(item), applied: true, outputs: [] })
}

/**
 * Signatures that cannot be forged because they are written down: a signature is good when its voter gave it for that
 * root. Nothing of it is cryptography.
 */
export class SignatureBook {
  readonly #given = new Set<string>()

  /** The voter signs these heads together; a share for each. */
  sign(voter: Did, heads: readonly TreeHead[]): readonly SealShare[] {
    const root = shareRoot(heads, sha256)
    const half = hashOf(`${voter} ${root.toHex()}`)
    const s = Uint8Array.of(...half, ...half) as Signature
    this.#given.add(keyOf(voter, root, s))
    return sharesOf({ voter, heads, s }, sha256)
  }

  signOne(voter: Did, head: TreeHead): SealShare {
    return this.sign(voter, [head])[0] as SealShare
  }

  /** A certificate with just these signers, whoever they are. */
  certificate(head: TreeHead, signers: readonly Did[]): Certificate {
    const shares = signers.map((voter) => {
      const { path, s } = this.signOne(voter, head)
      return { voter, path, s }
    })
    return { head, shares: shares.toSorted((a, b) => (a.voter < b.voter ? -1 : 1)) }
  }

  readonly judge: JudgeShare = (voter, root, signature) => this.#given.has(keyOf(voter, root, signature))

  context(liars: number) {
    return { liars, judge: this.judge, sha256 }
  }
}

function keyOf(voter: Did, root: Uint8Array, signature: Uint8Array): string {
  return `${voter} ${root.toHex()} ${signature.toHex()}`
}

export function isGood(share: SealShare, book: SignatureBook): boolean {
  return book.judge(share.voter, rootOfShare(share.head, share.path, sha256), share.s)
}
