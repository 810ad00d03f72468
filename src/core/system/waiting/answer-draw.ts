import { type CID, parseCid } from '../../../codec/cid.ts'
import { assert } from '../../../model/fault.ts'
import type { Did } from '../../../model/ids.ts'
import { roleSeed } from '../../market/seeds.ts'
import { draw, excludedFrom, seat, toEffect } from '../committee.ts'
import { freezeRoster } from '../rosters.ts'
import { type Need, type RoleState, roleKey, type Waiting } from '../tables.ts'
import type { Turn } from '../turn.ts'
import type { DrawSlot } from './draw-slot.ts'

/** Seats that a bucket asked for. */
export type WaitingDraw = Extract<Waiting, { kind: 'draw' }>

/** The first seats of a role, from the beacon that has just come. A need that has ended meanwhile needs none. */
export function answerDraw(turn: Turn, { facts, members }: DrawSlot, asked: WaitingDraw): void {
  const need = turn.need(asked.need)
  if (need === undefined) return
  const known = roleOf(need, asked)
  if (known !== undefined) {
    continueRole(turn, need, known, asked)
    return
  }
  const which = asked.challenge === undefined ? asked.attempt : idOf(asked.challenge)
  const seed = roleSeed(idOf(asked.need), facts.beacon, asked.role, which, turn.world.sha256)
  const roster = freezeRoster(turn, facts.roster, members)
  const key = roleKey(asked.role, asked.attempt, asked.challenge)
  const fresh: RoleState = { key, slot: facts.n, seed, roster, j: 0, taken: [] }
  continueRole(turn, { ...need, roles: [...need.roles, fresh] }, fresh, asked)
}

export function roleOf(need: Need, { role, attempt, challenge }: WaitingDraw): RoleState | undefined {
  const key = roleKey(role, attempt, challenge)
  return need.roles.find((one) => one.key === key)
}

/** Further seats of a role's own order, by the roster on which it rests. */
export function continueRole(turn: Turn, need: Need, role: RoleState, asked: WaitingDraw): void {
  const members = turn.draft.get('rosters', role.roster)?.members ?? []
  const drawn = draw(turn, need, {
    members,
    seed: role.seed,
    from: { j: role.j, taken: role.taken as readonly Did[] },
    count: asked.count,
    excluded: excludedFrom(turn, need, members, asked.exclude),
    lock: need.lock,
  })
  const state = { ...role, j: drawn.state.j, taken: drawn.state.taken }
  const roles = need.roles.map((one) => (one.key === role.key ? state : one))
  turn.putNeed(asked.need, seat(turn, { ...need, roles }, asked.need, role.key, drawn.seats))
  turn.send(need.bucket, {
    v: 1,
    kind: 'seated',
    need: idOf(asked.need),
    role: asked.role,
    attempt: asked.attempt,
    ...(asked.challenge === undefined ? {} : { challenge: idOf(asked.challenge) }),
    wave: asked.wave,
    answered: turn.network.slot,
    ...toEffect(state, drawn),
  })
}

function idOf(text: string): CID {
  const id = parseCid(text)
  assert(id.ok, 'needs and challenges are kept by the text of their ids')
  return id.value
}
