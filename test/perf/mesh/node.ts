/** A node of the benchmark as a process: one line in, one line out; the first says who it is. Ends when its input does. */
import { createInterface } from 'node:readline'
import { BenchNode, type Question } from './bench-node.ts'

const node = await BenchNode.open()
process.stdout.write(`${JSON.stringify({ ready: true })}\n`)
for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line) as Question | { readonly kind: 'who' }
  const answer =
    question.kind === 'who' ? { did: node.did, address: node.address } : await node.answer(question)
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
await node.stop()
