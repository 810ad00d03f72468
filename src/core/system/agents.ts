import { parseCid } from '../../codec/cid.ts'
import { encodeDagCbor } from '../../codec/dag-cbor/encode.ts'
import {
  encodeRegistryRecord,
  LINKS_MAX,
  RECORD_BYTES_MAX,
  type RegistryRecord,
} from '../../codec/entry/registry-record.ts'
import { leafHash } from '../../codec/merkle/hash.ts'
import { assert } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import type { Micro, MicroText } from '../../model/micro.ts'
import type { Parameters } from '../../model/parameters.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { freeStake } from '../ledger/stake.ts'
import { type Account, ALL } from '../ledger/tables.ts'
import { startingStanding } from '../market/reputation.ts'
import { type RosterMember, rosterMemberToIpld } from '../market/roster.ts'
import type { Agent } from './tables.ts'
import type { Turn } from './turn.ts'

/** An account that the registry did not know. `time`: slot time, milliseconds. */
export function newAgent(isOfGenesis: boolean, time: number, parameters: Parameters): Agent {
  return {
    offers: [],
    judges: [],
    tee: false,
    ...startingStanding(isOfGenesis, parameters),
    isActive: false,
    bannedUntil: 0,
    failedBids: [],
    violations: [],
    links: [],
    dayAt: time,
    weekAt: time,
    hasWorkedToday: false,
    hasWorkedThisWeek: false,
    leaf: new Uint8Array(32),
  }
}

/** The agent as the registry shows it: bytes of its leaf. */
export function registryRecordOf(did: string, agent: Agent, account: Account): RegistryRecord {
  const { offers, judges, manifest, org, asn, region, tee, isActive, links } = agent
  return {
    v: 1,
    did: did as Did,
    offers: [...offers],
    ...(manifest === undefined ? {} : { manifest: manifestOf(manifest) }),
    judges: [...judges],
    active: isActive,
    stake: account.stake.toString() as MicroText,
    ...(org === undefined ? {} : { org }),
    ...(asn === undefined ? {} : { asn }),
    ...(region === undefined ? {} : { region }),
    tee,
    reputation: agent.reputationPpm,
    recency: agent.recencyPpm,
    banned_until: agent.bannedUntil,
    links: [...links] as Did[],
  }
}

function manifestOf({
  id,
  version,
}: NonNullable<Agent['manifest']>): NonNullable<RegistryRecord['manifest']> {
  const cid = parseCid(id)
  assert(cid.ok, 'a manifest is named by the id of its envelope')
  return { id: cid.value, version }
}

/**
 * Whether an agent's record has room for what it says and all links that it may get: a PROPOSE carries the record.
 * Rejects TOO_LARGE.
 */
export function judgeRecordSize(turn: Turn, did: string, agent: Agent): Result<undefined, Rejection> {
  const { length } = encodeRegistryRecord(registryRecordOf(did, agent, turn.book.account(did)))
  return length <= RECORD_BYTES_MAX - LINKS_BYTES
    ? ok(undefined)
    : reject('TOO_LARGE', `${length} bytes, where ${RECORD_BYTES_MAX - LINKS_BYTES} are allowed`, 'payload')
}

/** Room for links, and for numbers that grow. */
const LINKS_BYTES = LINKS_MAX * 64 + 128

export function rosterMemberOf(did: string, agent: Agent, account: Account): RosterMember {
  const { judges, org, asn, region, tee, reputationPpm, recencyPpm } = agent
  return {
    did: did as Did,
    ...(org === undefined ? {} : { org }),
    ...(asn === undefined ? {} : { asn }),
    ...(region === undefined ? {} : { region }),
    freeStake: freeStake(account) as Micro,
    reputationPpm,
    recencyPpm,
    tee,
    capabilities: judges,
  }
}

/**
 * Brings an agent in line with its account: who falls under the minimum stake is not active any more, who reaches it again
 * is. Its leaf in the roster is made with the next slot. Source: economy.md, "Stake and slashing" (An active verifier …).
 */
export function refreshAgent(turn: Turn, did: string): void {
  const agent = turn.agent(did)
  if (agent === undefined) return
  const account = turn.book.account(did)
  const isActive = agent.judges.length > 0 && account.stake >= turn.settings.parameters.verifierStakeMinMicro
  const { seat: _, ...rest } = agent
  const next = { ...rest, isActive }
  const leaf = leafHash(encodeRegistryRecord(registryRecordOf(did, next, account)), turn.world.sha256)
  turn.draft.put('agents', did, { ...next, leaf })
  if (isActive !== agent.isActive) countActive(turn, isActive ? 1 : -1)
  turn.patchNetwork({ isDirty: true, isRosterDirty: true })
}

/** Leaves of the roster, by DID: those of members who have changed are made again, and kept. */
export function rosterLeaves(turn: Turn): readonly Uint8Array[] {
  const { draft, book, world } = turn
  return draft.keys('agents').flatMap((did) => {
    const agent = draft.get('agents', did)
    if (agent === undefined || !agent.isActive) return []
    const account = book.account(did)
    const free = freeStake(account)
    if (agent.seat?.free === free) return [agent.seat.leaf]
    const leaf = leafHash(
      encodeDagCbor(rosterMemberToIpld(rosterMemberOf(did, agent, account))),
      world.sha256,
    )
    draft.put('agents', did, { ...agent, seat: { leaf, free } })
    return [leaf]
  })
}

/** Enough active verifiers must stay for a time to end bootstrap mode; when one goes, it begins anew. */
function countActive(turn: Turn, change: 1 | -1): void {
  const { network, settings, now } = turn
  const active = network.active + change
  const { enoughSince, ...rest } = { ...network, active }
  const isEnough = active >= settings.parameters.bootstrapVerifiers
  turn.draft.put('network', ALL, isEnough ? { ...rest, enoughSince: enoughSince ?? now?.clock ?? 0 } : rest)
}
