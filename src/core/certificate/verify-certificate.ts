import { equalBytes } from '../../codec/bytes.ts'
import { isAscending } from '../../codec/certificate/ascending.ts'
import type { Certificate } from '../../codec/certificate/certificate.ts'
import { rootOfShare, type SealShare } from '../../codec/certificate/share.ts'
import type { JudgeShare } from '../../codec/certificate/share-judge.ts'
import type { TreeHead } from '../../codec/certificate/tree-head.ts'
import type { VoterConfig } from '../../codec/certificate/voter-config.ts'
import type { PathStep } from '../../codec/merkle/inclusion.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { isQuorum, isVoter } from './quorum.ts'

/** What judging a certificate needs to know. */
export interface CertificateContext {
  /** Liars that the network withstands: `f` of its genesis. */
  readonly liars: number
  readonly judge: JudgeShare
  readonly sha256: Sha256
}

/**
 * Whether enough voters of the config signed the head. Rejects CONFLICT for another group, generation or config;
 * MALFORMED for voters that do not ascend; NOT_IN_COMMITTEE for a signer that is no voter; BAD_SIGNATURE for too few
 * signers or a signature that is not the voter's. Cheap things first: no signature of a stranger is judged.
 */
export function verifyCertificate(
  certificate: Certificate,
  config: VoterConfig,
  { liars, judge, sha256 }: CertificateContext,
): Result<TreeHead, Rejection> {
  const { head, shares } = certificate
  const misfit = misfitOf(head, config)
  if (misfit !== undefined) return reject('CONFLICT', misfit, 'head')
  const voters = shares.map(({ voter }) => voter)
  if (!isAscending(voters)) return reject('MALFORMED', 'voters ascend, none twice', 'shares')
  const stranger = voters.findIndex((voter) => !isVoter(config, voter))
  if (stranger >= 0)
    return reject('NOT_IN_COMMITTEE', `${voters[stranger]} is no voter of it`, `shares[${stranger}]`)
  if (!isQuorum(config, liars, new Set(voters))) {
    return reject('BAD_SIGNATURE', `${voters.length} voters are not enough`, 'shares')
  }
  const roots = new ShareRoots(head, sha256)
  const bad = shares.findIndex(({ voter, path, s }) => !judge(voter, roots.rootOf(path), s))
  if (bad >= 0) return reject('BAD_SIGNATURE', `${voters[bad]} did not sign this head`, `shares[${bad}]`)
  return ok(head)
}

/** Roots that the shares of one head lead to: voters that sign the same turn share their path, which is hashed once. */
class ShareRoots {
  readonly #head: TreeHead
  readonly #sha256: Sha256
  #path: readonly PathStep[] | undefined
  #root: Uint8Array = new Uint8Array(0)

  constructor(head: TreeHead, sha256: Sha256) {
    this.#head = head
    this.#sha256 = sha256
  }

  rootOf(path: readonly PathStep[]): Uint8Array {
    if (this.#path !== undefined && equalPaths(path, this.#path)) return this.#root
    this.#path = path
    this.#root = rootOfShare(this.#head, path, this.#sha256)
    return this.#root
  }
}

function equalPaths(a: readonly PathStep[], b: readonly PathStep[]): boolean {
  return (
    a.length === b.length &&
    a.every(([side, hash], at) => {
      const [otherSide, other] = b[at] as PathStep
      return side === otherSide && equalBytes(hash, other)
    })
  )
}

/** True when the voter signed the head. */
export function verifyShare({ head, voter, path, s }: SealShare, judge: JudgeShare, sha256: Sha256): boolean {
  return judge(voter, rootOfShare(head, path, sha256), s)
}

function misfitOf(head: TreeHead, config: VoterConfig): string | undefined {
  if (head.group !== config.group) return `of group ${head.group}, not ${config.group}`
  if (head.generation !== config.generation)
    return `of generation ${head.generation}, not ${config.generation}`
  if (head.config !== config.version) return `of config ${head.config}, not ${config.version}`
  return undefined
}
