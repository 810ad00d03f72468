import {
  checkGenesis,
  decodeGenesis,
  encodeGenesis,
  faultsOf,
  type Genesis,
  type OpenedGenesis,
} from '../../codec/genesis/genesis.ts'
import type { MicroText } from '../../model/micro.ts'
import type { NetworkClass } from '../../model/parameters.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import { offline } from '../offline.ts'
import { defaultCapsuleCid } from '../policy/genesis-capsule.ts'
import type { VoterCard } from './voter-card.ts'

export interface Founding {
  readonly label: string
  readonly class: NetworkClass
  /** Of all voters, the founder's first. */
  readonly cards: readonly [VoterCard, ...VoterCard[]]
  /** What every account of the cards begins with, and the insurance account: micro-credits; 0: nothing. */
  readonly credits: bigint
  readonly insurance: bigint
  readonly verifiers?: Genesis['verifiers']
  readonly parameters?: Genesis['parameters']
  /** Lying voters that certificates withstand; by default as many as so many voters can. */
  readonly liars?: number
}

/** Enough to spread the work over the nodes, few enough for a small machine to run them all. */
const SMALL_NETWORK_BUCKETS = 16

/**
 * The genesis of a network that its voters govern, with the policy that comes with canswarm. Two with the same settings are
 * two networks. Rejects as `checkGenesis`: a label, a voter that is named twice, more than 7 of them.
 */
export async function makeGenesis(founding: Founding): Promise<Result<OpenedGenesis, Rejection>> {
  const { label, class: networkClass, cards, credits, insurance, verifiers, parameters = {} } = founding
  const { liars = faultsOf(cards.length) } = founding
  const voters = cards.map(({ voter }) => voter)
  const accounts = cards.flatMap(({ voter, accounts: others }) => [voter, ...others])
  const genesis: Genesis = {
    v: 1,
    label,
    class: networkClass,
    nonce: offline.random.bytes(16),
    created: offline.clock.nowMs(),
    voters,
    f: liars,
    governance: voters,
    parameters,
    buckets: SMALL_NETWORK_BUCKETS,
    ...(credits > 0n ? { accounts: accounts.map((did) => ({ did, amount: microOf(credits) })) } : {}),
    ...(insurance > 0n ? { insurance: microOf(insurance) } : {}),
    ...(verifiers === undefined ? {} : { verifiers }),
    chains: cards.map(({ voter, anchor, length }) => ({ voter, anchor: Uint8Array.fromHex(anchor), length })),
    capsule: await defaultCapsuleCid(cards[0].voter),
  }
  const checked = checkGenesis(genesis)
  return checked.ok ? decodeGenesis(encodeGenesis(genesis), offline.crypto.sha256) : checked
}

function microOf(amount: bigint): MicroText {
  return String(amount) as MicroText
}
