import { createHash } from 'node:crypto'
import fc from 'fast-check'
import type { RosterMember } from '../../../../src/core/market/roster.ts'
import type { Did } from '../../../../src/model/ids.ts'
import type { Micro } from '../../../../src/model/micro.ts'
import type { Sha256 } from '../../../../src/ports/crypto.ts'

export const sha256: Sha256 = (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest())

/** Any text serves where nothing reads the key of it. */
export function didOf(number: number): Did {
  return `did:key:z6Mk${String(number).padStart(4, '0')}` as Did
}

export function micro(amount: bigint | number): Micro {
  return BigInt(amount) as Micro
}

const WHOLE = 1_000_000

/** A member with all a verifier of the genesis has, and what `changes` says. */
export function memberOf(number: number, changes: Partial<RosterMember> = {}): RosterMember {
  return {
    did: didOf(number),
    freeStake: micro(100 * WHOLE),
    reputationPpm: WHOLE,
    recencyPpm: WHOLE,
    tee: false,
    capabilities: ['text/judge'],
    ...changes,
  }
}

export const ppm = fc.integer({ min: 0, max: WHOLE })

const attributes = fc.record(
  {
    org: fc.constantFrom('a', 'b', 'c', 'd'),
    asn: fc.constantFrom(1, 2, 3, 4),
    region: fc.constantFrom('east', 'west', 'north'),
  },
  { requiredKeys: [] },
)

/** Rosters of up to `sizeMax`, in any order, attested or not, some without stake or reputation. */
export function arbitraryRoster(sizeMax: number, sizeMin = 0): fc.Arbitrary<readonly RosterMember[]> {
  const member = fc
    .tuple(attributes, fc.bigInt({ min: 0n, max: 10n ** 12n }), ppm, ppm, fc.boolean())
    .map(([known, stake, reputationPpm, recencyPpm, tee]) => ({
      ...known,
      freeStake: micro(stake),
      reputationPpm,
      recencyPpm,
      tee,
    }))
  return fc.array(member, { minLength: sizeMin, maxLength: sizeMax }).chain((members) =>
    fc.shuffledSubarray(
      members.map((changes, number) => memberOf(number, changes)),
      { minLength: members.length },
    ),
  )
}
