import { parentPort } from 'node:worker_threads'
import { DefectError } from '../../model/fault.ts'
import { assertSignatureRule } from './self-test.ts'
import { acceptsZip215 } from './zip215.ts'

/** What goes to the worker thread: checks in order. */
export interface CheckBatch {
  readonly checks: readonly {
    readonly key: Uint8Array
    readonly message: Uint8Array
    readonly signature: Uint8Array
  }[]
}

/** What comes back for each batch, in the order of its checks. */
export interface VerdictBatch {
  readonly accepted: readonly boolean[]
}

// The entry of the second opinion's thread. It imports nothing but the rule and its test, so that a bundle of this
// file is the whole thread. A thread that fails the test ends before it gives a verdict.
const port = parentPort
if (port === null) throw new DefectError('this module runs in a worker thread')
assertSignatureRule('full')
port.on('message', ({ checks }: CheckBatch) => {
  const accepted = checks.map(({ key, message, signature }) => acceptsZip215(key, message, signature))
  port.postMessage({ accepted } satisfies VerdictBatch)
})
