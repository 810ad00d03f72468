import { type CID, cidFromDigest, envelopeIdOf } from '../../codec/cid.ts'
import type { ToHub } from '../../codec/entry/effect.ts'
import { lockBond } from '../../core/ledger/bond.ts'
import { unbondingOf } from '../../core/ledger/book.ts'
import { mint } from '../../core/ledger/credits.ts'
import { escrow } from '../../core/ledger/escrow.ts'
import { stake } from '../../core/ledger/stake.ts'
import { ALL, INSURANCE } from '../../core/ledger/tables.ts'
import { Draft } from '../../core/records/draft.ts'
import type { Records } from '../../core/records/tables.ts'
import type { Write } from '../../core/records/view.ts'
import type { AppliedAt, SlotFacts, World } from '../../core/records/world.ts'
import { seat } from '../../core/system/committee.ts'
import { checkConservation } from '../../core/system/conservation.ts'
import { finish } from '../../core/system/finish.ts'
import { openHub } from '../../core/system/open-hub.ts'
import { receiveAtHub } from '../../core/system/receive.ts'
import { type HubTables, type Need, roleKey, slotKey } from '../../core/system/tables.ts'
import { Turn } from '../../core/system/turn.ts'
import { assert, DefectError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import type { MicroText } from '../../model/micro.ts'
import { ok } from '../../model/result.ts'
import { type Setting, type Side, type Terms, termsOf } from './setting.ts'

/** An account as it was made. */
interface Made {
  readonly side: Side
  readonly amount: bigint
}

/** Id of the need. */
export const NEED_ID: CID = cidFromDigest(new Uint8Array(32).fill(1))
const NEED = envelopeIdOf(NEED_ID)
const BUCKET = 7
const NET = cidFromDigest(new Uint8Array(32))
/** So much that what a coalition can draw from it is bounded by rules alone. */
const INSURED = '1000000000000'
/** Hashes mean nothing to money, and most of the time would go to them. */
const NO_HASH = new Uint8Array(32)
const SLOT: SlotFacts = {
  n: 1,
  time: 1_000_000,
  clock: 1_000_000,
  beacon: NO_HASH,
  roster: NO_HASH,
  registry: NO_HASH,
}
const AT: AppliedAt = { position: 1, voters: [], slot: (n) => (n === 1 ? SLOT : undefined) }

const WORLD: World = {
  net: NET,
  generation: 0,
  liars: 0,
  sha256: () => NO_HASH,
  verify: () => unasked(),
  keys: { ofDid: () => unasked() },
  openEnvelope: () => unasked(),
  judge: () => unasked(),
}

function unasked(): never {
  throw new DefectError('no envelope is opened where only money moves')
}

/**
 * One need at a real hub: its ledger and its rules for slashes, fees, bonds and ends, with accounts that are made as they are
 * needed. What stands between (bids, draws, windows) is the caller's: it says who sits where, and sends what the bucket would.
 */
export class Stage {
  readonly terms: Terms
  readonly setting: Setting
  /** Upon the hub as it was when this stage was opened or forked. */
  readonly #hub: Draft<HubTables>
  readonly #made: Map<Did, Made>
  #effects: number

  constructor(setting: Setting, from?: Stage) {
    this.setting = setting
    this.terms = from?.terms ?? termsOf(setting)
    this.#hub = new Draft<HubTables>(from === undefined ? openNetwork(setting) : from.#hub)
    this.#made = new Map(from === undefined ? [] : from.#made)
    this.#effects = from === undefined ? 0 : from.#effects
    if (from === undefined) this.#openNeed()
  }

  /** The same need, to go on in another way. This one must not go on then. */
  fork(): Stage {
    return new Stage(this.setting, this)
  }

  #openNeed(): void {
    const { setting } = this
    const requester = this.account(setting.requester, 'requester', setting.budget + setting.bounty)
    this.#step((turn) => {
      const escrowed = escrow(turn.book, NEED, requester, setting.budget, setting.bounty)
      assert(escrowed.ok, 'the requester has what it escrows')
      turn.putNeed(NEED, openedNeed(setting, this.terms, requester))
    })
  }

  /** A new account with so much that it can spend; what it had is taken off at the end. */
  account(side: Side, name: string, amount: bigint): Did {
    const did = `did:key:${side}/${name}/${this.#made.size}` as Did
    this.#made.set(did, { side, amount })
    this.#step((turn) => mint(turn.book, did, amount))
    return did
  }

  /**
   * Accounts in new seats of a role, each with as little stake as will do: what it has beyond the lock could only be lost. They are
   * not in the registry: no reputation and no draw is asked for here.
   */
  seats(side: Side, role: 'plan' | 'result' | 'challenge', attempt: number, count: number): readonly Did[] {
    if (count === 0) return []
    const { lock } = this.terms
    const { verifierStakeMinMicro: least } = this.setting.parameters
    const amount = lock > least ? lock : least
    const first = this.#made.size
    const dids = Array.from({ length: count }, (_, at) => `did:key:${side}/${role}/${first + at}` as Did)
    this.#step((turn) => {
      for (const did of dids) this.#enlist(turn, did, side, amount)
      const need = openOf(turn)
      const key = role === 'challenge' ? roleKey(role, attempt, NEED) : roleKey(role, attempt)
      const known = need.roles.find((one) => one.key === key)
      const taken = [...(known?.taken ?? []), ...dids]
      const state = { key, slot: 1, seed: NO_HASH, roster: '', j: taken.length, taken }
      const roles = [...need.roles.filter((one) => one !== known), state]
      turn.putNeed(NEED, seat(turn, { ...need, roles }, NEED, key, dids))
    })
    return dids
  }

  #enlist(turn: Turn, did: Did, side: Side, amount: bigint): void {
    this.#made.set(did, { side, amount })
    mint(turn.book, did, amount)
    const staked = stake(turn.book, did, amount)
    assert(staked.ok, 'a verifier stakes what it was given')
  }

  /** A worker with its bond. */
  worker(side: Side): Did {
    const { bond } = this.terms
    const bidder = this.account(side, 'worker', bond)
    const bids = [{ bidder, proposal: NEED_ID, bond: bond.toString() as MicroText }]
    this.send({ v: 1, kind: 'reserve', need: NEED_ID, bid_round: 0, bids })
    return bidder
  }

  /** A challenger with its bond locked. */
  challenger(side: Side, challenge: CID, bond: bigint): Did {
    const account = this.account(side, 'challenger', bond)
    this.#step((turn) => {
      const isLocked = lockBond(turn.book, account, bond, `bond ${NEED}`)
      assert(isLocked, 'a challenger bonds what it was given')
      const need = openOf(turn)
      const entry = { account, what: envelopeIdOf(challenge), left: bond, of: bond }
      turn.putNeed(NEED, { ...need, bonds: [...need.bonds, entry] })
    })
    return account
  }

  /** What the bucket asks of the hub. What it answers to a `refill`: whether it was made. */
  send(effect: ToHub): boolean {
    this.#effects += 1
    const from = { bucket: BUCKET, n: this.#effects }
    const step = receiveAtHub(this.#hub, effect, NO_HASH, from, AT, WORLD)
    assert(step.verdict.kind === 'applied', 'effects are applied in their order')
    this.#write(step.writes)
    return step.effects.some(({ body }) => body.kind === 'refilled' && body.refilled)
  }

  /** What a side's accounts have more than they were made with. */
  gain(side: Side): bigint {
    let sum = 0n
    for (const [did, made] of this.#made) {
      if (made.side !== side) continue
      const account = this.#hub.get('accounts', did)
      if (account === undefined) continue
      sum += account.balance + account.stake + account.bonds + unbondingOf(account) - made.amount
    }
    return sum
  }

  /** What the escrow holds for seats. */
  bounty(): bigint {
    return this.#hub.get('escrows', NEED)?.bounty ?? 0n
  }

  sideOf(did: Did): Side | undefined {
    return this.#made.get(did)?.side
  }

  burned(): bigint {
    return this.#hub.get('supply', ALL)?.burned ?? 0n
  }

  /** What left the insurance account, less what came in. */
  insured(): bigint {
    return BigInt(INSURED) - (this.#hub.get('accounts', INSURANCE)?.balance ?? 0n)
  }

  #step(act: (turn: Turn) => void): void {
    const turn = new Turn(this.#hub, 'stage', AT, WORLD)
    act(turn)
    this.#write(finish(turn, ok(undefined)).writes)
  }

  #write(writes: readonly Write<HubTables>[]): void {
    for (const { table, key, value } of writes) this.#hub.put(table, key, value)
    checkConservation(this.#hub)
  }
}

function openOf(turn: Turn): Need {
  const need = turn.need(NEED)
  assert(need !== undefined, 'the need is open')
  return need
}

function openNetwork({ parameters, isBootstrap }: Setting): Records<HubTables> {
  const genesis = {
    v: 1,
    label: 'coalition',
    class: 'production',
    nonce: NO_HASH,
    created: 0,
    voters: [],
    f: 0,
    governance: [],
    parameters: {},
    insurance: INSURED as MicroText,
  } as const
  const records = openHub({ genesis, net: NET, parameters }, WORLD)
  const network = records.get('network', ALL)
  assert(network !== undefined, 'a hub is opened from its genesis')
  records.apply([
    { table: 'network', key: ALL, value: { ...network, slot: 1, isBootstrap } },
    { table: 'slots', key: slotKey(1), value: SLOT },
  ])
  return records
}

function openedNeed({ taskClass, budget, bounty }: Setting, terms: Terms, requester: Did): Need {
  return {
    requester,
    bucket: BUCKET,
    slot: 1,
    key: 'need',
    class: taskClass,
    budget,
    bounty,
    capability: 'any',
    deadlineMs: 1,
    capsule: '',
    kPlan: terms.kPlan,
    kResult: terms.kResult,
    fee: terms.fee,
    lock: terms.lock,
    lost: 0n,
    insured: 0n,
    bidders: [],
    parties: [],
    roles: [],
    seats: [],
    bonds: [],
    done: [],
  }
}
