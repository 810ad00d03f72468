import type { Brand } from './brand.ts'
import { DefectError } from './fault.ts'

/** A raft group. Integer in [0, 2^32); 0 is the system group's. */
export type GroupId = Brand<number, 'GroupId'>

/**
 * A replica's raft id. Integer in [1, 2^53). Given out by the system group, once, never again: a voter that
 * lost what it acknowledged comes back under another one. Source: consensus.md, "The engine".
 */
export type RaftId = Brand<number, 'RaftId'>

/** A raft term. Integer in [0, 2^53); 0 before the first election and before the first entry. */
export type Term = Brand<number, 'Term'>

/** A position in a group's log. Integer in [0, 2^53); the first entry stands at 1 or later. */
export type LogIndex = Brand<number, 'LogIndex'>

const GROUP_ID_MAX = 2 ** 32 - 1

/** These four are for numbers of our own, such as the engine's answers: any other crashes. */
export function assertGroupId(value: number): GroupId {
  return checked(value, 0, GROUP_ID_MAX, 'group id') as GroupId
}

export function assertRaftId(value: number): RaftId {
  return checked(value, 1, Number.MAX_SAFE_INTEGER, 'raft id') as RaftId
}

export function assertTerm(value: number): Term {
  return checked(value, 0, Number.MAX_SAFE_INTEGER, 'term') as Term
}

export function assertLogIndex(value: number): LogIndex {
  return checked(value, 0, Number.MAX_SAFE_INTEGER, 'log index') as LogIndex
}

function checked(value: number, least: number, most: number, what: string): number {
  // Not `assert`: the text would be made for every entry of every turn.
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new DefectError(`${value} is no ${what}`)
  }
  return value
}
