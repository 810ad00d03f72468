import type { Ipld } from '../../codec/ipld.ts'
import { verifyStatement } from '../../codec/signed/statement.ts'
import type { SignedBody, SignedTypeName } from '../../codec/signed/table.ts'
import type { Did } from '../../model/ids.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { World } from './world.ts'

/** Who says something, what, and its signature; `s` has been measured by the schema of the entry. */
export interface Said {
  readonly voter: Did
  readonly body: Ipld
  readonly s: Uint8Array
}

/**
 * Whether a statement in an entry is signed by whom it names, as that signed type of this network. Rejects BAD_KEY,
 * MALFORMED, BAD_SIGNATURE; whether the one may say it is for the caller. Source: protocol.md, "Signed types".
 */
export function checkStatement<Type extends SignedTypeName>(
  type: Type,
  { voter, body, s }: Said,
  { keys, net, verify }: Pick<World, 'keys' | 'net' | 'verify'>,
): Result<SignedBody<Type>, Rejection> {
  const identity = keys.ofDid(voter)
  return identity.ok ? verifyStatement(verify, type, net, identity.value.key, body, s) : identity
}
