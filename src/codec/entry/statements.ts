/**
 * What voters say outside of entries and entries then carry: each is signed as the type of its name.
 * Source: protocol.md, "Signed types"; consensus.md, "Time and chance", "Fence epochs, generations".
 */
import * as z from 'zod'
import { contentLink, distinct, hash32, idLink, integer, list, text, timeMs } from '../payload/fields.ts'
import { bucketNumber, fenceEpoch, generationNumber, slotNumber, statement, VOTERS_MAX } from './fields.ts'

const SEEN_MAX = 4_096

/** A reading of the voter's clock for slot n: the lower median of a majority is the slot's time. */
const clockReadingBody = z.strictObject({ v: z.literal(1), n: slotNumber, time: timeMs })

/** An envelope, and the slot that was the last one when the voter first saw it. */
const sighting = z.tuple([idLink, slotNumber])

/**
 * Which envelopes of a need the voter has seen that no entry of it carries yet. `head` is the need's chain head that
 * the voter knew, so that an old statement cannot be used again after another entry.
 */
const seenStatementBody = z.strictObject({
  v: z.literal(1),
  need: idLink,
  head: hash32,
  slot: slotNumber,
  seen: distinct(sighting, SEEN_MAX, 0, ([id]) => String(id)).describe('in ascending order of ids'),
})

/** The voter has fetched this content and keeps it until the need is over. */
const haveStatementBody = z.strictObject({ v: z.literal(1), need: idLink, cid: contentLink })

/** The voter wants the bucket's fence epoch raised to this number. */
const fenceRaiseBody = z.strictObject({
  v: z.literal(1),
  generation: generationNumber,
  bucket: bucketNumber,
  fence_epoch: fenceEpoch,
  reason: text(0, 256),
})

/**
 * Links of a voter's hash chain that are left: sha256(next link) is `anchor`. Renewed before they run out, each time with a
 * higher `serial`, so that nobody can bring back a chain whose links are known.
 */
export const chainAnchorBody = z.strictObject({
  v: z.literal(1),
  serial: integer(1, 2 ** 31 - 1),
  anchor: hash32,
  length: integer(1, 2 ** 31 - 1),
})

export const clockReadings = list(statement(clockReadingBody), VOTERS_MAX, 1)
export const seenStatements = list(statement(seenStatementBody), VOTERS_MAX)
export const haveStatements = list(statement(haveStatementBody), VOTERS_MAX)
export const fenceRaises = list(statement(fenceRaiseBody), VOTERS_MAX, 1)

export type ClockReading = z.output<typeof clockReadings>[number]
export type SeenStatement = z.output<typeof seenStatements>[number]
export type HaveStatement = z.output<typeof haveStatements>[number]
