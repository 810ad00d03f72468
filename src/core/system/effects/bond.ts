import { envelopeIdOf } from '../../../codec/cid.ts'
import type { ToHubOf } from '../../../codec/entry/effect.ts'
import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import type { ProofType } from '../../../model/task.ts'
import { lockBond } from '../../ledger/bond.ts'
import { least } from '../../ledger/slash.ts'
import { challengeBond } from '../../market/bounds.ts'
import type { SlotFacts } from '../../records/world.ts'
import { joined } from '../parties.ts'
import type { Need } from '../tables.ts'
import type { Turn } from '../turn.ts'
import { challengeKey } from './challenge-end.ts'

const PROOF_TYPES: readonly ProofType[] = [
  'SCHEMA_VIOLATION',
  'MISSING_CITATION',
  'SEMANTIC_CONTRADICTION',
  'OUTPUT_MISMATCH',
  'POLICY_BREACH',
]

/** Rejected challenges in a row by which a bond grows, at most: it doubles with each. */
const REJECTED_MAX = 10

/**
 * Locks the bond that a CHALLENGE_COMMIT states and authorises, and answers. Not bonded is one that is not signed by whom it names, is below the
 * smallest bond of the class (what it is about is hidden until CHALLENGE, which the bucket holds to its own bond), doubled with each challenge in a row that
 * was rejected, or that the balance does not cover. Source: economy.md, "Challenges" (Bonds; Abuse); protocol.md, "Verbs".
 */
export function applyBond(turn: Turn, id: string, need: Need, effect: ToHubOf<'bond'>, now: SlotFacts): void {
  const challenge = envelopeIdOf(effect.challenge)
  const bonded = bondOf(turn, id, need, effect, challenge, now)
  if (bonded !== undefined) turn.putNeed(id, bonded)
  turn.send(need.bucket, {
    v: 1,
    kind: 'bonded',
    need: effect.need,
    slot: now.n,
    challenge: effect.challenge,
    bonded: bonded !== undefined,
  })
}

function bondOf(
  turn: Turn,
  id: string,
  need: Need,
  { envelope }: ToHubOf<'bond'>,
  challenge: string,
  now: SlotFacts,
): Need | undefined {
  const opened = turn.world.openEnvelope(envelope, now.time)
  if (!opened.ok || !isCommitOf(opened.value, id, challenge)) return undefined
  const { sender, payload } = opened.value.body
  const amount = BigInt(payload.bond)
  if (need.bonds.some(({ what }) => what === challenge) || need.done.includes(challengeKey(challenge)))
    return undefined
  if (amount < smallestBond(turn, need, sender)) return undefined
  if (!lockBond(turn.book, sender, amount, `bond ${id}`)) return undefined
  const bond = { account: sender, what: challenge, left: amount, of: amount }
  return joined(turn, { ...need, bonds: [...need.bonds, bond] }, [sender])
}

function isCommitOf(
  envelope: SingleEnvelope,
  need: string,
  challenge: string,
): envelope is SingleEnvelope<'CHALLENGE_COMMIT'> {
  const { id, body } = envelope
  return id === challenge && body.kind === 'CHALLENGE_COMMIT' && envelopeIdOf(body.payload.need_id) === need
}

function smallestBond(turn: Turn, need: Need, challenger: string): bigint {
  const { parameters } = turn.settings
  const bonds = PROOF_TYPES.map((type): bigint => challengeBond(type, need.class, parameters))
  const rejected = Math.min(turn.draft.get('rejected', challenger) ?? 0, REJECTED_MAX)
  return bonds.reduce(least) * 2n ** BigInt(rejected)
}
