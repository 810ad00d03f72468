/** What voters say in entries. Source: lifecycle.md, "Entries of a need" (seen), "Availability". */

import { equalBytes } from '../../codec/bytes.ts'
import { envelopeIdOf } from '../../codec/cid.ts'
import type { HaveStatement, SeenStatement } from '../../codec/entry/statements.ts'
import type { Ipld } from '../../codec/ipld.ts'
import type { SignedTypeName } from '../../codec/signed/table.ts'
import type { Did } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { checkStatement } from '../records/voter-statement.ts'
import type { AppliedAt, SlotFacts, World } from '../records/world.ts'
import type { NeedTurn } from './need-turn.ts'

function majorityOf(voters: readonly Did[]): number {
  return Math.floor(voters.length / 2) + 1
}

interface Statement {
  readonly voter: Did
  readonly body: Ipld
  readonly s: Uint8Array
}

/**
 * Whether these statements are of a majority of the group's voters, each once. Rejects NOT_IN_COMMITTEE for who is no
 * voter, DUPLICATE for a voter twice, CONFLICT for too few, BAD_KEY and BAD_SIGNATURE. Signatures come last: they cost.
 */
export function judgeMajority(
  type: SignedTypeName,
  statements: readonly Statement[],
  { voters }: AppliedAt,
  world: World,
): Rejection | undefined {
  const said = new Set<Did>()
  for (const { voter } of statements) {
    if (!voters.includes(voter)) return reject('NOT_IN_COMMITTEE', `${voter} is no voter`).error
    if (said.has(voter)) return reject('DUPLICATE', `${voter} speaks twice`).error
    said.add(voter)
  }
  if (said.size < majorityOf(voters)) {
    return reject('CONFLICT', `${said.size} voters of ${voters.length} are no majority`).error
  }
  for (const statement of statements) {
    const checked = checkStatement(type, statement, world)
    if (!checked.ok) return checked.error
  }
  return undefined
}

/** What a majority has seen of a need. */
export interface Sightings {
  /** The earliest slot of a statement: what is missing was missing then. */
  readonly until: SlotFacts
  /** Slots in which voters first saw an envelope, by its id. */
  readonly slots: ReadonlyMap<string, readonly number[]>
  readonly majority: number
}

/**
 * What the statements of a majority name, for this need and its present head; all of it must be in the entry or in the
 * history. Call it when the entry's envelopes have been opened. Rejects as `judgeMajority`; CONFLICT for another need or
 * head and for a leader that leaves something out; WINDOW_CLOSED for a slot that is not known, or after the entry's.
 */
export function readSeen(turn: NeedTurn, statements: readonly SeenStatement[]): Result<Sightings, Rejection> {
  const { at, world, slot } = turn
  for (const { body } of statements) {
    if (envelopeIdOf(body.need) !== turn.key || !equalBytes(body.head, turn.before.head)) {
      return reject('CONFLICT', 'a seen-statement is for this need and its present head', 'seen')
    }
    if (body.slot > slot.n || body.seen.some(([, seenAt]) => seenAt > body.slot)) {
      return reject('WINDOW_CLOSED', 'a statement is of the time up to its slot', 'seen')
    }
  }
  const rejection = judgeMajority('seen-statement', statements, at, world)
  if (rejection !== undefined) return { ok: false, error: rejection }
  const missing = statements.flatMap(({ body }) => body.seen).find(([id]) => !turn.holds(envelopeIdOf(id)))
  if (missing !== undefined) {
    return reject('CONFLICT', `leaves out ${envelopeIdOf(missing[0])}, which a voter has seen`, 'seen')
  }
  const until = at.slot(Math.min(...statements.map(({ body }) => body.slot)))
  if (until === undefined) return reject('WINDOW_CLOSED', 'a slot that is not known', 'seen')
  return ok({ until, slots: slotsOf(statements), majority: majorityOf(at.voters) })
}

function slotsOf(statements: readonly SeenStatement[]): ReadonlyMap<string, readonly number[]> {
  const slots = new Map<string, number[]>()
  for (const [id, slot] of statements.flatMap(({ body }) => body.seen)) {
    const key = envelopeIdOf(id)
    slots.set(key, [...(slots.get(key) ?? []), slot])
  }
  return slots
}

/** The slot by which a majority had seen the envelope; undefined where it had not. */
export function majoritySlot({ slots, majority }: Sightings, id: string): number | undefined {
  return slots.get(id)?.toSorted((a, b) => a - b)[majority - 1]
}

/** Content that needs have-statements. Source: lifecycle.md, "Availability". */
export const UNPINNED_BYTES_MAX = 65_536

/**
 * Whether a majority of voters holds the content. Rejects as `judgeMajority`; CONFLICT for a statement about other
 * content or another need.
 */
export function judgeHave(
  turn: NeedTurn,
  cid: Uint8Array,
  statements: readonly HaveStatement[],
): Rejection | undefined {
  const stray = statements.some(
    ({ body }) => envelopeIdOf(body.need) !== turn.key || !equalBytes(body.cid.bytes, cid),
  )
  if (stray) return reject('CONFLICT', 'a have-statement is for this need and this content', 'have').error
  return judgeMajority('have-statement', statements, turn.at, turn.world)
}
