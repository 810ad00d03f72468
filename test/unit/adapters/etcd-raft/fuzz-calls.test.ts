import { expect, it } from 'vitest'
import { EtcdRaft } from '../../../../src/adapters/etcd-raft/engine.ts'
import { compileEngine, readEngineFiles } from '../../../../src/adapters/etcd-raft/engine-module.ts'
import { DefectError } from '../../../../src/model/fault.ts'
import { assertLogIndex, assertRaftId, assertTerm, type GroupId } from '../../../../src/model/raft.ts'
import type { MembershipChange } from '../../../../src/ports/consensus-engine.ts'
import { foundGroup, GROUP_SETTINGS } from '../../../../src/ports/consensus-group.ts'
import { messageOf, type RawEntry } from '../../../../src/sim/raft/forged-message.ts'
import { chances } from '../../../conformance/consensus-engine-cluster.ts'

/** A million by hand: FUZZ_CALLS=1000000. */
const CALLS = Number(process.env['FUZZ_CALLS'] ?? 40_000)
const GROUPS = 3
/** The group of one voter, which leads and is seldom lied to. */
const ALONE = 2
const LIMITS = { bytesMax: 1_000_000, groupsMax: 10 }
const VOTERS = [1, 2, 3].map(assertRaftId)
const SETTINGS = { ...GROUP_SETTINGS, id: assertRaftId(1), tailEntriesMax: 16, tailBytesMax: 65_536 }
const CONTRACT = /^the engine was used against its contract/u
const TYPES = [3, 3, 3, 4, 4, 5, 6, 7, 8, 8, 9, 14, 15, 16, 17, 18]
const KINDS = ['add-voter', 'remove', 'update', 'add-learner'] as const
const TRANSITIONS = ['auto', 'joint-implicit', 'joint-explicit'] as const

const module = compileEngine(readEngineFiles())

/**
 * Well-formed calls in any order, with numbers from small ranges, so that they meet: what a frame of noise
 * never reaches. Lies of other replicas are among them, and some make the engine panic.
 */
it(`no order of calls and no well-formed lie ends the instance (${CALLS} calls) (W5)`, () => {
  const engine = new EtcdRaft({ module, seed: new Uint8Array(32).fill(5), log: () => undefined })
  const chance = chances(11)
  const pick = (below: number): number => Math.floor(chance() * below)
  const seen = new Map<string, number>()
  const count = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1)
  for (let call = 0; call < CALLS; call++) {
    const group = pick(GROUPS) as GroupId
    if (pick(400) === 0) engine.close(group)
    if (!engine.status(group).ok) {
      expect(
        engine.open(
          group,
          { ...SETTINGS, preVote: pick(2) === 0, checkQuorum: pick(2) === 0 },
          foundGroup(group === ALONE ? [SETTINGS.id] : VOTERS),
        ).ok,
      ).toBe(true)
    }
    try {
      for (const reason of act(engine, group, pick)) count(reason)
    } catch (error) {
      if (!(error instanceof DefectError) || !CONTRACT.test(error.message)) throw error
      count('contract')
    }
  }
  for (const reason of [
    'done',
    'failed',
    'busy',
    'not-leader',
    'no-leader',
    'contract',
    'conf-pending',
    'conf-invalid',
    'leader',
  ]) {
    expect(seen.get(reason) ?? 0, reason).toBeGreaterThan(0)
  }
  if (process.env['FUZZ_CALLS'] !== undefined)
    process.stdout.write(`${JSON.stringify(Object.fromEntries(seen))}\n`)
  expect(engine.memoryBytes()).toBeLessThan(200_000_000)
})

/** One random call; the reasons of what was refused, or 'done'. */
function act(engine: EtcdRaft, group: GroupId, pick: (below: number) => number): readonly string[] {
  const index = assertLogIndex(pick(16))
  const term = assertTerm(pick(8))
  const peer = assertRaftId(1 + pick(4))
  const of = (result: {
    readonly ok: boolean
    readonly error?: { readonly reason: string }
  }): readonly string[] => [result.ok ? 'done' : (result.error?.reason ?? '')]
  const { membership } = foundGroup(VOTERS)
  switch (pick(24)) {
    case 0:
      return of(engine.proposeChange(group, randomChange(pick)))
    case 1:
      return of(engine.transferLeadership(group, peer))
    case 2:
      return of(engine.readIndex(group, new Uint8Array(1 + pick(9))))
    case 3:
      return of(engine.campaign(group))
    case 4:
      return of(engine.forgetLeader(group))
    case 5:
      return of(engine.compact(group, index))
    case 6:
      return of(engine.offerSnapshot(group, { index, term, membership, data: new Uint8Array(pick(20)) }))
    case 7:
      return of(
        engine.supplyEntries(
          group,
          entriesOf(pick).map((entry) => ({
            index: assertLogIndex(entry.index),
            term: assertTerm(entry.term),
            kind: 0,
            data: new Uint8Array(1),
          })),
        ),
      )
    case 8:
      return of(engine.reportSnapshot(group, peer, pick(2) === 0))
    case 9:
      return of(engine.reportUnreachable(group, peer))
    case 10:
    case 11:
    case 12:
      return engine.tickMany([group]).map(({ reason }) => reason)
    case 13:
      return engine
        .proposeMany([{ group, commands: [new Uint8Array(1 + pick(3000))] }])
        .map(({ reason }) => reason)
    case 14:
      return engine.advanceMany([group]).map(({ reason }) => reason)
    case 15:
    case 16:
      return turn(engine, pick)
    default:
      if (group === ALONE && pick(20) > 0) return engine.campaign(group).ok ? turn(engine, pick) : []
      return engine.stepMany([{ group, bytes: lie(pick) }]).map(({ reason }) => reason)
  }
}

/** A ready with its changes judged, mostly finished at once. */
function turn(engine: EtcdRaft, pick: (below: number) => number): readonly string[] {
  const { ready, failed } = engine.readyMany(LIMITS)
  for (const { group, committed } of ready) {
    for (const { kind, index } of committed) {
      if (kind !== 'change') continue
      if (pick(4) === 0) engine.passOverChange(group, index)
      else engine.applyChange(group, index)
    }
    if (pick(4) > 0) engine.advanceMany([group])
  }
  const roles = ready.flatMap(({ softState }) => (softState === undefined ? [] : [softState.role]))
  return [...roles, ...failed.map(() => 'failed')]
}

function lie(pick: (below: number) => number): Uint8Array {
  const type = TYPES[pick(TYPES.length)] ?? 3
  const termless = type === 15
  return messageOf({
    type,
    to: 1,
    from: 2 + pick(3),
    term: termless ? 0 : 1 + pick(8),
    logTerm: pick(6),
    index: pick(12),
    commit: pick(pick(50) === 0 ? 99 : 6),
    reject: pick(3) === 0,
    ...(type === 3 && { entries: following(pick) }),
    ...((type === 15 || type === 16) && { entries: [{ index: 0, term: 0, data: new Uint8Array(8) }] }),
    ...(type === 7 && {
      snapshot: { index: 1 + pick(20), term: 1 + pick(3), voters: [1, 2, 3].slice(pick(3)) },
    }),
    ...((type === 8 || type === 9) &&
      pick(2) === 0 && { context: Uint8Array.of(pick(3), 0, 0, 0, 0, 0, 0, pick(2)) }),
  })
}

function entriesOf(pick: (below: number) => number): readonly RawEntry[] {
  const first = 1 + pick(12)
  return Array.from({ length: pick(4) }, (_, n) => ({ index: first + n, term: 1 + pick(4) }))
}

/** Entries that may or may not follow what the message says, some of them changes of membership. */
function following(pick: (below: number) => number): readonly RawEntry[] {
  const first = 1 + pick(12)
  const term = 1 + pick(4)
  return Array.from({ length: pick(4) }, (_, n) => ({
    index: first + n,
    term,
    ...(pick(3) === 0 && { kind: 2, data: Uint8Array.of(0x12, 4, 0x08, pick(5), 0x10, pick(5)) }),
  }))
}

function randomChange(pick: (below: number) => number): MembershipChange {
  return {
    transition: TRANSITIONS[pick(3)] ?? 'auto',
    parts: Array.from({ length: pick(4) }, () => ({
      kind: KINDS[pick(4)] ?? 'remove',
      id: assertRaftId(1 + pick(5)),
    })),
    context: new Uint8Array(pick(4)),
  }
}
