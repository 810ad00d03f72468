/** Worker thread of `AutomergeDocuments`: one call after the other, each answered. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parentPort } from 'node:worker_threads'
import * as Automerge from '@automerge/automerge/slim'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { DocumentChange, ReadSyncMessage, SyncOutcome, SyncStep } from '../../ports/plan-documents.ts'
import { limitMemory, PAGE_BYTES } from './limit-memory.ts'
import { ThreadDocuments } from './thread-documents.ts'

export type DocumentsCall =
  | { readonly kind: 'read'; readonly message: Uint8Array }
  | { readonly kind: 'step'; readonly step: SyncStep }
  | { readonly kind: 'save'; readonly thread: string; readonly changes: readonly DocumentChange[] }
  | { readonly kind: 'endSync'; readonly thread: string; readonly peer: string }
  | { readonly kind: 'forget'; readonly thread: string }

export type DocumentsAnswer = Result<ReadSyncMessage, Rejection> | SyncOutcome | Uint8Array | undefined

/** All documents together. */
const MEMORY_BYTES_MAX = 268_435_456

const wasm = readFileSync(fileURLToPath(import.meta.resolve('@automerge/automerge/automerge.wasm')))
await Automerge.initializeWasm(limitMemory(wasm, MEMORY_BYTES_MAX / PAGE_BYTES))
const documents = new ThreadDocuments()

parentPort?.on('message', ({ id, call }: { readonly id: number; readonly call: DocumentsCall }) => {
  // What is thrown ends the thread: whoever started it makes the documents anew.
  const answer = run(call)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
  parentPort?.postMessage({ id, answer })
})

function run(call: DocumentsCall): DocumentsAnswer {
  switch (call.kind) {
    case 'read':
      return documents.read(call.message)
    case 'step':
      return documents.step(call.step)
    case 'save':
      return documents.save(call.thread, call.changes)
    case 'endSync':
      documents.endSync(call.thread, call.peer)
      return undefined
    case 'forget':
      documents.forget(call.thread)
      return undefined
    default:
      return call satisfies never
  }
}
