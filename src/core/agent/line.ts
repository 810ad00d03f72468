import { CID, envelopeIdOf } from '../../codec/cid.ts'
import type { Body } from '../../codec/envelope/body.ts'
import type { Kind, Payload } from '../../codec/payload/verbs.ts'

type Of<K extends Kind> = {
  [Name in K]: { readonly kind: Name; readonly payload: Payload<Name>; readonly key: string }
}[K]

/** What an agent has to say in a need now. Its key is said once in the need by one agent, restarts included. */
export type Line = Of<Exclude<Kind, 'NEED'>>

/** The field that says what an envelope is about, of verbs that are said once about one thing. */
const ABOUT: { readonly [K in Kind]?: keyof Payload<K> & string } = {
  CANCEL: 'need_id',
  PROPOSE: 'bid_round',
  REVEAL_PLAN: 'proposal_id',
  ATTEST_PLAN: 'proposal_id',
  CLAIM: 'attempt',
  YIELD: 'lease_id',
  COMMIT: 'lease_id',
  ATTEST_COMMIT: 'commit_id',
  ATTEST: 'commit_id',
  CHALLENGE_COMMIT: 'attempt',
  CHALLENGE: 'attempt',
  WITHDRAW: 'challenge_id',
  VERDICT: 'challenge_id',
}

/**
 * What an envelope is about, among those of one sender in one need; so that what was said before a restart is not said again:
 * two verdicts on one thing would cost the stake. Undefined for verbs that are said as often as one likes.
 */
export function lineKeyOf({ kind, payload }: Spoken): string | undefined {
  const field = ABOUT[kind]
  if (field === undefined) return undefined
  const about: unknown = (payload as { readonly [name: string]: unknown })[field]
  return `${kind} ${about instanceof CID ? envelopeIdOf(about) : String(about)}`
}

interface Spoken {
  readonly kind: Kind
  readonly payload: object
}

/** Id of the NEED that a body speaks of, as text; of a NEED itself, nothing. */
export function needOfBody({ payload }: Pick<Body, 'payload'>): string | undefined {
  return 'need_id' in payload ? envelopeIdOf(payload.need_id) : undefined
}

/** A line with the key that its envelope has. */
export function line<K extends Exclude<Kind, 'NEED' | 'HEARTBEAT'>>(kind: K, payload: Payload<K>): Line {
  return { kind, payload, key: lineKeyOf({ kind, payload }) ?? kind } as unknown as Line
}
