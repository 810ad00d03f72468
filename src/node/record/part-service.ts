import type { MessagePort } from 'node:worker_threads'
import { machinesOf } from '../../core/machines/machines.ts'
import { PartRunner } from '../../replay/part-runner.ts'
import { offline } from '../offline.ts'
import { openPolicyEngine } from '../policy/runtime.ts'
import { type PackedPart, packSum, unpackPart, unpackViews } from './packed-part.ts'
import type { ThreadGround, ThreadResult } from './part-threads.ts'

/** Does every part that comes, in order, signatures included, and answers each. */
export function startParts(port: MessagePort, { blocks, ...ground }: ThreadGround): void {
  const options = { crypto: offline.crypto, policy: openPolicyEngine(), machinesOf }
  const runner = new PartRunner(options, { ...ground, blocks: unpackViews(blocks) })
  port.on('message', (packed: PackedPart) => {
    const result = runner.run(unpackPart(packed))
    const answer: ThreadResult = 'isFlawed' in result ? result : packSum(result)
    port.postMessage(answer, 'isFlawed' in answer ? [] : [answer.bodies.bytes.buffer])
  })
}
