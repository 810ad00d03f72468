import { certificateToIpld } from '../../codec/certificate/certificate.ts'
import { encodeBucketCommand } from '../../codec/entry/bucket-command.ts'
import { cidOfId } from '../../core/bucket/need-turn.ts'
import type { Verdict } from '../../model/replicated.ts'
import type { Stage } from './stage.ts'

/** The `cert` entry of a need that is over: the certificate that its export holds. Undefined where none is due. */
export function closeHistory(stage: Stage, need: string): Verdict | undefined {
  const bucket = stage.bucketOf(need)
  const [voter] = stage.voters
  if (bucket === undefined || voter === undefined) return undefined
  const state = stage.bucket(bucket).records.get('needs', need)
  if (state?.over === undefined || state.over.isCertified) return undefined
  return stage.network.propose(
    bucket,
    encodeBucketCommand({
      v: 1,
      kind: 'cert',
      need: cidOfId(need),
      prev: state.head,
      slot: stage.slot,
      by: voter.did,
      certificate: certificateToIpld(stage.network.certificate(bucket, state.over.position)),
    }),
  )
}
