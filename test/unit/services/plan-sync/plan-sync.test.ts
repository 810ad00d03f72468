import { deflateRawSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { concatBytes } from '../../../../src/codec/bytes.ts'
import {
  decodePlanSyncAnswer,
  decodePlanSyncRequest,
  encodePlanSync,
} from '../../../../src/codec/plan-sync/request.ts'
import { varintOf } from '../../../../src/codec/varint.ts'
import type { PlanOp } from '../../../../src/core/plan/operation.ts'
import type { Did, ThreadId } from '../../../../src/model/ids.ts'
import type { DocumentChange } from '../../../../src/ports/plan-documents.ts'
import { ManualClock } from '../../../setup/manual-clock.ts'
import { addTask, PlanNet, type PlanNode, patch, personOf, threadOf } from '../../../setup/plan-nodes.ts'

const THREAD = threadOf('thread')
const OTHER = threadOf('other')
let net: PlanNet

beforeEach(() => {
  net = new PlanNet()
})
afterEach(() => net.close())

const tasksOf = ({ book }: PlanNode, thread = THREAD): readonly string[] => book.plan(thread).tasks()
const rootOf = ({ book }: PlanNode): string => Buffer.from(book.root()).toString('hex')
/** Task names `a0`, `a1`, … of one author, each in an envelope of its own. */
function writeTasks(node: PlanNode, name: string, count: number, thread: ThreadId = THREAD): void {
  for (let n = 0; n < count; n++)
    net.write(node, patch(thread, personOf(name), n + 1, [addTask(`${name}${n}`)]))
}

describe('plans of nodes that edited while apart', () => {
  it('are the same on all three after each spoke with its neighbour, whatever each wrote', async () => {
    const [a, b, c] = [net.open('a'), net.open('b'), net.open('c')]
    writeTasks(a, 'a', 3)
    writeTasks(b, 'b', 2)
    writeTasks(c, 'c', 1)
    net.write(c, patch(OTHER, personOf('c'), 1, [addTask('x'), addTask('y')]))
    net.write(
      a,
      patch(THREAD, personOf('a'), 9, [
        { op_id: '1', op_type: 'STATE', task_id: 'b0', payload: { state: 'CLAIMED' } },
      ]),
    )
    await a.sync.syncWith(b.did)
    await b.sync.syncWith(c.did)
    await c.sync.syncWith(a.did)
    for (const node of [a, b, c]) {
      expect(tasksOf(node)).toEqual(['a0', 'a1', 'a2', 'b0', 'b1', 'c0'])
      expect(tasksOf(node, OTHER)).toEqual(['x', 'y'])
      expect(node.book.plan(THREAD).state('b0')).toBe('CLAIMED')
      expect([node.faults, node.blames, node.sync.quarantined]).toEqual([[], [], 0])
    }
    expect(new Set([a, b, c].map(rootOf)).size).toBe(1)
  })

  it('cost one small request when nothing differs', async () => {
    const [a, b] = [net.open('a'), net.open('b')]
    for (const node of [a, b])
      for (let n = 0; n < 50; n++) writeTasks(node, 'a', 1, threadOf(`t${'abcdefghij'[n % 10]}`))
    const report = await a.sync.syncWith(b.did)
    expect(report).toMatchObject({ threads: 0, requests: 1 })
    expect(report?.bytes).toBeLessThan(200)
  })

  it('go on another time when one of them answers late', async () => {
    const clock = new ManualClock()
    const [a, b] = [net.open('a', clock), net.open('b')]
    for (const name of 'abcdefgh') writeTasks(b, name, 1, threadOf(`t${name}`))
    const answers = net.handlerOf(b.did)
    net.answerAs(b.did, async (from, body) => {
      clock.advance(9_900)
      return await answers(from, body)
    })
    await a.sync.syncWith(b.did)
    expect(a.fetched.length).toBeGreaterThan(0)
    expect(a.fetched.length).toBeLessThan(8)
    for (let n = 0; n < 6 && a.fetched.length < 8; n++) await a.sync.syncWith(b.did)
    expect(rootOf(a)).toBe(rootOf(b))
  })

  it('let only travel what is missing', async () => {
    const [a, b] = [net.open('a'), net.open('b')]
    writeTasks(a, 'a', 40)
    writeTasks(a, 'o', 5, OTHER)
    const first = await b.sync.syncWith(a.did)
    expect(first?.threads).toBe(2)
    expect(b.fetched).toHaveLength(45)
    writeTasks(a, 'z', 1)
    const second = await b.sync.syncWith(a.did)
    expect(second?.threads).toBe(1)
    expect(b.fetched).toHaveLength(46)
    expect(second?.bytes).toBeLessThan((first?.bytes ?? 0) / 3)
    expect(tasksOf(b)).toHaveLength(41)
  })

  it('an envelope that cannot be fetched now ends the sync, and blames nobody', async () => {
    const [a, b] = [net.open('a'), net.open('b')]
    writeTasks(a, 'a', 1)
    net.part(a)
    expect(await b.sync.syncWith(a.did)).toBeUndefined()
    expect(b.faults).toEqual(['nobody there'])
    expect([b.blames, b.sync.quarantined]).toEqual([[], 0])
  })
})

/** A peer that says of a thread what `say` makes of the honest answer's changes. */
async function evil(b: PlanNode, said: readonly DocumentChange[], thread = THREAD): Promise<PlanNode> {
  const liar = net.open('liar')
  const { documents } = liar
  net.answerAs(liar.did, async (from, body) => {
    const request = decodePlanSyncRequest(body)
    if (!request.ok) throw new Error('an honest node asks')
    switch (request.value.kind) {
      case 'compare':
        return encodePlanSync({ kind: 'parts', digests: new Uint8Array(256 * 8).fill(1) })
      case 'threads':
        return encodePlanSync({ kind: 'threads', threads: [[thread, new Uint8Array(32)]], more: false })
      case 'sync': {
        const heard = await documents.read(request.value.message)
        if (!heard.ok) throw new Error('an honest node is understood')
        const step = { thread, peer: from, changes: said, heard: heard.value }
        const outcome = await documents.step(step)
        const message = outcome.kind === 'say' ? outcome.message : undefined
        return encodePlanSync({ kind: 'sync', ...(message !== undefined && { message }) })
      }
      default:
        return request.value satisfies never
    }
  })
  await b.sync.syncWith(liar.did)
  return liar
}

/** As a document holds the operations of an envelope, changed by a liar. */
const changeOf = (ops: readonly PlanOp[], more: Partial<DocumentChange> = {}): DocumentChange => {
  const [{ envelope, actor, lamport }] = ops as [PlanOp]
  const documentOps = ops.map(({ op }) => ({
    opId: op.op_id,
    opType: op.op_type,
    taskId: op.task_id,
    payload: Uint8Array.of(0xa1, 0x65, ...Buffer.from('label'), 0x61, 0x78),
  }))
  return { envelope, actor, lamport, ops: documentOps, ...more }
}

async function expectPoisoned(b: PlanNode, liar: Did, before: string): Promise<void> {
  expect(rootOf(b)).toBe(before)
  expect(b.sync.quarantined).toBe(1)
  expect(b.blames).toHaveLength(1)
  expect(b.blames[0]).toContain(liar)
  // Its word about this thread is not asked for again.
  await b.sync.syncWith(liar)
  expect(b.sync.quarantined).toBe(1)
}

describe('a poisoned document changes nothing and is quarantined', () => {
  const owner = personOf('owner')
  let b: PlanNode
  let before: string

  beforeEach(() => {
    b = net.open('b')
    writeTasks(b, 'b', 2)
    before = rootOf(b)
  })

  it('with operations without a valid envelope', async () => {
    const forged = patch(THREAD, owner, 5, [addTask('x', 'x')])
    const liar = await evil(b, [changeOf(forged)])
    await expectPoisoned(b, liar.did, before)
  })

  it('with other operations than those of the envelope that it names', async () => {
    const good = patch(THREAD, owner, 5, [addTask('good', 'x')])
    net.write(b, good)
    before = rootOf(b)
    const bad = patch(THREAD, owner, 5, [addTask('bad', 'x')])
    const liar = await evil(b, [changeOf(bad, { envelope: (good[0] as PlanOp).envelope })])
    await expectPoisoned(b, liar.did, before)
    expect(tasksOf(b)).toEqual(['b0', 'b1', 'good'])
  })

  it('with an actor that is another author', async () => {
    const good = patch(THREAD, owner, 5, [addTask('x', 'x')])
    net.write(b, good)
    before = rootOf(b)
    const liar = await evil(b, [changeOf(good, { actor: personOf('squatter') })])
    await expectPoisoned(b, liar.did, before)
  })

  it('with a change that inflates beyond measure', async () => {
    const liar = net.open('liar')
    const bomb = deflateRawSync(Buffer.alloc(64_000_000))
    const chunk = concatBytes(
      Uint8Array.of(0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 2),
      varintOf(bomb.length),
      bomb,
    )
    const message = concatBytes(Uint8Array.of(0x42, 0, 0, 0, 1), varintOf(chunk.length), chunk)
    const request = { v: 1, kind: 'sync', thread: THREAD, begin: true, message } as const
    const answer = decodePlanSyncAnswer(await net.request(liar.did, b.did, encodePlanSync(request)))
    expect(answer).toEqual({ ok: true, value: { kind: 'refused' } })
    await expectPoisoned(b, liar.did, before)
  })

  it('and hurts no other thread, and no other peer', async () => {
    const liar = await evil(b, [changeOf(patch(THREAD, owner, 5, [addTask('x', 'x')]))])
    const honest = net.open('honest')
    writeTasks(honest, 'h', 2)
    await b.sync.syncWith(honest.did)
    expect(tasksOf(b)).toEqual(['b0', 'b1', 'h0', 'h1'])
    const good = patch(OTHER, owner, 5, [addTask('x', 'x')])
    net.allow(good)
    await evil(b, [changeOf(good)], OTHER)
    expect(tasksOf(b, OTHER)).toEqual(['x'])
    expect(b.sync.quarantined).toBe(1)
    expect(nodeCrypto.sha256(b.book.parts())).toEqual(b.book.root())
    expect(liar.book.plan(THREAD).tasks()).toEqual([])
  })
})
