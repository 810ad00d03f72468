import { decodeDoubleSigning } from '../../../codec/certificate/double-signing.ts'
import { shareJudge } from '../../../codec/certificate/share-judge.ts'
import type { Rejection } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { verifyDoubleSigning } from '../../certificate/double-signing.ts'
import type { Turn } from '../turn.ts'
import type { Offence } from './convict.ts'

/** A voter that signed two roots of one size. Rejects as `decodeDoubleSigning` and `verifyDoubleSigning`. */
export function doubleSigningBy(turn: Turn, bytes: Uint8Array): Result<Offence, Rejection> {
  const decoded = decodeDoubleSigning(bytes)
  if (!decoded.ok) return decoded
  const { net, keys, verify, sha256 } = turn.world
  const voter = verifyDoubleSigning(decoded.value, shareJudge(net, keys, verify), sha256)
  if (!voter.ok) return voter
  const { group, generation, size } = decoded.value.first.head
  return ok({ account: voter.value, what: `double-signing ${voter.value} ${group}/${generation}/${size}` })
}
