import { enableCompileCache } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { DefectError } from '../../model/fault.ts'
import type { ThreadData, ThreadGround } from './part-threads.ts'

// The entry of a thread that does buckets of a file. What it needs is loaded once the cache is there that the process
// has: that halves its start.
const { compiled } = workerData as ThreadData
if (compiled !== undefined) enableCompileCache(compiled)
const port = parentPort
if (port === null) throw new DefectError('this module runs in a worker thread')

const { startParts } = await import('./part-service.ts')
port.once('message', (ground: ThreadGround) => startParts(port, ground))
