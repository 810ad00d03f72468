import { describe, expect, it } from 'vitest'
import { Outcomes } from '../../../../src/core/replica/outcomes.ts'
import type { GroupId, RaftId } from '../../../../src/model/raft.ts'
import { type Outcome, REMEMBERED_POSITIONS, type Ticket } from '../../../../src/model/replicated.ts'
import type { HostCore } from '../../../../src/services/raft-host/host-core.ts'
import { type HostedGroup, makeHostedGroup } from '../../../../src/services/raft-host/hosted-group.ts'
import { HostedGroups } from '../../../../src/services/raft-host/hosted-groups.ts'
import { Proposals } from '../../../../src/services/raft-host/proposals.ts'

const G = 1 as GroupId
const [SELF, OTHER] = [1 as RaftId, 2 as RaftId]
const DEADLINE = 5

/** One group on a node whose engine takes no proposal, and what it said. */
function started() {
  const groups = new HostedGroups()
  const group = makeHostedGroup(G, {} as never, { term: 1, vote: 0, commit: 0 } as never)
  const replica = { position: 0, settled: new Outcomes() }
  Object.assign(group, { replica, leader: OTHER })
  groups.put(group)
  const core = {
    self: SELF,
    groups,
    tick: 1,
    serial: 1,
    stopping: false,
    mutant: undefined,
    settings: {
      commandBytesMax: 1_000,
      waitingMax: 10,
      waitingBytesMax: 10_000,
      entryBytesTarget: 1_000,
      retryTicks: 100,
      noLeaderTicks: 100,
      hopsMax: 4,
      reserveBytes: 0,
    },
    store: { room: () => ({ freeBytes: 1 }) },
    engine: { proposeMany: () => [{ at: 0, reason: 'no-leader', detail: '' }] },
    outgoing: { add: () => undefined },
    onSleepEnd: () => undefined,
  }
  const said: Outcome[] = []
  const proposals = new Proposals(core as unknown as HostCore)
  const ask = (ticket: Ticket): void =>
    proposals.add(
      { group: G, ticket, body: new Uint8Array(1), deadlineTicks: DEADLINE },
      { kind: 'local', done: (outcome) => said.push(outcome) },
      0,
    )
  return { core, group, replica, proposals, said, ask }
}

function leadsNow(group: HostedGroup, proposals: Proposals): void {
  Object.assign(group, { role: 'leader', leader: SELF })
  proposals.leaderChanged(group)
}

const TICKET: Ticket = { born: 0, key: Uint8Array.of(1) }

describe('a command that no log took in time', () => {
  it('is refused where no attempt left this node', () => {
    const { core, group, proposals, said, ask } = started()
    leadsNow(group, proposals)
    ask(TICKET)
    proposals.flush()
    core.tick += DEADLINE
    proposals.tick()
    expect(said).toMatchObject([{ kind: 'refused', why: 'no-leader' }])
  })

  it('is unknown where an attempt did, whatever the engine said of a later one', () => {
    const { core, group, proposals, said, ask } = started()
    ask(TICKET)
    proposals.flush()
    expect(group.waiting.size).toBe(1)
    leadsNow(group, proposals)
    proposals.flush()
    core.tick += DEADLINE
    proposals.tick()
    expect(said).toEqual([{ kind: 'unknown' }])
  })

  it('is not refused as too old while an attempt is on its way', () => {
    const { replica, said, ask } = started()
    ask(TICKET)
    replica.position = 2 * REMEMBERED_POSITIONS
    ask(TICKET)
    expect(said).toEqual([])
    ask({ born: 0, key: Uint8Array.of(2) })
    expect(said).toMatchObject([{ kind: 'refused', why: 'expired' }])
  })
})
