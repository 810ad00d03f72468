import { describe, expect, it } from 'vitest'
import { cidOf } from '../../../../src/codec/cid.ts'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import type { Ipld } from '../../../../src/codec/ipld.ts'
import { checkPayload } from '../../../../src/codec/payload/check-payload.ts'
import type { Kind } from '../../../../src/codec/payload/verbs.ts'
import { sha256 } from '../../../setup/arbitrary-envelope.ts'
import { testSigner } from '../../../setup/arbitrary-field.ts'

const link = cidOf(encodeDagCbor('a thing'), sha256)
const rawLink = cidOf(new Uint8Array(), sha256, 0x55)
const hash = new Uint8Array(32)
const alice = testSigner(1).did
const bob = testSigner(2).did
const carol = testSigner(3).did

const NEED = {
  label: 'a word count',
  task_type: 'text/count',
  capability: 'text',
  input: { inline: new Uint8Array(10) },
  requires: [],
  produces: ['count'],
  constraints: {},
  task_class: 'simple',
  budget: '1000000',
  verify_bounty: '0',
  verification: { mode: 'reexecute' },
  idempotency_key: 'first',
} as const

const OPERATION = { op_id: 'o1', op_type: 'ADD_TASK', task_id: 't1', payload: { label: 'one' } } as const

function boxFor(to: string): Ipld {
  return { to, box: new Uint8Array(48) }
}

function sealedNeed(readers: readonly string[], constraints: Ipld): Ipld {
  return { ...NEED, input: { sealed: readers.map(boxFor) }, constraints }
}

function patchOf(...ops: readonly Ipld[]): Ipld {
  return { patch: { ops, base_lamport: 3 } }
}

/** [what, verb, payload, code, field] */
const REFUSED: readonly (readonly [string, Kind, Ipld, string, string])[] = [
  ['an amount with a sign', 'STAKE', { amount: '-1' }, 'MALFORMED', 'payload.amount'],
  ['an amount with a leading zero', 'STAKE', { amount: '01' }, 'MALFORMED', 'payload.amount'],
  ['an amount of 25 digits', 'STAKE', { amount: '9'.repeat(25) }, 'MALFORMED', 'payload.amount'],
  ['an amount as a number', 'STAKE', { amount: 1 }, 'MALFORMED', 'payload.amount'],
  ['a transfer of nothing', 'TRANSFER', { to: alice, amount: '0' }, 'MALFORMED', 'payload.amount'],
  [
    'a transfer to no key',
    'TRANSFER',
    { to: `${alice.slice(0, -1)}0`, amount: '1' },
    'MALFORMED',
    'payload.to',
  ],
  ['a long memo', 'TRANSFER', { to: alice, amount: '1', memo: 'x'.repeat(257) }, 'TOO_LARGE', 'payload.memo'],
  ['half a character', 'TRANSFER', { to: alice, amount: '1', memo: '\ud800' }, 'MALFORMED', 'payload.memo'],
  ['an id of plain bytes', 'CANCEL', { need_id: rawLink }, 'MALFORMED', 'payload.need_id'],
  ['an id as text', 'CANCEL', { need_id: link.toString() }, 'MALFORMED', 'payload.need_id'],
  ['bytes in place of a map', 'DEREGISTER', new Uint8Array(), 'MALFORMED', 'payload'],
  ['a key that nobody asked for', 'DEREGISTER', { more: 1 }, 'MALFORMED', 'payload.more'],
  ['a trace context of another form', 'DEREGISTER', { trace: 'abc' }, 'MALFORMED', 'payload.trace'],
  ['no capability', 'REGISTER', { stake: '1', capabilities: [] }, 'MALFORMED', 'payload.capabilities'],
  [
    'a capability twice',
    'REGISTER',
    { stake: '1', capabilities: ['a', 'a'] },
    'MALFORMED',
    'payload.capabilities',
  ],
  [
    'too many capabilities',
    'REGISTER',
    { stake: '1', capabilities: Array.from({ length: 65 }, (_, n) => `c${n}`) },
    'TOO_LARGE',
    'payload.capabilities',
  ],
  [
    'a name in capitals',
    'REGISTER',
    { stake: '1', capabilities: ['A'] },
    'MALFORMED',
    'payload.capabilities[0]',
  ],
  [
    'the key of the account thread',
    'NEED',
    { ...NEED, idempotency_key: 'account' },
    'MALFORMED',
    'payload.idempotency_key',
  ],
  [
    'an inline input over 64 KiB',
    'NEED',
    { ...NEED, input: { inline: new Uint8Array(65_537) } },
    'TOO_LARGE',
    'payload.input.inline',
  ],
  ['an input by a CID of no size', 'NEED', { ...NEED, input: { cid: link } }, 'MALFORMED', 'payload.input'],
  [
    'an input of two forms',
    'NEED',
    { ...NEED, input: { inline: hash, cid: link, size: 1 } },
    'MALFORMED',
    'payload.input.cid',
  ],
  [
    'an unknown verification mode',
    'NEED',
    { ...NEED, verification: { mode: 'trust' } },
    'MALFORMED',
    'payload.verification.mode',
  ],
  [
    'a need that requires one twice',
    'NEED',
    { ...NEED, requires: [link, link] },
    'MALFORMED',
    'payload.requires',
  ],
  ['sealed to nobody named', 'NEED', sealedNeed([alice], {}), 'MALFORMED', 'payload.input.sealed'],
  [
    'sealed, and no judge named',
    'NEED',
    sealedNeed([alice], { invited: [alice] }),
    'MALFORMED',
    'payload.input.sealed',
  ],
  [
    'sealed to somebody who is not named',
    'NEED',
    sealedNeed([alice, bob, carol], { invited: [alice], judges: [bob] }),
    'MALFORMED',
    'payload.input.sealed',
  ],
  [
    'sealed, and a judge has no box',
    'NEED',
    sealedNeed([alice], { invited: [alice], judges: [bob] }),
    'MALFORMED',
    'payload.input.sealed',
  ],
  ['no operation', 'UPDATE_PLAN', patchOf(), 'MALFORMED', 'payload.patch.ops'],
  ['an op_id twice', 'UPDATE_PLAN', patchOf(OPERATION, OPERATION), 'MALFORMED', 'payload.patch.ops'],
  [
    'too many operations',
    'UPDATE_PLAN',
    patchOf(...Array.from({ length: 257 }, (_, n) => ({ ...OPERATION, op_id: `o${n}` }))),
    'TOO_LARGE',
    'payload.patch.ops',
  ],
  [
    'an unknown operation',
    'UPDATE_PLAN',
    patchOf({ ...OPERATION, op_type: 'DROP' }),
    'MALFORMED',
    'payload.patch.ops[0].op_type',
  ],
  [
    'an operation with the payload of another',
    'UPDATE_PLAN',
    patchOf(OPERATION, { ...OPERATION, op_id: 'o2', op_type: 'REQUIRES' }),
    'MALFORMED',
    'payload.patch.ops[1].payload.requires',
  ],
]

describe('what a payload is refused for', () => {
  it.each(REFUSED)('%s', (_what, kind, payload, code, field) => {
    expect(checkPayload(kind, payload)).toMatchObject({ ok: false, error: { code, field } })
  })

  it('a message of others never fills a log: what they sent is cut', () => {
    const checked = checkPayload('DEREGISTER', { ['k'.repeat(60_000)]: 1 })
    expect(checked.ok).toBe(false)
    if (checked.ok) return
    expect(checked.error.message.length).toBeLessThanOrEqual(120)
    expect(checked.error.field?.length).toBeLessThanOrEqual(60)
  })

  it('half a character that is left of a cut key does not reach a message', () => {
    const checked = checkPayload('DEREGISTER', { [`${'k'.repeat(38)}\u{1f600}\u{1f600}`]: 1 })
    expect(checked.ok || checked.error.field?.isWellFormed()).toBe(true)
  })
})

describe('what looks like it and is accepted', () => {
  it.each<[string, Kind, Ipld]>([
    ['a need', 'NEED', NEED],
    [
      'an input sealed to worker and judges',
      'NEED',
      sealedNeed([alice, bob], { invited: [alice], judges: [bob] }),
    ],
    ['content by the CID of plain bytes', 'NEED', { ...NEED, input: { cid: rawLink, size: 70_000 } }],
    ['nothing to say', 'DEREGISTER', {}],
    ['two operations', 'UPDATE_PLAN', patchOf(OPERATION, { ...OPERATION, op_id: 'o2' })],
  ])('%s', (_what, kind, payload) => {
    expect(checkPayload(kind, payload)).toEqual({ ok: true, value: payload })
  })
})
