import { afterAll, describe, expect, it } from 'vitest'
import type { CapsuleBundle } from '../../../../src/codec/capsule/bundle.ts'
import { capsuleCid } from '../../../../src/codec/capsule/capsule.ts'
import type { CID } from '../../../../src/codec/cid.ts'
import type { BodyDraft } from '../../../../src/codec/envelope/body.ts'
import { encodeBody } from '../../../../src/codec/envelope/draft-body.ts'
import { type ReadBody, readBody } from '../../../../src/codec/envelope/read-body.ts'
import type { JournalData } from '../../../../src/codec/journal/kinds.ts'
import type { Kind, Payload } from '../../../../src/codec/payload/verbs.ts'
import { offline } from '../../../../src/node/offline.ts'
import { DEFAULT_POLICY } from '../../../../src/node/policy/files.ts'
import { openPolicyEngine } from '../../../../src/node/policy/runtime.ts'
import { CapsuleShelf } from '../../../../src/services/policy/capsule-shelf.ts'
import { PolicyGates } from '../../../../src/services/policy/policy-gates.ts'
import { bundleOf, TEXT_ONLY, TEXT_ONLY_GAS, unwrapped } from '../../../setup/policies.ts'
import { NET, PAYLOADS, sha256, usualDraft } from '../../../setup/policy-bodies.ts'

const engine = openPolicyEngine()
afterAll(() => engine.close())

const ours = bundleOf(engine, DEFAULT_POLICY, 16_000_000)
const theirs = bundleOf(engine, TEXT_ONLY, TEXT_ONLY_GAS)
const [OURS, THEIRS] = [ours, theirs].map(({ capsule }) => capsuleCid(capsule, sha256)) as [CID, CID]

function opened(bundles: readonly CapsuleBundle[] = [ours, theirs]) {
  const shelf = new CapsuleShelf({ crypto: offline.crypto, engine, net: NET, gasMax: 1_000_000 })
  for (const bundle of bundles) unwrapped(shelf.add(bundle))
  const lines: JournalData['policy'][] = []
  const gates = new PolicyGates({ shelf, sha256, record: (_, line) => lines.push(line) })
  return { shelf, gates, lines }
}

function draft<K extends Kind>(kind: K, capsule: CID, payload: Payload<K> = PAYLOADS[kind]): BodyDraft {
  return { ...usualDraft(kind, payload), capsule } as BodyDraft
}

function received<K extends Kind>(body: BodyDraft, digest: Uint8Array): ReadBody<K> {
  return unwrapped(readBody(encodeBody(body, digest), { net: NET, sha256 })) as ReadBody<K>
}

const image = { ...PAYLOADS.NEED, task_type: 'image/draw' }

describe('the gates of a node', () => {
  it('judge at INGRESS what is not journalled as well', async () => {
    const body = draft('HEARTBEAT', OURS)
    const [digest] = await opened().gates.preflight([body])
    const read = received(body, unwrapped(digest as NonNullable<typeof digest>))
    const { gates, lines } = opened()
    const arrivals = [false, true, false].map((isJournalled) => ({ read, threadCapsule: OURS, isJournalled }))
    expect((await gates.ingress(arrivals)).map(({ ok }) => ok)).toEqual([true, true, true])
    expect(lines).toHaveLength(1)
  })

  it('what passed PREFLIGHT at the sender passes INGRESS at everybody', async () => {
    const drafts = [
      draft('NEED', OURS),
      draft('NEED', THEIRS),
      draft('HEARTBEAT', OURS),
      draft('COMMIT', OURS),
    ]
    const digests = await opened().gates.preflight(drafts)
    const arrivals = drafts.map((body, at) => ({
      read: received(body, unwrapped(digests[at] as (typeof digests)[0])),
      threadCapsule: body.capsule,
      isJournalled: true,
    }))
    const { gates, lines } = opened()
    expect((await gates.ingress(arrivals)).map(({ ok }) => ok)).toEqual([true, true, true, true])
    expect(lines.map(({ gate, decision, id }) => [gate, decision, id])).toEqual(
      arrivals.map(({ read }) => ['INGRESS', 'allow', read.id]),
    )
  })

  it('answer at INGRESS what is said again as before, and journal it once', async () => {
    const body = draft('HEARTBEAT', OURS)
    const [digest] = await opened().gates.preflight([body])
    const good = received(body, unwrapped(digest as NonNullable<typeof digest>))
    const bad = received(draft('NEED', OURS), new Uint8Array(32))
    const { gates, lines } = opened()
    const arrivals = [good, bad].map((read) => ({ read, threadCapsule: OURS, isJournalled: true }))
    const first = await gates.ingress(arrivals)
    expect(first.map(({ ok }) => ok)).toEqual([true, false])
    for (let n = 0; n < 3; n++) expect(await gates.ingress(arrivals.toReversed())).toEqual(first.toReversed())
    expect(lines.map(({ id }) => id)).toEqual([good.id, bad.id])
    const elsewhere = await gates.ingress([{ read: good, threadCapsule: THEIRS, isJournalled: true }])
    expect(elsewhere).toMatchObject([{ error: { code: 'WRONG_CAPSULE' } }])
  })

  it('ask again at INGRESS about what named a capsule that was not here yet', async () => {
    const body = draft('HEARTBEAT', OURS)
    const [digest] = await opened().gates.preflight([body])
    const read = received(body, unwrapped(digest as NonNullable<typeof digest>))
    const { gates, shelf } = opened([theirs])
    const arrival = { read, threadCapsule: OURS, isJournalled: true }
    expect(await gates.ingress([arrival])).toMatchObject([{ error: { code: 'WRONG_CAPSULE' } }])
    unwrapped(shelf.add(ours))
    expect(await gates.ingress([arrival])).toMatchObject([{ ok: true }])
  })

  it("another author's capsule takes effect where its thread has it, and nowhere else", async () => {
    const { gates } = opened()
    const drafts = [draft('NEED', THEIRS, image), draft('NEED', OURS, image), draft('NEED', THEIRS)]
    const results = await gates.preflight(drafts)
    expect(results.map(({ ok }) => ok)).toEqual([false, true, true])
    expect(results[0]).toMatchObject({ error: { code: 'POLICY_DENIED', field: 'payload.task_type' } })
  })

  it('an envelope that names another capsule than its thread is refused, though that capsule allows it', async () => {
    const { gates } = opened()
    const body = draft('NEED', OURS)
    const [digest] = await gates.preflight([body])
    const read = received(body, unwrapped(digest as NonNullable<typeof digest>))
    expect(await gates.ingress([{ read, threadCapsule: THEIRS, isJournalled: true }])).toMatchObject([
      { error: { code: 'WRONG_CAPSULE' } },
    ])
  })

  it('a digest that was not evaluated is refused', async () => {
    const read = received(draft('NEED', OURS), new Uint8Array(32))
    expect(await opened().gates.ingress([{ read, threadCapsule: OURS, isJournalled: true }])).toMatchObject([
      { error: { code: 'POLICY_DENIED', field: 'digest' } },
    ])
  })

  it('a capsule that is not here allows nothing', async () => {
    const { gates, lines } = opened([theirs])
    expect(await gates.preflight([draft('NEED', OURS)])).toMatchObject([{ error: { code: 'WRONG_CAPSULE' } }])
    expect(lines).toEqual([])
  })

  it('a result whose telemetry doing it again does not bear out is refused', async () => {
    const { gates, lines } = opened()
    const read = received<'COMMIT'>(draft('COMMIT', OURS), new Uint8Array(32))
    const { gas, bytes } = PAYLOADS.COMMIT.telemetry
    const results = await gates.commitGate([
      { read, used: { gas, bytes } },
      { read, used: { gas: gas + 1, bytes } },
      { read, used: undefined },
    ])
    expect(results).toMatchObject([{ ok: true }, { error: { field: 'payload.telemetry.gas' } }, { ok: true }])
    expect(lines.map(({ gate }) => gate)).toEqual(['COMMIT_GATE', 'COMMIT_GATE', 'COMMIT_GATE'])
  })

  it('what is denied is in the journal with its reasons and its gas', async () => {
    const { gates, lines } = opened()
    await gates.preflight([draft('NEED', THEIRS, image)])
    expect(lines).toMatchObject([
      {
        gate: 'PREFLIGHT',
        capsule: THEIRS.toString(),
        decision: 'deny',
        reasons: ['rule text_only at payload.task_type'],
      },
    ])
    expect(lines[0]?.gas).toBeGreaterThan(10_000)
  })
})

describe('the shelf', () => {
  it('holds what was checked and nothing else', () => {
    const { shelf } = opened([])
    expect(shelf.get(OURS)).toBeUndefined()
    expect(shelf.add({ ...ours, signature: new Uint8Array(64) })).toMatchObject({
      error: { code: 'BAD_SIGNATURE' },
    })
    expect(shelf.get(OURS)).toBeUndefined()
    unwrapped(shelf.add(ours))
    expect(shelf.get(OURS)?.cid.toString()).toBe(OURS.toString())
    expect(unwrapped(shelf.add(ours))).toBe(shelf.get(OURS))
  })
})
