import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import type { Kind } from '../../../codec/payload/verbs.ts'
import type { Rejection } from '../../../model/rejection.ts'
import type { Result } from '../../../model/result.ts'
import type { SlotFacts } from '../../records/world.ts'
import type { Turn } from '../turn.ts'
import { deregister } from './deregister.ts'
import { manifest } from './manifest.ts'
import { register } from './register.ts'
import { completeUnbondingOf, stakeMore, unstakeSome } from './staking.ts'
import { transferCredits } from './transfer.ts'

/** What an account's verb does, its nonce and the capsule already looked at. */
export type AccountVerb<K extends Kind = Kind> = (
  turn: Turn,
  envelope: SingleEnvelope<K>,
  now: SlotFacts,
) => Result<undefined, Rejection>

const TABLE = {
  TRANSFER: transferCredits,
  STAKE: stakeMore,
  UNSTAKE: unstakeSome,
  COMPLETE_UNBONDING: completeUnbondingOf,
  REGISTER: register,
  DEREGISTER: deregister,
  MANIFEST: manifest,
} as const satisfies { readonly [K in Kind]?: AccountVerb<K> }

/** By verb; what is not here is not the hub's. */
export const ACCOUNT_VERBS = TABLE as unknown as Readonly<Partial<Record<Kind, AccountVerb>>>
