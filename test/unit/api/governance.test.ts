import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../src/adapters/crypto/node-crypto.ts'
import { cidOf, envelopeIdOf } from '../../../src/codec/cid.ts'
import type { GovernanceBody } from '../../../src/codec/entry/hub-command.ts'
import type { Challenge } from '../../../src/core/bucket/tables.ts'
import type { Did } from '../../../src/model/ids.ts'
import { governance, governReview } from '../../../src/verbs/governance.ts'
import type { NodeServices } from '../../../src/verbs/services.ts'
import { Hub } from '../core/system/hub-fixture.ts'

const [NEED, CHALLENGE, OTHER] = [1, 2, 3].map((seed) => cidOf(Uint8Array.of(seed), nodeCrypto.sha256))
const ids = [NEED, CHALLENGE, OTHER].map((cid) => (cid === undefined ? '' : envelopeIdOf(cid))) as [
  string,
  string,
  string,
]
const LOCK_MS = 5_000

/** A voter of a network of three, with one challenge in that state. */
function voter(state: Challenge['state'], held: readonly GovernanceBody[] = []) {
  const hub = new Hub({ genesis: { parameters: { voteTimeLockMs: LOCK_MS } } })
  const did = hub.voters[0]?.did as Did
  const acts = held.map((body) => ({ body, voters: [hub.voters[1]?.did as Did] }))
  const view = { get: (table: string) => (table === 'needs' ? { challenges: [ids[1]] } : { state }) }
  const heart = {
    hub: () => hub.records,
    bucketOf: () => 0,
    bucket: () => view,
    acts: {
      held: () => acts,
      sign: (body: GovernanceBody) => {
        const same = acts.find((one) => JSON.stringify(one.body) === JSON.stringify(body))
        if (same === undefined) acts.push({ body, voters: [did] })
        else same.voters.push(did)
      },
    },
  }
  const services = { heart, identity: { did } } as unknown as NodeServices
  const review = (challenge = ids[1], as: NodeServices = services) => {
    const input = { need: ids[0], challenge, outcome: 'upheld' } as Parameters<typeof governReview.handle>[0]
    return governReview.handle(input, as, new AbortController().signal)
  }
  return { hub, did, services, review }
}

function reviewOf(nonce: number, challenge = CHALLENGE): GovernanceBody {
  const act = { kind: 'review', need: NEED as never, challenge: challenge as never, outcome: 'upheld' }
  return { v: 1, nonce, act } as GovernanceBody
}

describe('what people came to about a challenge in review', () => {
  it('is signed as the next act, or as the one that another has signed already', async () => {
    const { review, did } = voter('review')
    expect(await review()).toMatchObject({
      ok: true,
      value: { nonce: 1, signed_by: [did], needed: 2, needed_at_once: 3, time_lock_ms: LOCK_MS },
    })
    const second = voter('review', [reviewOf(3, OTHER), reviewOf(7)])
    expect(await second.review()).toMatchObject({ ok: true, value: { nonce: 7 } })
    const third = voter('review', [reviewOf(3, OTHER)])
    expect(await third.review()).toMatchObject({ ok: true, value: { nonce: 4 } })
  })

  it('is refused where nobody waits for it, and by a node whose key does not govern', async () => {
    expect(await voter('revealed').review()).toMatchObject({ error: { code: 'WINDOW_CLOSED' } })
    const { services, review, hub } = voter('review')
    const stranger = { ...services, identity: { did: hub.person(0).did } } as unknown as NodeServices
    expect(await review(ids[1], stranger)).toMatchObject({ error: { code: 'NOT_IN_COMMITTEE' } })
  })

  it('is listed with who signed it until the hub has taken it, and then until its time has come', async () => {
    const { services, hub } = voter('review', [reviewOf(2)])
    hub.slots(1)
    const body: GovernanceBody = { v: 1, nonce: 1, act: { kind: 'fence', bucket: 3, reason: 'a test' } }
    const votes = hub.voters.slice(0, 2).map((one) => {
      const { s } = one.state('governance-vote', body)
      return { voter: one.did, s }
    })
    hub.command({ v: 1, kind: 'govern', slot: hub.slot, body, votes })
    const listed = await governance.handle({}, services, new AbortController().signal)
    expect(listed).toMatchObject({
      ok: true,
      value: {
        signs: true,
        last: 1,
        signing: [
          {
            nonce: 2,
            act: { kind: 'review', need: ids[0], challenge: ids[1], outcome: 'upheld' },
            signed_by: [hub.voters[1]?.did],
            refused: null,
          },
        ],
        waiting: [
          {
            nonce: 1,
            act: { kind: 'fence', bucket: 3, reason: 'a test' },
            at: hub.time + LOCK_MS,
          },
        ],
      },
    })
  })
})
