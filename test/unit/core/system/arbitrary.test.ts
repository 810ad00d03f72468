import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ToHub } from '../../../../src/codec/entry/effect.ts'
import type { HubCommand } from '../../../../src/codec/entry/hub-command.ts'
import { isConserved } from '../../../../src/core/ledger/conservation.ts'
import { NO_ACCOUNT } from '../../../../src/core/ledger/tables.ts'
import { rosterRoot } from '../../../../src/core/market/roster.ts'
import { decodeState, encodeState } from '../../../../src/core/records/encode-state.ts'
import { recomputeStateHash, StateHash } from '../../../../src/core/records/state-hash.ts'
import type { Records } from '../../../../src/core/records/tables.ts'
import { rosterMemberOf } from '../../../../src/core/system/agents.ts'
import { registryRoot, slotFacts } from '../../../../src/core/system/slots.ts'
import { type HubTables, slotKey } from '../../../../src/core/system/tables.ts'
import type { Did } from '../../../../src/model/ids.ts'
import type { Actor, Spoken } from '../../../../src/sim/heart/actor.ts'
import { Hub, linkTo, micro, needPayload } from './hub-fixture.ts'

/** One thing that somebody does to the hub, lawful or not; numbers choose among whom and what there is. */
type Move = (hub: Hub, posted: Spoken<'NEED'>[]) => void

const nat = fc.nat(40)
const credits = fc.constantFrom(
  '0',
  '1',
  micro(1),
  micro(3),
  micro(7),
  micro(60),
  micro(1_500),
) as fc.Arbitrary<never>

function actorOf(hub: Hub, n: number): Actor {
  const all = [...hub.people, ...hub.verifiers]
  return all[n % all.length] as Actor
}

function did(hub: Hub, n: number): Did {
  return actorOf(hub, n).did
}

/** A role of the need that there is, with somebody who sits in it; or any. */
interface Seated {
  readonly role: 'plan' | 'result' | 'challenge'
  readonly attempt: number
  readonly account: Did
}

function seatedIn(hub: Hub, id: string, n: number): Seated {
  const roles = hub.records.get('needs', id)?.roles ?? []
  const state = roles[n % Math.max(1, roles.length)]
  const [role = 'plan', attempt = '0'] = (state?.key ?? '').split('/')
  const account = (state?.taken[n % Math.max(1, state.taken.length)] ?? did(hub, n)) as Did
  return { role: role === '' ? 'plan' : (role as Seated['role']), attempt: Number(attempt), account }
}

/** Says something about a need of a bucket, as certified effects do, sensible or not. */
function effectMove(make: (hub: Hub, n: number, seated: Seated) => object): fc.Arbitrary<Move> {
  return fc.tuple(nat, nat).map(([which, n]) => (hub: Hub, posted: Spoken<'NEED'>[]) => {
    const need = posted[which % Math.max(1, posted.length)]
    if (need === undefined) return
    const bucket = hub.records.get('needs', need.id)?.bucket ?? -1
    const effect = { v: 1, need: need.cid, ...make(hub, n, seatedIn(hub, need.id, n)) }
    hub.receive(bucket < 0 ? n : bucket, effect as unknown as ToHub)
  })
}

function seatsOf(hub: Hub, n: number): Did[] {
  const needs = hub.records.keys('needs')
  const need = hub.records.get('needs', needs[n % Math.max(1, needs.length)] ?? '')
  return [...(need?.roles ?? []).flatMap(({ taken }) => taken), did(hub, n)] as Did[]
}

const role = (n: number) => (['plan', 'result', 'challenge'] as const)[n % 3]

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: fc.nat(9).map((n) => (hub: Hub) => void hub.nextSlot({ withLink: n > 0 })) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(nat, nat, credits, fc.constantFrom('simple' as const, 'complex' as const))
      .map(([n, key, budget, task_class]) => (hub: Hub, posted: Spoken<'NEED'>[]) => {
        const payload = needPayload({
          idempotency_key: `k${key}`,
          budget,
          task_class,
          constraints: { deadline: 500 },
        })
        const need = actorOf(hub, n).need(payload, 0)
        if (hub.envelope(need).verdict.kind === 'applied') posted.push(need)
      }),
  },
  fc.tuple(nat, nat, credits).map(([a, b, amount]) => (hub: Hub) => {
    if (amount !== '0') hub.envelope(actorOf(hub, a).account('TRANSFER', { to: did(hub, b), amount }, 0))
  }),
  fc.tuple(nat, credits, fc.boolean()).map(([a, amount, isIn]) => (hub: Hub) => {
    if (amount !== '0') hub.envelope(actorOf(hub, a).account(isIn ? 'STAKE' : 'UNSTAKE', { amount }, 0))
  }),
  nat.map((a) => (hub: Hub) => void hub.envelope(actorOf(hub, a).account('COMPLETE_UNBONDING', {}, 0))),
  fc.tuple(nat, credits).map(([a, stake]) => (hub: Hub) => {
    const payload = { stake, capabilities: ['text/summarize'] }
    if (stake !== '0') hub.envelope(actorOf(hub, a).account('REGISTER', payload, 0))
  }),
  nat.map((a) => (hub: Hub) => void hub.envelope(actorOf(hub, a).account('DEREGISTER', {}, 0))),
  fc.constant((hub: Hub) => void hub.command({ v: 1, kind: 'age', slot: hub.slot, limit: 2 })),
  effectMove((hub, n) => ({
    kind: 'reserve',
    bid_round: n % 3,
    bids: [n, n + 1].map((one) => ({ bidder: did(hub, one), proposal: linkTo(n), bond: micro(n) })),
  })),
  effectMove((hub, n) => ({
    kind: 'draw',
    role: role(n),
    attempt: n % 2,
    ...(role(n) === 'challenge' ? { challenge: linkTo(n % 3) } : {}),
    wave: n % 4,
    count: 1 + (n % 5),
    exclude: [did(hub, n)],
  })),
  ...[1, 2, 3].map((weight) =>
    effectMove((hub, n, { role: of, attempt, account }) => ({
      kind: 'slash',
      account: n % 7 === 0 ? did(hub, n) : account,
      role: n % 5 === 0 ? 'worker' : of,
      attempt,
      reason: (['wrong-verdict', 'silent-seat', 'equivocation'] as const)[n % 3],
      ppm: (n * 70_000 * weight) % 1_000_001,
      times: 1 + (n % 3),
      whole_lock: n % 3 === 0,
      ...(n % 4 === 0 ? { challenger: did(hub, n + 1) } : {}),
      evidence: linkTo(n),
    })),
  ),
  effectMove((hub, n) => ({
    kind: 'unlock',
    account: seatsOf(hub, n).at(n % 2) ?? did(hub, n),
    role: n % 2 === 0 ? 'worker' : role(n),
    attempt: n % 2,
  })),
  effectMove((hub, n) => ({
    kind: 'challenge-end',
    challenge: linkTo(n % 3),
    challenger: did(hub, n),
    attempt: n % 2,
    outcome: (['upheld', 'rejected', 'withdrawn', 'void'] as const)[n % 4],
    answered: seatsOf(hub, n),
    honest: seatsOf(hub, n),
    silent: [did(hub, n)],
  })),
  effectMove((hub, n) => ({ kind: 'refill', attempt: n % 3, seats: 1 + (n % 3), wrong: [did(hub, n)] })),
  effectMove((hub, n, { role: of, attempt, account }) => ({
    kind: 'end',
    outcome: (['settled', 'cancelled', 'expired', 'split'] as const)[n % 4],
    ...(n % 3 === 0 ? {} : { worker: did(hub, n) }),
    price: micro(n),
    answered: [{ role: of, attempt, seats: [account, ...seatsOf(hub, n)] }],
    silent: [{ role: of, attempt, seats: n % 2 === 0 ? [account] : [] }],
    confirmed: seatsOf(hub, n),
    envelopes: new Uint8Array(32),
    head: new Uint8Array(32),
  })),
  fc.tuple(nat, nat).map(([which, n]) => (hub: Hub, posted: Spoken<'NEED'>[]) => {
    const need = posted[which % Math.max(1, posted.length)]
    const bucket = hub.records.get('needs', need?.id ?? '')?.bucket ?? -1
    if (need === undefined || bucket < 0) return
    const payload = { need_id: need.cid, attempt: 0, bond: micro(10 + n), hash: new Uint8Array(32) }
    const commit = actorOf(hub, n).say('CHALLENGE_COMMIT', need.thread, payload, 0)
    hub.receive(bucket, {
      v: 1,
      kind: 'bond',
      need: need.cid,
      challenge: commit.cid,
      envelope: commit.field,
    } as never)
    const end = { challenge: commit.cid, challenger: commit.sender, attempt: 0, outcome: 'upheld' as const }
    const rest = { answered: seatsOf(hub, n), honest: seatsOf(hub, n), silent: [] }
    hub.receive(bucket, { v: 1, kind: 'challenge-end', need: need.cid, ...end, ...rest })
  }),
)

const history = fc.array(move, { minLength: 25, maxLength: 60, size: 'max' })

function copyOf(records: Records<HubTables>): Records<HubTables> {
  const copy = decodeState<HubTables>(encodeState(records))
  if (!copy.ok) throw new Error(JSON.stringify(copy.error))
  return copy.value
}

function openedHub(): Hub {
  const hub = new Hub({ verifiers: 4, stake: micro(300), genesis: { parameters: { relatedPartyRule: 1 } } })
  hub.slots(1)
  return hub
}

function play(hub: Hub, moves: readonly Move[], after: () => void): void {
  const posted: Spoken<'NEED'>[] = []
  for (const [n, task_class] of (['simple', 'complex', 'simple'] as const).entries()) {
    const need = hub.person(n).need(needPayload({ idempotency_key: 'first', task_class }), 0)
    hub.envelope(need)
    posted.push(need)
  }
  hub.slots(2)
  for (const one of moves) {
    one(hub, posted)
    after()
  }
}

describe('whatever is proposed to the hub, in whatever order', () => {
  it('credits in = credits out, sums and hash that are kept are those that are made, nothing is below zero', () => {
    fc.assert(
      fc.property(history, (moves) => {
        const hub = openedHub()
        const hash = new StateHash(hub.records, hub.world.sha256)
        let played = 0
        play(hub, moves, () => {
          const { kept, made } = hub.supplies()
          expect(kept).toEqual(made)
          expect(isConserved(made)).toBe(true)
          expectSound(hub)
          if (played++ % 8 > 0) return
          expect(hash.current()).toEqual(recomputeStateHash(hub.records, hub.world.sha256))
        })
      }),
      { numRuns: 12 },
    )
  })

  it('a refused command has written nothing and asks for nothing, and replicas with one log have one hash, wherever they were restored', () => {
    fc.assert(
      fc.property(history, fc.nat(), (moves, at) => {
        const hub = openedHub()
        const start = copyOf(hub.records)
        const first = hub.log.length
        play(hub, moves, () => undefined)
        const steps = hub.log.slice(first)
        const end = encodeState(hub.records)
        let records = start
        steps.forEach((step, i) => {
          if (i === at % steps.length) records = copyOf(records)
          const slot = (n: number) => slotFacts(records, n)
          const made = step({ records, world: hub.world, at: { ...hub.at, position: first + i, slot } })
          if (made.verdict.kind === 'rejected') expect([made.writes, made.effects]).toEqual([[], []])
          records.apply(made.writes)
        })
        expect(encodeState(records)).toEqual(end)
        expect(recomputeStateHash(records, hub.world.sha256)).toEqual(
          recomputeStateHash(hub.records, hub.world.sha256),
        )
      }),
      { numRuns: 12 },
    )
  })

  it('a command of another kind than it knows what to do with is refused, never thrown over', () => {
    const hub = openedHub()
    const commands: HubCommand[] = [
      { v: 1, kind: 'slot', n: 99, readings: hub.readings(99, 1) },
      { v: 1, kind: 'envelope', slot: 1, envelope: { body: new Uint8Array() } },
      { v: 1, kind: 'envelope', slot: 1, envelope: { body: new Uint8Array(9), sig: 1 } },
      {
        v: 1,
        kind: 'evidence',
        slot: 1,
        what: 'equivocation',
        evidence: new Uint8Array(3),
        reporter: { did: did(hub, 0), s: new Uint8Array(64) },
      },
      { v: 1, kind: 'leave-bootstrap', slot: 9 },
    ]
    for (const command of commands) expect(hub.command(command).verdict.kind).toBe('rejected')
  })
})

/** What no state may break. */
function expectSound(hub: Hub): void {
  const { records } = hub
  const locked = new Map<string, bigint>()
  const bonded = new Map<string, bigint>()
  const open = new Map<string, number>()
  const roots = new Map<string, number>()
  for (const id of records.keys('needs')) {
    const need = records.get('needs', id)
    for (const { account, amount } of need?.seats ?? [])
      locked.set(account, (locked.get(account) ?? 0n) + amount)
    for (const { account, left } of need?.bonds ?? []) bonded.set(account, (bonded.get(account) ?? 0n) + left)
    for (const { account } of need?.parties ?? []) open.set(account, (open.get(account) ?? 0) + 1)
    for (const { roster } of need?.roles ?? []) roots.set(roster, (roots.get(roster) ?? 0) + 1)
    expect(records.get('escrows', id)).toBeDefined()
  }
  for (const key of records.keys('accounts')) {
    const account = records.get('accounts', key)
    expect([key, account?.seats, account?.bonds, account?.open]).toEqual([
      key,
      locked.get(key) ?? 0n,
      bonded.get(key) ?? 0n,
      open.get(key) ?? 0,
    ])
    expect((account?.balance ?? 0n) >= 0n && (account?.stake ?? 0n) >= (account?.seats ?? 0n)).toBe(true)
    const pending = account?.unbonding.map((part) => part.pending) ?? []
    expect(pending.every((count) => count >= 0 && count <= (account?.open ?? 0))).toBe(true)
  }
  expect(records.keys('escrows')).toEqual(records.keys('needs'))
  expect(records.keys('rosters').map((key) => [key, records.get('rosters', key)?.roles])).toEqual(
    [...roots].sort(([a], [b]) => (a < b ? -1 : 1)),
  )
  for (const key of records.keys('rosters')) {
    expect(rosterRoot(records.get('rosters', key)?.members ?? [], hub.world.sha256).toHex()).toBe(key)
  }
  expectActive(hub)
}

/** An active verifier has the minimum stake (P5), and the number of them is the one that is kept. */
function expectActive({ records, world }: Hub): void {
  const active = records.keys('agents').filter((key) => records.get('agents', key)?.isActive === true)
  const network = records.get('network', 'all')
  expect(network?.active).toBe(active.length)
  expect(network?.waiting).toBe(records.keys('waiting').length)
  const least = records.get('settings', 'all')?.parameters.verifierStakeMinMicro ?? 0n
  for (const key of active) expect((records.get('accounts', key)?.stake ?? 0n) >= least).toBe(true)
  const slot = records.get('slots', slotKey(network?.slot ?? 0))
  if (network?.isDirty === false) expect(slot?.registry).toEqual(registryRoot(records, world.sha256))
  if (network?.isRosterDirty !== false) return
  const members = active.flatMap((key) => {
    const agent = records.get('agents', key)
    return agent === undefined ? [] : [rosterMemberOf(key, agent, records.get('accounts', key) ?? NO_ACCOUNT)]
  })
  expect(slot?.roster).toEqual(rosterRoot(members, world.sha256))
}
