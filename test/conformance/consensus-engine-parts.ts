import type { LogIndex, RaftId, Term } from '../../src/model/raft.ts'
import type { MembershipChange, Refused } from '../../src/ports/consensus-engine.ts'
import type { StoredGroup } from '../../src/ports/consensus-group.ts'
import { Cluster, type MakeEngine, type Settings } from './consensus-engine-cluster.ts'

export function id(value: number): RaftId {
  return value as RaftId
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function reasons(refused: readonly Refused[]): readonly string[] {
  return refused.map(({ at, reason }) => `${at} ${reason}`)
}

export function changeOf(...parts: MembershipChange['parts']): MembershipChange {
  return { transition: 'auto', parts, context: new Uint8Array(0) }
}

export function addLearner(replica: number): MembershipChange {
  return changeOf({ kind: 'add-learner', id: id(replica) })
}

export function hard(term: number, commit: number): StoredGroup['hardState'] {
  return { term: term as Term, vote: undefined, commit: commit as LogIndex }
}

/** Clusters whose nodes have seeds of their own, another one in each life. */
export function clusters(make: MakeEngine): (groups?: number, settings?: Settings) => Cluster {
  return (groups = 1, settings = {}) => new Cluster((node, life) => make(100 * node + life), groups, settings)
}
