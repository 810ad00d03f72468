import { createHash } from 'node:crypto'
import { cidOf, RAW } from '../../src/codec/cid.ts'
import type { BodyDraft } from '../../src/codec/envelope/body.ts'
import { draftBody } from '../../src/codec/envelope/draft-body.ts'
import { accountThreadOf, threadIdOf } from '../../src/codec/envelope/thread-id.ts'
import { type Kind, type Payload, VERBS } from '../../src/codec/payload/verbs.ts'
import type { Did, EnvelopeId, Lamport, Seq } from '../../src/model/ids.ts'
import type { MicroText } from '../../src/model/micro.ts'

export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest())
}

export const NET = cidOf(new TextEncoder().encode('a network'), sha256)
export const CAPSULE = cidOf(new TextEncoder().encode('a capsule'), sha256)
const SENDER = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' as Did

const id = (text: string) => cidOf(new TextEncoder().encode(text), sha256)
const hash = (text: string) => sha256(new TextEncoder().encode(text))
const micro = (text: string) => text as MicroText
const artifact = { cid: cidOf(hash('the result'), sha256, RAW), size: 48_213 }
const need_id = id('need')
const proposal_id = id('proposal')
const commit_id = id('commit')
const lease_id = id('lease')
const challenge_id = id('challenge')
const lease = { lease_ttl: 60_000, heartbeat_interval: 10_000 }
const patch: Payload<'UPDATE_PLAN'>['patch'] = {
  ops: [
    { op_id: 'op-1', op_type: 'ADD_TASK', task_id: 'draft', payload: { label: 'Write the draft' } },
    { op_id: 'op-2', op_type: 'ADD_TASK', task_id: 'check', payload: { label: 'Check the figures' } },
    { op_id: 'op-3', op_type: 'REQUIRES', task_id: 'check', payload: { requires: 'draft' } },
  ],
  base_lamport: 3,
}

/** A usual payload of every verb. */
export const PAYLOADS: { readonly [K in Kind]: Payload<K> } = {
  NEED: {
    label: 'Summarise the quarterly report',
    task_type: 'text/summarize',
    capability: 'summarize',
    input: { cid: cidOf(hash('the report'), sha256, RAW), size: 181_402 },
    requires: [],
    produces: ['summary'],
    constraints: { zone: 'eu-west', deadline: 3_600_000 },
    task_class: 'simple',
    budget: micro('5000000'),
    verify_bounty: micro('1000000'),
    verification: { mode: 'reexecute' },
    idempotency_key: 'run-2026-11-21-0001',
  },
  CANCEL: { need_id },
  PROPOSE: {
    need_id,
    bid_round: 0,
    cost: micro('4200000'),
    eta: 45_000,
    ...lease,
    manifest: id('manifest'),
    registry: {
      slot: 1204,
      record: hash('record'),
      path: [
        [0, hash('left')],
        [1, hash('right')],
      ],
    },
    plan: { hash: hash('plan') },
  },
  REVEAL_PLAN: { need_id, bid_round: 0, proposal_id, patch, salt: hash('salt') },
  ATTEST_PLAN: { need_id, bid_round: 0, proposal_id, verdict: 'accept', reason: 'two tasks, in order' },
  CLAIM: { need_id, attempt: 1, proposal_id, ...lease },
  HEARTBEAT: { need_id, attempt: 0, lease_id, progress: 40 },
  YIELD: { need_id, attempt: 0, lease_id, reason: 'the model is not there' },
  COMMIT: {
    need_id,
    attempt: 0,
    lease_id,
    fence: { bucket: 17, generation: 0, fence_epoch: 3, record: id('record') },
    artifact,
    telemetry: { gas: 812_344, bytes: 229_615, wall_time: 8_120 },
  },
  ATTEST_COMMIT: { need_id, attempt: 0, commit_id, hash: hash('verdict') },
  ATTEST: {
    need_id,
    attempt: 0,
    commit_id,
    verdict: 'accept',
    artifact: artifact.cid,
    gas: 812_344,
    digest: hash('digest'),
    reason: 'the same bytes',
  },
  UPDATE_PLAN: { patch },
  CHALLENGE_COMMIT: { need_id, attempt: 0, bond: micro('10000000'), hash: hash('challenge') },
  CHALLENGE: {
    need_id,
    attempt: 0,
    proof_type: 'OUTPUT_MISMATCH',
    proof: { size_bytes: 320, gas_estimate: 90_000 },
    evidence: { inline: hash('evidence') },
    salt: hash('salt'),
  },
  WITHDRAW: { need_id, challenge_id },
  VERDICT: {
    need_id,
    challenge_id,
    outcome: 'upheld',
    gas_used: 88_120,
    evidence: { inline: hash('found') },
  },
  TRANSFER: { to: SENDER, amount: micro('1500000'), memo: 'for the paper' },
  STAKE: { amount: micro('100000000') },
  UNSTAKE: { amount: micro('100000000') },
  COMPLETE_UNBONDING: {},
  REGISTER: { stake: micro('100000000'), capabilities: ['summarize'], region: 'eu' },
  DEREGISTER: {},
  MANIFEST: {
    version: 1,
    label: 'Summaries',
    capabilities: [
      {
        name: 'summarize',
        about: 'Summaries of reports',
        task_types: ['text/summarize'],
        tags: ['finance'],
        constraints: { zones: ['eu-west', 'eu-north'], isolation: 'sandbox' },
        price: micro('4000000'),
      },
    ],
  },
}

/** A usual body of a verb, up to its policy evaluation. */
export function usualDraft<K extends Kind>(kind: K, payload: Payload<K> = PAYLOADS[kind]): BodyDraft<K> {
  const opens = kind === 'NEED'
  const thread =
    VERBS[kind].thread === 'account'
      ? accountThreadOf(NET, SENDER, sha256)
      : threadIdOf(NET, SENDER, 'run-2026-11-21-0001', sha256)
  return draftBody<K>({
    net: NET,
    thread,
    kind,
    lamport: (opens ? 1 : 9) as Lamport,
    sender: SENDER,
    seq: (opens ? 1 : 2) as Seq,
    ts: 1_795_000_000_000,
    prev: opens ? [] : ([id('before').toString(), id('beside').toString()] as EnvelopeId[]),
    capsule: CAPSULE,
    payload,
  })
}
