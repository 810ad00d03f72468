import { afterEach, describe, expect, it } from 'vitest'
import { actorOf } from '../../../../src/adapters/automerge/document-change.ts'
import {
  AutomergeDocuments,
  type AutomergeDocumentsOptions,
} from '../../../../src/adapters/automerge/documents.ts'
import { limitMemory } from '../../../../src/adapters/automerge/limit-memory.ts'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { type WasmMemory, webAssembly } from '../../../../src/adapters/opa-wasm/web-assembly.ts'
import { systemClock } from '../../../../src/adapters/system/clock.ts'
import { PlanBook } from '../../../../src/services/plan-sync/plan-book.ts'
import { automergeWasm, readyAutomerge } from '../../../setup/automerge-wasm.ts'
import { addTask, patch, personOf, threadOf } from '../../../setup/plan-nodes.ts'

const THREAD = threadOf('thread')
const [ANN, BEN] = [personOf('ann'), personOf('ben')]
const opened: AutomergeDocuments[] = []
afterEach(async () => {
  for (const documents of opened.splice(0)) await documents.close()
})

function open(more: Partial<AutomergeDocumentsOptions> = {}): AutomergeDocuments {
  const documents = new AutomergeDocuments({ clock: systemClock, ...more })
  opened.push(documents)
  return documents
}

function changes() {
  const book = new PlanBook(nodeCrypto.sha256)
  book.add(patch(THREAD, ANN, 1, [addTask('a', 'write'), addTask('b', 'read')]))
  book.add(
    patch(THREAD, BEN, 2, [
      { op_id: '1', op_type: 'REQUIRES', task_id: 'b', payload: { requires: 'a' } },
      { op_id: '2', op_type: 'ANNOTATE', task_id: 'a', payload: { key: 'why', value: 'because' } },
    ]),
  )
  return book.changes(THREAD)
}

describe('the document of a plan', () => {
  it('holds tasks, edges, annotations and operations, and any Automerge can read it', async () => {
    const Automerge = await readyAutomerge()
    const doc = Automerge.load<Record<string, unknown>>(await open().save(THREAD, changes()))
    const plain = JSON.parse(JSON.stringify(doc)) as Record<string, unknown>
    expect(plain['tasks']).toEqual({ a: { label: 'write' }, b: { label: 'read' } })
    expect(plain['edges']).toEqual({ REQUIRES: { 'b a': true }, PRODUCES: {}, LINK: {} })
    expect(plain['annotations']).toEqual({ 'a why': { value: 'because', lamport: 2 } })
    expect(plain['ops']).toHaveLength(4)
  })

  it('is the same bytes on every node, in whatever order its envelopes came, with the actors of their authors', async () => {
    const Automerge = await readyAutomerge()
    const all = changes()
    const [one, other] = [await open().save(THREAD, all), await open().save(THREAD, all.toReversed())]
    const [first, second] = [one, other].map((bytes) => Automerge.load(bytes))
    expect(Automerge.getHeads(first as never)).toEqual(Automerge.getHeads(second as never))
    const actors = Automerge.getAllChanges(first as never).map(
      (change) => Automerge.decodeChange(change).actor,
    )
    expect(actors.slice(1).toSorted()).toEqual(
      all.map(({ actor, envelope }) => actorOf(actor, envelope)).toSorted(),
    )
  })

  it('is forgotten when others are used more, and made anew from what the call brings', async () => {
    const documents = open({ documentsMax: 1 })
    const before = await documents.save(THREAD, changes())
    await documents.save(threadOf('other'), [])
    expect(await documents.save(THREAD, changes())).toEqual(before)
    documents.forget(THREAD)
    expect(await documents.save(THREAD, changes())).toEqual(before)
  })
})

describe('the worker of documents', () => {
  it('that dies over a call faults that call alone', async () => {
    const documents = open({ worker: new URL('../../../setup/dying-worker.ts', import.meta.url) })
    const calls = [documents.save(THREAD, []), documents.save(THREAD, [])]
    for (const { status, reason } of (await Promise.allSettled(calls)) as PromiseRejectedResult[])
      expect([status, (reason as { code: string }).code]).toEqual(['rejected', 'worker'])
  })

  it('that is too slow is ended, and the next call is answered by another one', async () => {
    let late: (() => void) | undefined
    const clock = {
      ...systemClock,
      after: (_ms: number, task: () => void) => {
        late ??= task
        return () => undefined
      },
    }
    const documents = open({ clock })
    const slow = documents.save(THREAD, changes())
    const next = documents.save(THREAD, changes())
    late?.()
    await expect(slow).rejects.toMatchObject({ code: 'worker' })
    expect((await next).length).toBeGreaterThan(100)
  })

  it('has memory up to a maximum, which the module cannot pass', async () => {
    const limited = limitMemory(automergeWasm(), 64)
    expect(new webAssembly.Module(limited)).toBeDefined()
    const tiny = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 3, 1, 0, 1, 7, 5, 1, 1, 0x6d, 2, 0)
    const instance = new webAssembly.Instance(new webAssembly.Module(limitMemory(tiny, 3)), {})
    const memory = instance.exports['m'] as WasmMemory
    memory.grow(2)
    expect(() => memory.grow(1)).toThrow(RangeError)
  })
})
