import { parentPort } from 'node:worker_threads'
import { DefectError } from '../../model/fault.ts'
import type { PublicKey } from '../../model/ids.ts'
import { nodeCrypto } from './node-crypto.ts'

/** Signatures to judge by the rule, in one message. */
export interface SignatureBatch {
  readonly checks: readonly (readonly [key: Uint8Array, message: Uint8Array, signature: Uint8Array])[]
}

/** True when the rule accepts every one of a batch. */
export interface BatchVerdict {
  readonly accepted: boolean
}

// The entry of a thread of the pool.
const port = parentPort
if (port === null) throw new DefectError('this module runs in a worker thread')
port.on('message', ({ checks }: SignatureBatch) => {
  const accepted = checks.every(([key, message, signature]) =>
    nodeCrypto.verify(key as PublicKey, message, signature),
  )
  port.postMessage({ accepted } satisfies BatchVerdict)
})
