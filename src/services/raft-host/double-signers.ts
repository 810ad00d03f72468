import type { Certificate } from '../../codec/certificate/certificate.ts'
import type { DoubleSigning } from '../../codec/certificate/double-signing.ts'
import type { SealShare } from '../../codec/certificate/share.ts'
import type { JudgeShare } from '../../codec/certificate/share-judge.ts'
import { doubleSigningOf } from '../../core/certificate/double-signing.ts'
import { verifyShare } from '../../core/certificate/verify-certificate.ts'
import { LruMap } from '../../model/lru-map.ts'
import type { Sha256 } from '../../ports/crypto.ts'

const SEEN_MAX = 4_096
const UNJUDGED_MAX = 1_024
const EVIDENCE_MAX = 64

/**
 * Compares all shares that come by, of whatever group: those that voters send, those in certificates that other groups
 * show, and those that entries record. Two roots of one voter for one size are evidence, whoever brings the second. A
 * signature that nobody needed to judge is judged only when it would convict, so that nobody is kept busy by lies.
 */
export class DoubleSigners {
  readonly #sha256: Sha256
  readonly #judge: JudgeShare
  readonly #onFound: (evidence: DoubleSigning) => void
  /** First good share of each voter and size. */
  readonly #good = new LruMap<string, SealShare>(SEEN_MAX)
  /** First share of each voter and size that nobody judged; apart, so that lies do not drive out what is known. */
  readonly #unjudged = new LruMap<string, SealShare>(UNJUDGED_MAX)
  readonly #evidence: DoubleSigning[] = []

  constructor(judge: JudgeShare, sha256: Sha256, onFound: (evidence: DoubleSigning) => void) {
    this.#judge = judge
    this.#sha256 = sha256
    this.#onFound = onFound
  }

  /** One of each voter and group, the latest. */
  get evidence(): readonly DoubleSigning[] {
    return this.#evidence
  }

  /** A share whose signature is good. */
  take(share: SealShare): void {
    const key = keyOf(share)
    const first = this.#good.get(key)
    if (first === undefined) this.#good.set(key, share)
    const unjudged = this.#unjudged.get(key)
    const evidence =
      (first && doubleSigningOf(first, share)) ?? (unjudged && doubleSigningOf(unjudged, share))
    if (evidence !== undefined) this.#convict(evidence)
  }

  /** `isGood`: its signatures were judged. */
  takeCertificate({ head, shares }: Certificate, isGood: boolean): void {
    for (const signature of shares) {
      const share = { ...signature, head }
      if (isGood) this.take(share)
      else this.#takeUnjudged(share)
    }
  }

  #takeUnjudged(share: SealShare): void {
    const key = keyOf(share)
    const first = this.#good.get(key) ?? this.#unjudged.get(key)
    if (first === undefined) return this.#unjudged.set(key, share)
    const evidence = doubleSigningOf(first, share)
    if (evidence !== undefined) this.#convict(evidence)
  }

  /** What is not signed by the voter is no evidence, and gives its place to what may be. */
  #convict(evidence: DoubleSigning): void {
    const { first, second } = evidence
    const { voter, head } = first
    const known = (one: DoubleSigning): boolean =>
      one.first.voter === voter && one.first.head.group === head.group
    if (this.#evidence.some(known)) return
    if (!this.#isSigned(first)) return this.#unjudged.set(keyOf(second), second)
    if (!this.#isSigned(second)) return
    this.#evidence.push(evidence)
    if (this.#evidence.length > EVIDENCE_MAX) this.#evidence.shift()
    this.#onFound(evidence)
  }

  #isSigned(share: SealShare): boolean {
    return verifyShare(share, this.#judge, this.#sha256)
  }
}

function keyOf({ voter, head }: SealShare): string {
  return `${head.group} ${head.generation} ${head.size} ${voter}`
}
