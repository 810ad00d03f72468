import type { CID } from '../codec/cid.ts'
import { contentCid } from '../core/agent/content.ts'
import type { NodeServices } from './services.ts'

/** Content of this name that travelled in a COMMIT of an open need; undefined where it did not, or the need is over. */
export function inlineArtifact(
  { heart, sha256 }: Pick<NodeServices, 'heart' | 'sha256'>,
  need: string,
  cid: CID,
): Uint8Array | undefined {
  for (const { body } of heart.envelopes(need)) {
    if (body.kind !== 'COMMIT') continue
    const { artifact } = body.payload
    if ('inline' in artifact && contentCid(artifact, sha256).equals(cid)) return artifact.inline
  }
  return undefined
}
