/** Rosters on which draws of open needs rest: frozen, and gone with the last of them. */
import type { RosterMember } from '../market/roster.ts'
import type { Need } from './tables.ts'
import type { Turn } from './turn.ts'

/** One more role rests on the roster of this root. Its key. */
export function freezeRoster(turn: Turn, root: Uint8Array, members: readonly RosterMember[]): string {
  const key = root.toHex()
  const frozen = turn.draft.get('rosters', key)
  turn.draft.put('rosters', key, { members: frozen?.members ?? members, roles: (frozen?.roles ?? 0) + 1 })
  return key
}

/** The need is over: its roles rest on nothing any more. */
export function releaseRosters(turn: Turn, { roles }: Need): void {
  for (const { roster } of roles) {
    const frozen = turn.draft.get('rosters', roster)
    if (frozen === undefined) continue
    const left = frozen.roles - 1
    turn.draft.put('rosters', roster, left === 0 ? undefined : { ...frozen, roles: left })
  }
}
