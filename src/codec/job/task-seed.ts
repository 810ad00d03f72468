import type { Sha256 } from '../../ports/crypto.ts'
import { hashDagCbor } from '../dag-cbor/encode.ts'

/**
 * All the chance that a deterministic task knows, 32 bytes: the same for worker, verifier and replay, since it is of
 * the need alone. `need`: text of the need's id. Its author can foresee it.
 */
export function taskSeed(need: string, sha256: Sha256): Uint8Array {
  return hashDagCbor(['canswarm/task-seed/1', need], sha256)
}
