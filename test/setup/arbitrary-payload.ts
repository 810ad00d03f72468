/** One arbitrary a verb: payloads that are lawful by themselves (src/codec/payload). */
import fc from 'fast-check'
import type { Kind, Payload } from '../../src/codec/payload/verbs.ts'
import {
  bytes,
  chosenKey,
  contentLink,
  count,
  did,
  distinct,
  durationMs,
  hash32,
  idLink,
  integer,
  map,
  micro,
  microMoved,
  name,
  ppm,
  text,
} from './arbitrary-field.ts'

const COMMON = {
  trace: fc
    .tuple(bytes(16, 16), bytes(8, 8), bytes(1, 1))
    .map((parts) => ['00', ...parts.map((part) => part.toHex())].join('-')),
  budget_left: micro,
}

type Common = 'trace' | 'budget_left'

/** The verb's own fields; every payload gets the common ones now and then. */
function payload<K extends Kind>(own: fc.Arbitrary<Omit<Payload<K>, Common>>): fc.Arbitrary<Payload<K>> {
  return fc.tuple(own, map({}, COMMON)).map(([a, b]) => ({ ...a, ...b }) as Payload<K>)
}

const linked = map({ cid: contentLink, size: integer(0, 2 ** 50) })
const content = fc.oneof(map({ inline: bytes(0, 200) }), linked)
const attempt = integer(0, 255)
const reason = text(0, 1_024)
const verdict = fc.constantFrom('accept' as const, 'reject' as const, 'unavailable' as const)
const isolation = fc.constantFrom('vm' as const, 'sandbox' as const, 'none' as const)

const operationPayloads = {
  ADD_TASK: map({ label: text(1, 200) }, { task_type: name, need_id: idLink }),
  REQUIRES: map({ requires: chosenKey }),
  PRODUCES: map({ produces: name }),
  STATE: map({ state: fc.constantFrom('DRAFT', 'DECIDED', 'CLAIMED', 'VERIFIED', 'FINAL', 'SPLIT') }),
  LINK: map({ to: chosenKey, relation: name }),
  ANNOTATE: map({ key: name, value: text(0, 4_096) }),
}

const operation = fc
  .constantFrom(...(Object.keys(operationPayloads) as (keyof typeof operationPayloads)[]))
  .chain((op_type) =>
    map({
      op_id: chosenKey,
      op_type: fc.constant(op_type),
      task_id: chosenKey,
      payload: operationPayloads[op_type] as fc.Arbitrary<unknown>,
    }),
  )

type Patch = Payload<'UPDATE_PLAN'>['patch']

const planPatch: fc.Arbitrary<Patch> = map({
  ops: fc.uniqueArray(operation, { minLength: 1, maxLength: 6, selector: ({ op_id }) => op_id }),
  base_lamport: count,
}) as fc.Arbitrary<Patch>

const limits = {
  zone: name,
  deadline: durationMs,
  isolation,
  gas_limit: count,
  improving_rounds: integer(0, 3),
  commit_reveal: fc.boolean(),
}

/** A sealed input brings its readers along; an open one may have invited as well. */
const inputAndConstraints = fc.oneof(
  {
    weight: 3,
    arbitrary: map({ input: content, constraints: map({}, { ...limits, invited: distinct(did, 4, 1) }) }),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(map({}, limits), distinct(did, 3, 1), distinct(did, 3, 1)).map(sealedTo),
  },
)

function sealedTo([constraints, invited, judges]: readonly [
  object,
  readonly string[],
  readonly string[],
]): object {
  const readers = [...new Set([...invited, ...judges])]
  const sealed = readers.map((to, at) => ({ to, box: new Uint8Array(48 + at) }))
  return { input: { sealed }, constraints: { ...constraints, invited, judges } }
}

const verification = fc.oneof(
  map({ mode: fc.constant('reexecute' as const) }),
  map({ mode: fc.constant('schema' as const), schema: content }),
  map({ mode: fc.constant('citations' as const) }),
  map({ mode: fc.constant('judge' as const), criteria: text(0, 4_096) }),
)

const need = fc
  .tuple(
    inputAndConstraints,
    map(
      {
        label: text(1, 200),
        task_type: name,
        capability: name,
        requires: distinct(idLink, 4),
        produces: distinct(name, 4),
        task_class: fc.constantFrom('simple' as const, 'complex' as const, 'critical' as const),
        budget: micro,
        verify_bounty: micro,
        verification,
        idempotency_key: chosenKey,
      },
      {
        canary: map({ input: content, answer_hash: hash32, timeout: durationMs }),
        parent: idLink,
        replaces: idLink,
      },
    ),
  )
  .map(([a, b]) => ({ ...a, ...b }))

const path = fc.array(fc.tuple(fc.constantFrom(0 as const, 1 as const), hash32), { maxLength: 5 })
const ofNeed = { need_id: idLink }
const ofBid = { ...ofNeed, bid_round: attempt }
const ofAttempt = { ...ofNeed, attempt }
const ofLease = { ...ofAttempt, lease_id: idLink }
const terms = { lease_ttl: durationMs, heartbeat_interval: durationMs }

const credential = fc
  .tuple(name, name, name)
  .map((parts) => parts.map((part) => `a${part.replaceAll(/\W/g, '')}`).join('.'))
const credentials = distinct(credential, 3, 1)

const capability = map(
  {
    name,
    about: text(0, 1_024),
    task_types: distinct(name, 3),
    tags: distinct(name, 3),
    constraints: map(
      {},
      {
        zones: distinct(name, 3, 1),
        isolation,
        input_bytes_max: count,
        gas_max: count,
        outbound: distinct(chosenKey, 3, 1),
      },
    ),
    price: micro,
  },
  { input_schema: content, output_schema: content, latency: durationMs, success_rate: ppm },
)

export const PAYLOADS: { readonly [K in Kind]: fc.Arbitrary<Payload<K>> } = {
  NEED: payload<'NEED'>(need as fc.Arbitrary<Omit<Payload<'NEED'>, Common>>),
  CANCEL: payload<'CANCEL'>(map(ofNeed)),
  PROPOSE: payload<'PROPOSE'>(
    map({
      ...ofBid,
      ...terms,
      cost: micro,
      eta: durationMs,
      manifest: idLink,
      registry: map({ slot: count, record: bytes(1, 300), path }),
      plan: fc.oneof(map({ hash: hash32 }), map({ patch: planPatch })),
    }),
  ),
  REVEAL_PLAN: payload<'REVEAL_PLAN'>(map({ ...ofBid, proposal_id: idLink, patch: planPatch, salt: hash32 })),
  ATTEST_PLAN: payload<'ATTEST_PLAN'>(map({ ...ofBid, proposal_id: idLink, verdict, reason })),
  CLAIM: payload<'CLAIM'>(map({ ...ofAttempt, proposal_id: idLink, ...terms })),
  HEARTBEAT: payload<'HEARTBEAT'>(map({ ...ofLease, progress: integer(0, 100) }, { extend: durationMs })),
  YIELD: payload<'YIELD'>(map({ ...ofLease, reason })),
  COMMIT: payload<'COMMIT'>(
    map(
      {
        ...ofLease,
        fence: map({ bucket: attempt, generation: count, fence_epoch: count, record: idLink }),
        artifact: content,
        telemetry: map({ gas: count, bytes: count }, { wall_time: count }),
      },
      { sub_needs: distinct(idLink, 4) },
    ),
  ),
  ATTEST_COMMIT: payload<'ATTEST_COMMIT'>(map({ ...ofAttempt, commit_id: idLink, hash: hash32 })),
  ATTEST: payload<'ATTEST'>(
    map(
      { ...ofAttempt, commit_id: idLink, verdict, gas: count, digest: hash32, reason },
      { artifact: contentLink, salt: hash32 },
    ),
  ),
  UPDATE_PLAN: payload<'UPDATE_PLAN'>(map({ patch: planPatch })),
  CHALLENGE_COMMIT: payload<'CHALLENGE_COMMIT'>(map({ ...ofAttempt, bond: microMoved, hash: hash32 })),
  CHALLENGE: payload<'CHALLENGE'>(
    map({
      ...ofAttempt,
      proof_type: fc.constantFrom(
        'SCHEMA_VIOLATION' as const,
        'OUTPUT_MISMATCH' as const,
        'POLICY_BREACH' as const,
      ),
      proof: map({ size_bytes: integer(0, 10_240), gas_estimate: count }),
      evidence: content,
      salt: hash32,
    }),
  ),
  WITHDRAW: payload<'WITHDRAW'>(map({ ...ofNeed, challenge_id: idLink })),
  VERDICT: payload<'VERDICT'>(
    map({
      ...ofNeed,
      challenge_id: idLink,
      outcome: fc.constantFrom('upheld' as const, 'rejected' as const, 'undecided' as const),
      gas_used: count,
      evidence: content,
    }),
  ),
  TRANSFER: payload<'TRANSFER'>(map({ to: did, amount: microMoved }, { memo: text(1, 256) })),
  STAKE: payload<'STAKE'>(map({ amount: microMoved })),
  UNSTAKE: payload<'UNSTAKE'>(map({ amount: microMoved })),
  COMPLETE_UNBONDING: payload<'COMPLETE_UNBONDING'>(map({})),
  REGISTER: payload<'REGISTER'>(
    map(
      { stake: microMoved, capabilities: distinct(name, 4, 1) },
      { org_id: name, asn: integer(1, 4_294_967_295), region: name, credentials },
    ),
  ),
  DEREGISTER: payload<'DEREGISTER'>(map({})),
  MANIFEST: payload<'MANIFEST'>(
    map(
      {
        version: integer(1, 2 ** 31 - 1),
        label: text(1, 200),
        capabilities: fc.uniqueArray(capability, { maxLength: 3, selector: (one) => one.name }),
      },
      { credentials, attestation: bytes(1, 200) },
    ),
  ),
}
