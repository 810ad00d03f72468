import { type Certificate, certificateOf } from '../../../codec/certificate/certificate.ts'
import { rootOfShare } from '../../../codec/certificate/share.ts'
import type { BucketCommandOf } from '../../../codec/entry/bucket-command.ts'
import { signatureCheck } from '../../../codec/signed/statement.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { certificateQuorum } from '../../certificate/quorum.ts'
import type { NeedTurn } from '../need-turn.ts'
import { NOTHING } from '../nothing.ts'

/**
 * The certificate of a finished history, once: as many voters have signed as the network's `f` asks for. Rejects CONFLICT before the hub's last word, for a tree that does not
 * hold it yet, another generation or too few voters; DUPLICATE for a second one; NOT_IN_COMMITTEE, BAD_SIGNATURE.
 * Source: consensus.md, "Certificates".
 */
export function applyCert(turn: NeedTurn, command: BucketCommandOf<'cert'>): Result<Uint8Array, Rejection> {
  const { over } = turn.need
  if (over === undefined) return reject('CONFLICT', 'the hub has not had its last word')
  if (over.isCertified) return reject('DUPLICATE', 'the certificate is recorded')
  const certificate = certificateOf(command.certificate)
  const rejection = judgeHead(turn, certificate, over.position) ?? judgeShares(turn, certificate)
  if (rejection !== undefined) return { ok: false, error: rejection }
  turn.update({ over: { ...over, isCertified: true } })
  return ok(NOTHING)
}

function judgeHead(turn: NeedTurn, { head }: Certificate, position: number): Rejection | undefined {
  if (head.generation !== turn.bucket.generation) return reject('CONFLICT', 'of another generation').error
  return head.size > position && head.size <= turn.at.position
    ? undefined
    : reject('CONFLICT', `a tree of ${head.size} leaves does not end after the need`).error
}

function judgeShares(turn: NeedTurn, { head, shares }: Certificate): Rejection | undefined {
  const { keys, liars, net, verify, sha256 } = turn.world
  const { voters } = turn.at
  const stranger = shares.find(({ voter }) => !voters.includes(voter))
  if (stranger !== undefined) return reject('NOT_IN_COMMITTEE', `${stranger.voter} is no voter`).error
  if (shares.length < certificateQuorum(voters.length, liars)) {
    return reject('CONFLICT', `${shares.length} voters of ${voters.length} are not enough`).error
  }
  for (const { voter, path, s } of shares) {
    const identity = keys.ofDid(voter)
    if (!identity.ok) return identity.error
    const { key, message } = signatureCheck(
      'seal-share',
      net,
      identity.value.key,
      rootOfShare(head, path, sha256),
      s,
    )
    if (!verify(key, message, s)) return reject('BAD_SIGNATURE', `${voter} did not sign this head`).error
  }
  return undefined
}
