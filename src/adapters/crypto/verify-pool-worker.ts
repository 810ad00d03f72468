import { parentPort } from 'node:worker_threads'
import { DefectError } from '../../model/fault.ts'
import { nodeCrypto } from './node-crypto.ts'
import { signaturesOf } from './signature-batch.ts'

/** True when the rule accepts every one of a batch. */
export interface BatchVerdict {
  readonly accepted: boolean
}

// The entry of a thread of the pool: gets batches as `SignatureBatch` writes them.
const port = parentPort
if (port === null) throw new DefectError('this module runs in a worker thread')
port.on('message', (batch: Uint8Array) => {
  const accepted = signaturesOf(batch).every(([key, message, signature]) =>
    nodeCrypto.verify(key, message, signature),
  )
  port.postMessage({ accepted } satisfies BatchVerdict)
})
