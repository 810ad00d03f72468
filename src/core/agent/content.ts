import { type CID, cidOf, RAW } from '../../codec/cid.ts'
import type { Payload } from '../../codec/payload/verbs.ts'
import type { Sha256 } from '../../ports/crypto.ts'

/** Content in the payload itself, or by its CID. */
export type Content = Payload<'COMMIT'>['artifact']

/** Its name: content in the payload has that of a raw block. Source: lifecycle.md, entry `commit`. */
export function contentCid(content: Content, sha256: Sha256): CID {
  return 'cid' in content ? content.cid : cidOf(content.inline, sha256, RAW)
}
