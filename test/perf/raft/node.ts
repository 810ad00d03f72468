/**
 * One node of the benchmark as a process: `node node.ts JSON`, of `NodePlan`. Clients put over TCP
 * (`bench-protocol.ts`); a line of JSON asks for `NodeReport`, and the end of input ends it.
 */
import { createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { nodeCrypto } from '../../../src/adapters/crypto/node-crypto.ts'
import { FrameSplitter } from '../../../src/codec/raft-frame/length-prefix.ts'
import type { GroupId, RaftId } from '../../../src/model/raft.ts'
import { HOST_SETTINGS } from '../../../src/services/raft-host/settings.ts'
import { certified } from '../../setup/certified-world.ts'
import { startRaftNode } from '../../setup/raft-node.ts'
import { BatchedSocket } from './batched-socket.ts'
import { decodePut, encodeAnswers, type PutOutcome } from './bench-protocol.ts'
import type { NodePlan, NodeReport } from './node-plan.ts'
import { KEY_BYTES } from './put-store.ts'
import { registerMachine } from './register-machine.ts'

const DEADLINE_TICKS = 200
const plan = JSON.parse(process.argv[2] ?? '{}') as NodePlan
const machine = registerMachine(nodeCrypto.sha256, plan.keep)
const sealedStep: typeof machine.step = (...view) => ({ ...machine.step(...view), seal: true })
const { host, loop, engine, store } = await startRaftNode({
  directory: plan.directory,
  self: plan.self as RaftId,
  ports: plan.ports,
  groups: Array.from({ length: plan.groups }, (_, at) => at as GroupId),
  settings: HOST_SETTINGS,
  tickMs: 100,
  machine: plan.certified === true ? { ...machine, step: sealedStep } : machine,
  ...(plan.certified === true ? { certification: certified(plan.ports.length, 0)(plan.self as RaftId) } : {}),
})
const server = createServer(serve).listen(plan.clientPort, '127.0.0.1', () => process.stdout.write('{}\n'))
for await (const _ of createInterface({ input: process.stdin })) process.stdout.write(`${report()}\n`)
loop.stop()
server.close()
store.close()
process.exit(0)

function serve(socket: Socket): void {
  const splitter = new FrameSplitter(1_048_576)
  let answers: { request: number; outcome: PutOutcome }[] = []
  const client = new BatchedSocket(socket, (piece) => {
    const frames = splitter.take(piece)
    if (!frames.ok) return client.close()
    for (const frame of frames.value) {
      put(frame, (request, outcome) => {
        if (answers.length === 0) queueMicrotask(flush)
        answers.push({ request, outcome })
      })
    }
    loop.soon()
  })
  const flush = (): void => {
    client.write(encodeAnswers(answers))
    answers = []
  }
}

/** Bucket by the key, group by the bucket; group 0 is the hub's, which has none. */
function put(frame: Uint8Array, done: (request: number, outcome: PutOutcome) => void): void {
  const { request, key } = decodePut(frame)
  const bucket = key[KEY_BYTES - 1] ?? 0
  const group = (1 + (bucket % (plan.groups - 1))) as GroupId
  host.propose(group, host.ticket(group, key), frame.subarray(4), DEADLINE_TICKS, (outcome) => {
    if (outcome.kind !== 'settled') done(request, 'failed')
    else done(request, outcome.verdict.kind === 'applied' ? 'took' : 'there')
  })
}

function report(): string {
  const groups = Array.from({ length: plan.groups }, (_, at) => host.group(at as GroupId))
  const told: NodeReport = {
    leads: host.leads().length,
    asleep: groups.filter((group) => group?.asleep === true).length,
    positions: groups.map((group) => group?.replica?.position ?? 0),
    wasmBytes: engine.memoryBytes(),
    rssBytes: process.memoryUsage().rss,
    heapBytes: process.memoryUsage().heapUsed,
    turns: loop.turns,
    storeBytes: store.room().usedBytes,
  }
  return JSON.stringify(told)
}
