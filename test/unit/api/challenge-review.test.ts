import { describe, expect, it } from 'vitest'
import type { Challenge, Committee } from '../../../src/core/bucket/tables.ts'
import type { Did } from '../../../src/model/ids.ts'
import { challengeReview } from '../../../src/verbs/challenge-review.ts'
import type { NodeServices } from '../../../src/verbs/services.ts'

const NEED = `bafyrei${'a'.repeat(52)}`
const [OWN, SECOND, OTHER] = ['did:key:own', 'did:key:second', 'did:key:other'] as Did[] as [Did, Did, Did]

/** One need with challenges in these states; all of them have these seats. */
function services(states: readonly Challenge['state'][], committee: Partial<Committee> = {}) {
  const ids = states.map((_, at) => `challenge-${at}`)
  const tables: { readonly [table: string]: unknown } = {
    needs: { challenges: ids },
    committees: { seats: [OWN, OTHER, SECOND], silent: [], votes: [], ...committee },
  }
  const view = {
    get: (table: string, key: string) =>
      table === 'challenges'
        ? { challenger: OTHER, attempt: 1, against: 'finalize', state: states[Number(key.split('-').at(-1))] }
        : tables[table],
  }
  const heart = {
    openNeeds: () => [NEED],
    bucketOf: () => 7,
    bucket: () => view,
    envelopes: () => [
      { body: { kind: 'CHALLENGE', sender: OWN, payload: { attempt: 1, proof_type: 'POLICY_BREACH' } } },
      { body: { kind: 'CHALLENGE', sender: OTHER, payload: { attempt: 1, proof_type: 'OUTPUT_MISMATCH' } } },
    ],
  }
  const accounts = [
    { name: 'node', author: { did: OWN } },
    { name: 'second', author: { did: SECOND } },
  ]
  return { heart, accounts } as unknown as NodeServices
}

async function reviewed(of: NodeServices) {
  const answer = await challengeReview.handle({}, of, new AbortController().signal)
  if (!answer.ok) throw new Error('refused')
  return answer.value.challenges
}

describe('the challenges that somebody has to look at', () => {
  it('are those that are being judged, and those that no committee could decide', async () => {
    const found = await reviewed(services(['bonding', 'committed', 'revealed', 'review', 'upheld', 'closed']))
    expect(found.map(({ challenge, state }) => [challenge, state])).toEqual([
      ['challenge-2', 'revealed'],
      ['challenge-3', 'review'],
    ])
    expect(found[0]).toMatchObject({ need: NEED, challenger: OTHER, proof_type: 'OUTPUT_MISMATCH', votes: 0 })
  })

  it('name the seats of this node that have not said their verdict, while it counts', async () => {
    const wanted = async (state: Challenge['state'], committee: Partial<Committee> = {}) =>
      (await reviewed(services([state], committee)))[0]?.wanted_of
    const vote = { seat: OWN, choice: 'upheld', id: 'x' } as Committee['votes'][number]
    expect(await wanted('revealed')).toEqual(['node', 'second'])
    expect(await wanted('revealed', { votes: [vote] })).toEqual(['second'])
    expect(await wanted('revealed', { votes: [vote], silent: [SECOND] })).toEqual([])
    expect(await wanted('revealed', { seats: [OTHER] })).toEqual([])
    expect(await wanted('review')).toEqual([])
  })
})
