import { envelopeIdOf } from '../../codec/cid.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import type { NeedTurn } from './need-turn.ts'
import type { Beat, Lease } from './tables.ts'
import type { Sightings } from './voters.ts'

/**
 * The lease's heartbeats that are known: those that entries before carried, and those among these envelopes, each with the
 * clocks at which any of the statements says that it was seen: doubt is for the worker.
 */
export function beatsOf(
  turn: NeedTurn,
  lease: Lease,
  envelopes: readonly SingleEnvelope[],
  { slots }: Sightings,
): readonly Beat[] {
  const known = lease.beats ?? []
  const ids = new Set(known.map(({ id }) => id))
  const news = envelopes.flatMap(({ id, body }): Beat[] => {
    if (body.kind !== 'HEARTBEAT' || body.sender !== lease.worker || ids.has(id)) return []
    const { payload } = body
    if (payload.attempt !== turn.need.attempt || envelopeIdOf(payload.lease_id) !== lease.id) return []
    ids.add(id)
    const clocks = (slots.get(id) ?? []).flatMap((slot) => turn.at.slot(slot)?.clock ?? [])
    return [{ id, clocks: [...new Set(clocks)], extend: payload.extend ?? 0 }]
  })
  return [...known, ...news]
}

/** The lease's time with what its beats asked for, within the network's bound. */
export function lengthOf({ terms }: NeedTurn, { ttl }: Lease, beats: readonly Beat[]): number {
  const asked = beats.reduce((sum, { extend }) => sum + extend, ttl)
  return Math.min(Math.max(ttl, terms.parameters.leaseTtlMaxMs), asked)
}

/**
 * Whole intervals in which no voter saw a beat, from the lease on, or from when the present leader began: it grants one
 * full interval. An interval ends with its last moment: a beat that is sent in time counts for what it ends.
 */
export function missedBeats(
  { bucket }: NeedTurn,
  { granted, interval }: Lease,
  beats: readonly Beat[],
  { until }: Sightings,
): number {
  const begin = Math.max(granted.clock, bucket.led?.clock ?? 0)
  const whole = Math.floor((until.clock - begin) / interval)
  const heard = new Set(
    beats.flatMap(({ clocks }) => clocks.map((clock) => Math.ceil((clock - begin) / interval) - 1)),
  )
  return Math.max(0, whole - [...heard].filter((one) => one >= 0 && one < whole).length)
}
