import { describe, expect, it } from 'vitest'
import { type BucketTables, challengeKey, committeeKey } from '../../../../src/core/bucket/tables.ts'
import { STANDING, standingIn } from '../../../../src/core/proposer/standing.ts'
import { Records } from '../../../../src/core/records/tables.ts'
import type { Did } from '../../../../src/model/ids.ts'

const NEED = 'a-need'
const did = (name: string) => `did:key:${name}` as Did

/** A need in its second attempt with a challenge, and another need with seats of its own. */
function bucketState(): Records<BucketTables> {
  const records = new Records<BucketTables>()
  const put = (table: keyof BucketTables, key: string, value: object) =>
    records.apply([{ table, key, value: value as never }])
  put('terms', NEED, { requester: did('requester'), invited: [did('invited')] })
  put('needs', NEED, { attempt: 1, bidders: [did('bidder')], challenges: ['one', 'two'] })
  put('committees', committeeKey(NEED, 'plan', 0), { seats: [did('plan seat')] })
  put('committees', committeeKey(NEED, 'result', 0), { seats: [did('seat of the first attempt')] })
  put('committees', committeeKey(NEED, 'result', 1), { seats: [did('seat of the second attempt')] })
  put('committees', committeeKey(NEED, 'challenge', 'two'), { seats: [did('seat of a challenge')] })
  put('challenges', challengeKey(NEED, 'one'), { challenger: did('first challenger') })
  put('challenges', challengeKey(NEED, 'two'), { challenger: did('second challenger') })
  put('committees', committeeKey('another', 'plan', 0), { seats: [did('seat elsewhere')] })
  return records
}

describe('the standing of a sender in a need', () => {
  it.each([
    'requester',
    'invited',
    'bidder',
    'plan seat',
    'seat of the first attempt',
    'seat of the second attempt',
    'seat of a challenge',
    'first challenger',
    'second challenger',
  ])('is that of a party for: %s', (name) => {
    expect(standingIn(bucketState(), NEED, () => false)(did(name))).toBe(STANDING.party)
  })

  it('is that of one who may become a party, or of a stranger, for everybody else', () => {
    const standing = standingIn(bucketState(), NEED, (sender) => sender === did('registered'))
    expect(standing(did('registered'))).toBe(STANDING.known)
    expect(standing(did('seat elsewhere'))).toBe(STANDING.stranger)
  })

  it('is a stranger`s where nothing is known of the need', () => {
    expect(standingIn(bucketState(), 'unheard of', () => false)(did('requester'))).toBe(STANDING.stranger)
  })
})
