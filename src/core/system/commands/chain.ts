import type { HubCommandOf } from '../../../codec/entry/hub-command.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { checkStatement } from '../../records/voter-statement.ts'
import { inForce } from '../chains.ts'
import type { Chain } from '../tables.ts'
import type { Turn } from '../turn.ts'

/**
 * A voter's new hash chain. It is in force after a whole round of the voters, when beacons have come that it could not know; until then its old one
 * is. Rejects NOT_IN_COMMITTEE, BAD_SIGNATURE; CONFLICT while another waits to be in force; DUPLICATE for a serial that does not rise. Source: consensus.md, "Time and chance: slots".
 */
export function applyChain(turn: Turn, { statement }: HubCommandOf<'chain'>): Result<undefined, Rejection> {
  const { at, draft, network, world } = turn
  const { voter, body } = statement
  if (!at.voters.includes(voter)) return reject('NOT_IN_COMMITTEE', `${voter} is no voter`)
  const checked = checkStatement('chain-anchor', statement, world)
  if (!checked.ok) return checked
  const known = inForce(draft.get('chains', voter), network.slot + 1)
  if (known?.next !== undefined) return reject('CONFLICT', `a chain waits for slot ${known.next.from}`)
  const from = network.slot + at.voters.length + 1
  const before = known ?? NO_CHAIN
  if (body.serial <= before.serial)
    return reject('DUPLICATE', `anchor ${before.serial} was taken`, 'body.serial')
  const next = { anchor: body.anchor, length: body.length, from }
  draft.put('chains', voter, { ...before, serial: body.serial, next })
  return ok(undefined)
}

/** Of a voter that has none yet. */
const NO_CHAIN: Chain = { anchor: new Uint8Array(), left: 0, serial: 0, missed: 0 }
