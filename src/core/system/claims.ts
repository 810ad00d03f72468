import { type AttestedClaims, attestedClaims } from '../../codec/credential/attested-claims.ts'
import type { Did } from '../../model/ids.ts'
import type { SlotFacts } from '../records/world.ts'
import type { Turn } from './turn.ts'

/** What registered attestors say of an account; of two that differ the later in the list counts. */
export function claimsOf(
  turn: Turn,
  account: Did,
  credentials: readonly string[],
  now: SlotFacts,
): AttestedClaims {
  const { keys, verify } = turn.world
  const context = {
    attestors: turn.settings.attestors,
    timeMs: now.time,
    keyOf: (did: string) => {
      const identity = keys.ofDid(did)
      return identity.ok ? identity.value.key : undefined
    },
    verify,
  }
  return Object.assign(
    {},
    ...credentials.map((jwt) => attestedClaims(jwt, account, context)),
  ) as AttestedClaims
}
