import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../src/adapters/crypto/node-crypto.ts'
import { cidOf, envelopeIdOf } from '../../../src/codec/cid.ts'
import type { Challenge } from '../../../src/core/bucket/tables.ts'
import { withdraw } from '../../../src/verbs/challenge.ts'
import type { NodeServices } from '../../../src/verbs/services.ts'

const [NEED, CHALLENGE] = [1, 2].map((seed) => envelopeIdOf(cidOf(Uint8Array.of(seed), nodeCrypto.sha256)))
const OWN = 'did:key:own'
const OTHER = 'did:key:other'

/** Takes one challenge back; gives the kinds that were said, or the code of the refusal. */
async function taken(challenge: { state: Challenge['state']; by?: string } | undefined, votes = 0) {
  const said: string[] = []
  const known = challenge && { challenger: challenge.by ?? OWN, state: challenge.state }
  const tables: Readonly<Record<string, unknown>> = {
    needs: { challenges: [] },
    terms: { thread: 'a'.repeat(32) },
    challenges: known,
    committees: { votes: Array.from({ length: votes }, () => ({})) },
  }
  const services = {
    heart: { bucketOf: () => 0, bucket: () => ({ get: (table: string) => tables[table] }) },
    author: {
      did: OWN,
      say: async (_thread: string, kind: string) => {
        said.push(kind)
        return { ok: true, value: { id: CHALLENGE } }
      },
    },
  } as unknown as NodeServices
  const input = { need: NEED, challenge: CHALLENGE } as Parameters<typeof withdraw.handle>[0]
  const answer = await withdraw.handle(input, services, new AbortController().signal)
  return answer.ok ? said : answer.error.code
}

describe('a challenge is taken back', () => {
  it('while no seat has judged it', async () => {
    for (const state of ['bonding', 'committed', 'revealed'] as const)
      expect(await taken({ state })).toEqual(['WITHDRAW'])
  })

  it('and not after a verdict, when it is over, by another, or where it is unknown: nothing is said then', async () => {
    expect(await taken({ state: 'revealed' }, 1)).toBe('WINDOW_CLOSED')
    expect(await taken({ state: 'review' })).toBe('WINDOW_CLOSED')
    expect(await taken({ state: 'closed' })).toBe('WINDOW_CLOSED')
    expect(await taken({ state: 'revealed', by: OTHER })).toBe('POLICY_DENIED')
    expect(await taken(undefined)).toBe('not-found')
  })
})
