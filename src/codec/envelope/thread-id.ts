import type { Did, ThreadId } from '../../model/ids.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { base32Of } from '../base32.ts'
import type { CID } from '../cid.ts'
import { hashDagCbor } from '../dag-cbor/encode.ts'
import { ACCOUNT_KEY } from '../payload/need.ts'

const THREAD_BYTES = 20

/** Thread that this requester opens with this key, and nobody else. Source: protocol.md, "Envelope". */
export function threadIdOf(net: CID, requester: Did, idempotencyKey: string, sha256: Sha256): ThreadId {
  const hash = hashDagCbor(['canswarm/thread/1', net, requester, idempotencyKey], sha256)
  return base32Of(hash.subarray(0, THREAD_BYTES)) as ThreadId
}

/** The account's own thread: that of a key that no NEED may have. Source: protocol.md, "Verbs". */
export function accountThreadOf(net: CID, account: Did, sha256: Sha256): ThreadId {
  return threadIdOf(net, account, ACCOUNT_KEY, sha256)
}
