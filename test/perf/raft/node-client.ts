import { FrameSplitter } from '../../../src/codec/raft-frame/length-prefix.ts'
import { BatchedSocket } from './batched-socket.ts'
import { decodeAnswers, encodePut } from './bench-protocol.ts'
import type { PutStore } from './put-store.ts'

/** A node of the benchmark, over its own small protocol: one connection, any number of callers. */
export async function dialNode(port: number): Promise<PutStore> {
  const open = new Map<number, { resolve: (took: boolean) => void; reject: (why: Error) => void }>()
  const splitter = new FrameSplitter(1_048_576)
  let serial = 0
  const socket = await BatchedSocket.dial(port, (piece) => {
    const frames = splitter.take(piece)
    if (!frames.ok) return socket.close()
    for (const frame of frames.value) {
      for (const { request, outcome } of decodeAnswers(frame)) {
        const caller = open.get(request)
        open.delete(request)
        if (outcome === 'failed') caller?.reject(new Error('the node cannot say'))
        else caller?.resolve(outcome === 'took')
      }
    }
  })
  return {
    put(key, value) {
      const request = ++serial
      socket.write(encodePut(request, key, value))
      return new Promise((resolve, reject) => open.set(request, { resolve, reject }))
    },
    close: () => socket.close(),
  }
}
