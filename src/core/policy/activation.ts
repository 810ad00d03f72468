/**
 * Which capsule opens threads: settled --activate--> changing --the window's end--> settled.
 * 1. In a window the old and the new capsule both open threads; before it the old one alone, after it the new one.
 * 2. A thread keeps the capsule that it was opened with, for ever.
 * 3. There is at most one window at a time, so there are at most two capsules.
 * Source: policy.md ("Upgrade without a fork").
 */
import type { CID } from '../../codec/cid.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'

export type Capsules =
  | { readonly kind: 'settled'; readonly current: CID }
  | {
      readonly kind: 'changing'
      readonly current: CID
      readonly next: CID
      /** Slots in which both open threads: `from` included, `until` not. */
      readonly from: number
      readonly until: number
    }

/** What governance decided. */
export interface Activation {
  readonly capsule: CID
  readonly from: number
  readonly until: number
}

/**
 * Plans a change at `slot`. Rejects CONFLICT while another is planned or open, DUPLICATE for the capsule that is
 * current, MALFORMED for a window that is empty or has begun: nodes must have time to fetch the capsule.
 */
export function activate(
  capsules: Capsules,
  { capsule, from, until }: Activation,
  slot: number,
): Result<Capsules, Rejection> {
  const { kind, current } = settle(capsules, slot)
  if (kind === 'changing') return reject('CONFLICT', 'another capsule is being activated', 'capsule')
  if (current.equals(capsule)) return reject('DUPLICATE', 'the capsule is active', 'capsule')
  if (from <= slot || until <= from) {
    return reject('MALFORMED', `a window begins after slot ${slot} and ends after it began`, 'from')
  }
  return ok({ kind: 'changing', current, next: capsule, from, until })
}

/** The state at a slot: a window that is over is forgotten. */
export function settle(capsules: Capsules, slot: number): Capsules {
  if (capsules.kind === 'settled' || slot < capsules.until) return capsules
  return { kind: 'settled', current: capsules.next }
}

/** Capsules that may open a thread at a slot: one, or two within a window. */
export function openingCapsules(capsules: Capsules, slot: number): readonly CID[] {
  const now = settle(capsules, slot)
  const both = now.kind === 'changing' && slot >= now.from
  return both ? [now.current, now.next] : [now.current]
}

/** Rejects WRONG_CAPSULE. */
export function mayOpenThread(capsules: Capsules, capsule: CID, slot: number): Result<undefined, Rejection> {
  const allowed = openingCapsules(capsules, slot)
  if (allowed.some((one) => one.equals(capsule))) return ok(undefined)
  return reject('WRONG_CAPSULE', `new threads are opened with ${allowed.join(' or ')}`, 'capsule')
}

/** Capsules that a node is to fetch before the window closes. `has`: it holds them, checked. */
export function capsulesToFetch(capsules: Capsules, has: (capsule: CID) => boolean): readonly CID[] {
  const wanted = capsules.kind === 'changing' ? [capsules.current, capsules.next] : [capsules.current]
  return wanted.filter((capsule) => !has(capsule))
}
