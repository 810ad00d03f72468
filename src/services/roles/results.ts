import { CID } from '../../codec/cid.ts'
import type { Did } from '../../model/ids.ts'
import type { HeartView } from './heart-view.ts'

/** A result that was accepted. */
export interface NeedResult {
  readonly artifact: CID
  readonly worker: Did
  readonly requester: Did
}

/** The result of a need that is FINAL or SETTLED; undefined for any other, and where its bucket is not known any more. */
export function resultIn(heart: Pick<HeartView, 'bucketOf' | 'bucket'>, id: string): NeedResult | undefined {
  const bucket = heart.bucketOf(id)
  if (bucket === undefined) return undefined
  const view = heart.bucket(bucket)
  const [need, terms] = [view.get('needs', id), view.get('terms', id)]
  if (need?.commit === undefined || terms === undefined) return undefined
  if (need.state !== 'FINAL' && need.state !== 'SETTLED') return undefined
  const { artifact, worker } = need.commit
  return { artifact: CID.parse(artifact), worker, requester: terms.requester }
}
