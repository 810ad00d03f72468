import { LINKS_MAX } from '../../../codec/entry/registry-record.ts'
import { decodeRelatedLink } from '../../../codec/entry/related-link.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import { checkStatement } from '../../records/voter-statement.ts'
import type { Turn } from '../turn.ts'

/**
 * A link that both sides signed: from now on neither judges or works for the other. Rejects BAD_SIGNATURE, MALFORMED (with oneself), DUPLICATE,
 * UNKNOWN_CAPABILITY for who is not in the registry, OVER_CAP for too many links. Source: economy.md, "Pools, …" (Related parties).
 */
export function applyLink(turn: Turn, bytes: Uint8Array): Result<undefined, Rejection> {
  const decoded = decodeRelatedLink(bytes)
  if (!decoded.ok) return decoded
  const { body, sa, sb } = decoded.value
  const { a, b } = body
  if (a === b) return reject('MALFORMED', 'a link has two sides')
  for (const [voter, s] of [
    [a, sa],
    [b, sb],
  ] as const) {
    const checked = checkStatement('related-party-link', { voter, body, s }, turn.world)
    if (!checked.ok) return checked
  }
  const added = [addLink(turn, a, b), addLink(turn, b, a)]
  return added.find(({ ok: isAdded }) => !isAdded) ?? ok(undefined)
}

function addLink(turn: Turn, did: string, other: string): Result<undefined, Rejection> {
  const agent = turn.agent(did)
  if (agent === undefined) return reject('UNKNOWN_CAPABILITY', `${did} is not in the registry`)
  if (agent.links.includes(other)) return reject('DUPLICATE', 'the link is known')
  if (agent.links.length >= LINKS_MAX) return reject('OVER_CAP', `${LINKS_MAX} links at most`)
  turn.putAgent(did, { ...agent, links: [...agent.links, other].sort() })
  return ok(undefined)
}
