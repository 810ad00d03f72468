import type { EnvelopeHeader } from '../../model/envelope-header.ts'
import type { Did, EnvelopeId, Seq, ThreadId } from '../../model/ids.ts'

/** What is known of one sender in one thread. */
export interface SenderState {
  /** Accepted envelopes, the variants of a forked `seq` included. */
  readonly count: number
  readonly seqMax: Seq
  /** Its envelope with `seqMax`; of several, the one with the smallest id. */
  readonly last: EnvelopeId
  /** Smallest `seq` with two accepted bodies: from there on nothing of this sender counts. Null: not forked. */
  readonly forkedAt: Seq | null
}

/**
 * The accepted bodies of one (sender, `seq`), ids ascending: the only one, or the two smallest, which prove the
 * equivocation. More are not listed: a sender who makes thousands must not make each one dearer.
 */
export type SlotBodies = readonly [EnvelopeId] | readonly [EnvelopeId, EnvelopeId]

/** Key and value of each table of a thread's state. */
export interface ThreadTables {
  /** Lawful envelopes whose `prev` are all accepted. Nothing ever leaves. */
  readonly accepted: [EnvelopeId, EnvelopeHeader]
  /** By `slotOf`: who holds one sender's `seq`. */
  readonly slots: [string, SlotBodies]
  /** Senders with an accepted envelope. */
  readonly senders: [Did, SenderState]
  /** How many counting envelopes name this one in `prev`; no row for none. */
  readonly namedBy: [EnvelopeId, number]
  /** Counting envelopes that no counting envelope names. */
  readonly heads: [EnvelopeId, EnvelopeHeader]
  /** Accepted envelopes that no accepted one names, counting or not: together with their ancestors, the whole set. */
  readonly tips: [EnvelopeId, EnvelopeHeader]
  /** Envelopes that wait for their `prev`: a cache, no part of the agreed state. */
  readonly held: [EnvelopeId, EnvelopeHeader]
  /** How many of `held` are this sender's; no row for none. */
  readonly heldOf: [Did, number]
  /** By an id that is not accepted: the held envelopes that name it. */
  readonly waiting: [EnvelopeId, readonly EnvelopeId[]]
}

type Key<Name extends keyof ThreadTables> = ThreadTables[Name][0]
type Value<Name extends keyof ThreadTables> = ThreadTables[Name][1]

/** A thread's state as a step and the queries read it. */
export type ThreadView = { readonly thread: ThreadId } & {
  readonly [Name in keyof ThreadTables]: ReadonlyMap<Key<Name>, Value<Name>>
}

/** A thread's state as its driver owns it. */
export type ThreadMaps = { readonly thread: ThreadId } & {
  readonly [Name in keyof ThreadTables]: Map<Key<Name>, Value<Name>>
}

/** What a step changes: new rows by table; null takes the row away. */
export type ThreadWrites = {
  readonly [Name in keyof ThreadTables]: ReadonlyMap<Key<Name>, Value<Name> | null>
}

/** The thread's id is given, not taken from the first envelope: a foreign one may arrive first. */
export function emptyThread(thread: ThreadId): ThreadMaps {
  return {
    thread,
    accepted: new Map(),
    slots: new Map(),
    senders: new Map(),
    namedBy: new Map(),
    heads: new Map(),
    tips: new Map(),
    held: new Map(),
    heldOf: new Map(),
    waiting: new Map(),
  }
}

/** The same state, read-only; it shows later writes too. */
export function threadView(maps: ThreadMaps): ThreadView {
  return maps
}

/** Changes `maps` in place; costs as much as the step wrote, not as much as the thread holds. */
export function applyWrites(maps: ThreadMaps, writes: ThreadWrites): void {
  applyTable(maps.accepted, writes.accepted)
  applyTable(maps.slots, writes.slots)
  applyTable(maps.senders, writes.senders)
  applyTable(maps.namedBy, writes.namedBy)
  applyTable(maps.heads, writes.heads)
  applyTable(maps.tips, writes.tips)
  applyTable(maps.held, writes.held)
  applyTable(maps.heldOf, writes.heldOf)
  applyTable(maps.waiting, writes.waiting)
}

function applyTable<K, V>(table: Map<K, V>, changes: ReadonlyMap<K, V | null>): void {
  for (const [key, value] of changes) {
    if (value === null) table.delete(key)
    else table.set(key, value)
  }
}

/** Key of one sender's one number in `slots`. */
export function slotOf(sender: Did, seq: Seq): string {
  return `${seq} ${sender}`
}

/** True for what builds the thread: accepted, and its sender not forked at or before its `seq`. */
export function counts(view: CountingRows, id: EnvelopeId): boolean {
  const header = view.accepted.get(id)
  if (header === undefined) return false
  const forkedAt = view.senders.get(header.sender)?.forkedAt ?? null
  return forkedAt === null || header.seq < forkedAt
}

/** The rows that `counts` reads. */
export interface CountingRows {
  readonly accepted: Row<'accepted'>
  readonly senders: Row<'senders'>
}

interface Row<Name extends keyof ThreadTables> {
  get(key: Key<Name>): Value<Name> | undefined
}
