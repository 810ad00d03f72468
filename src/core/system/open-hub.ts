import { BUCKETS_MAX, type GenesisVerifier, type OpenedGenesis } from '../../codec/genesis/genesis.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import { mint } from '../ledger/credits.ts'
import { stake } from '../ledger/stake.ts'
import { ALL, INSURANCE } from '../ledger/tables.ts'
import { checkParameterBounds } from '../market/bounds.ts'
import { Records } from '../records/tables.ts'
import type { World } from '../records/world.ts'
import { newAgent } from './agents.ts'
import { settle } from './finish.ts'
import type { HubTables } from './tables.ts'
import { Turn } from './turn.ts'

/** What no network may begin with: OVER_CAP, as a change of parameters. Source: economy.md, "Pools, reputation, committees". */
export function judgeGenesis({ parameters }: OpenedGenesis): Result<undefined, Rejection> {
  return checkParameterBounds(parameters)
}

/** The hub's state before its first entry: a function of the genesis alone. */
export function openHub(opened: OpenedGenesis, world: World): Records<HubTables> {
  const { genesis, parameters } = opened
  const records = new Records<HubTables>()
  const at = { position: 0, voters: genesis.voters, slot: () => undefined }
  const turn = new Turn(records, 'genesis', at, world)
  turn.draft.put('network', ALL, {
    slot: 0,
    beacons: 0,
    beacon: world.sha256(world.net.bytes),
    isBootstrap: countFirst(opened) < parameters.bootstrapVerifiers,
    active: 0,
    isPaused: false,
    nonce: 0,
    queue: 0,
    waiting: 0,
    isDirty: true,
    isRosterDirty: true,
    ageAfter: '',
  })
  turn.draft.put('settings', ALL, {
    class: genesis.class,
    buckets: genesis.buckets ?? BUCKETS_MAX,
    governance: genesis.governance,
    attestors: genesis.attestors ?? [],
    parameters,
    capsule: genesis.capsule ?? '',
  })
  fill(turn, opened)
  settle(turn)
  records.apply(turn.draft.writes())
  return records
}

/** Verifiers that are active from the start. Fewer than end bootstrap mode: the network begins in it, and leaves it once. */
function countFirst({ genesis, parameters }: OpenedGenesis): number {
  const { verifierStakeMinMicro } = parameters
  return (genesis.verifiers ?? []).filter((one) => BigInt(one.stake) >= verifierStakeMinMicro).length
}

function fill(turn: Turn, { genesis }: OpenedGenesis): void {
  mint(turn.book, INSURANCE, BigInt(genesis.insurance ?? '0'))
  for (const { did, amount } of genesis.accounts ?? []) mint(turn.book, did, BigInt(amount))
  for (const verifier of genesis.verifiers ?? []) seatVerifier(turn, verifier)
  for (const { voter, anchor, length } of genesis.chains ?? []) {
    turn.draft.put('chains', voter, { anchor, left: length, serial: 0, missed: 0 })
  }
}

function seatVerifier(
  turn: Turn,
  { did, stake: amount, capabilities, org, asn, region }: GenesisVerifier,
): void {
  mint(turn.book, did, BigInt(amount))
  stake(turn.book, did, BigInt(amount))
  turn.putAgent(did, {
    ...newAgent(true, 0, turn.settings.parameters),
    judges: capabilities,
    ...(org === undefined ? {} : { org }),
    ...(asn === undefined ? {} : { asn }),
    ...(region === undefined ? {} : { region }),
  })
}
