import { createHash } from 'node:crypto'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import type { CID } from '../../src/codec/cid.ts'
import { decodeDagCbor } from '../../src/codec/dag-cbor/decode.ts'
import { decodeDagJson } from '../../src/codec/dag-json/decode.ts'
import { headerOf } from '../../src/codec/envelope/envelope.ts'
import { readEnvelope, type UnverifiedSingle } from '../../src/codec/envelope/single-form.ts'
import type { Ipld } from '../../src/codec/ipld.ts'
import { encodeThread } from '../../src/core/thread/encode.ts'
import { THREAD_LIMITS } from '../../src/core/thread/limits.ts'
import { stepThread } from '../../src/core/thread/step.ts'
import { applyWrites, emptyThread, threadView } from '../../src/core/thread/view.ts'
import type { Result } from '../../src/model/result.ts'

/** A NEED as a person would write it. */
export function demoNeed(input: Uint8Array): string {
  return JSON.stringify({
    label: 'Count the words of a text',
    task_type: 'text.count',
    capability: 'wc',
    input: { inline: { '/': { bytes: Buffer.from(input).toString('base64').replaceAll('=', '') } } },
    requires: [],
    produces: ['count'],
    constraints: {},
    task_class: 'simple',
    budget: '1000000',
    verify_bounty: '200000',
    verification: { mode: 'reexecute' },
    idempotency_key: 'demo',
  })
}

export function demoPatch(name: string): string {
  const ops = [
    { op_id: `${name}-1`, op_type: 'ADD_TASK', task_id: 'count', payload: { label: 'count the words' } },
    { op_id: `${name}-2`, op_type: 'ANNOTATE', task_id: 'count', payload: { key: 'note', value: name } },
  ]
  return JSON.stringify({ patch: { ops, base_lamport: 1 } })
}

/** SHA-256 of the state that a thread's envelopes leave, in the order given. */
export function foldHash(lines: readonly string[]): string {
  const envelopes = lines.map(readLine)
  const [first] = envelopes
  if (first === undefined) throw new Error('a thread has an envelope')
  const maps = emptyThread(first.body.thread)
  const limits = { ...THREAD_LIMITS, heldPerSenderMax: lines.length, heldMax: lines.length }
  for (const envelope of envelopes)
    applyWrites(maps, stepThread(threadView(maps), headerOf(envelope), limits).writes)
  if (maps.accepted.size !== lines.length)
    throw new Error(`${maps.accepted.size} of ${lines.length} accepted`)
  return createHash('sha256')
    .update(encodeThread(threadView(maps)))
    .digest('hex')
}

function readLine(line: string): UnverifiedSingle {
  const value = valueOf(decodeDagJson(line))
  const { body } = value as { readonly body: Uint8Array }
  const { net } = valueOf(decodeDagCbor(body)) as { readonly [key: string]: Ipld }
  return valueOf(readEnvelope(value, { net: net as CID, sha256: nodeCrypto.sha256 }))
}

function valueOf<Value>(result: Result<Value, { readonly message: string }>): Value {
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}

/** Fisher and Yates with a small generator, so that a run can be repeated. */
export function shuffled(lines: readonly string[], seed: number): readonly string[] {
  const order = [...lines]
  let state = seed + 1
  for (let last = order.length - 1; last > 0; last--) {
    state = (state * 48_271) % 2_147_483_647
    const other = state % (last + 1)
    ;[order[last], order[other]] = [order[other] ?? '', order[last] ?? '']
  }
  return order
}

/** The line with one bit of the envelope's body changed. */
export function flipByte(line: string): string {
  const envelope = JSON.parse(line)
  const body = Buffer.from(envelope.body['/'].bytes, 'base64')
  const at = body.indexOf('Count the words')
  body[at] = (body[at] ?? 0) ^ 1
  envelope.body['/'].bytes = body.toString('base64').replaceAll('=', '')
  return `${JSON.stringify(envelope)}\n`
}
