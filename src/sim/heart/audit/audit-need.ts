import { envelopeIdOf } from '../../../codec/cid.ts'
import { decodeDagCbor } from '../../../codec/dag-cbor/decode.ts'
import type { BucketCommand } from '../../../codec/entry/bucket-command.ts'
import type { NeedEffect, ToBucket } from '../../../codec/entry/effect.ts'
import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import type { Ipld } from '../../../codec/ipld.ts'
import { recordKey } from '../../../core/bucket/tables.ts'
import { challengeWindowMs } from '../../../core/market/bounds.ts'
import { slotFacts } from '../../../core/system/slots.ts'
import { parseParameters } from '../../../model/parse-parameters.ts'
import { Violation } from '../../raft/violation.ts'
import type { Stage } from '../stage.ts'
import { auditVotes } from './audit-votes.ts'
import { readBucket } from './reading.ts'

/** What an auditor keeps of one need while it reads the log. */
interface Account {
  readonly open: Extract<ToBucket, { kind: 'open' }>
  readonly envelopes: Map<string, SingleEnvelope>
  readonly seats: Map<string, Set<string>>
  readonly bidders: Set<string>
  /** The proposal that was decided on. */
  decided: string | undefined
  /** Attempts that could not go on, so far. */
  attempts: number
  finalizedAt: number | undefined
}

/**
 * Every need of every bucket, counted again from what its entries carry: who was seated, who accepted, who worked, when, and
 * what was paid. Shares nothing with the machine but the forms of its entries. Source: verification.md, P1, P4 to P6, L.
 */
export function auditNeeds(stage: Stage): void {
  for (const bucket of stage.network.buckets) {
    const accounts = new Map<string, Account>()
    const received = new Set<number>()
    let fence = 0
    for (const event of readBucket(stage, bucket)) {
      if (event.kind === 'effect') {
        if (received.has(event.n))
          throw new Violation('once', `effect ${event.n} reached bucket ${bucket} twice`)
        received.add(event.n)
        if (event.effect.kind === 'fence') fence += 1
        else hearEffect(stage, accounts, event.effect)
      } else if (event.command.kind === 'fence') fence += 1
      else if ('need' in event.command) {
        const account = accounts.get(envelopeIdOf(event.command.need))
        if (account === undefined) continue
        auditFence(account, event.command, fence)
        hearCommand(stage, bucket, account, event.command)
      }
    }
  }
}

/** P4: who decides does so under the bucket's present fence. */
function auditFence({ decided }: Account, command: BucketCommand, fence: number): void {
  if (command.kind !== 'decide' || decided !== undefined || command.fence_epoch === fence) return
  throw new Violation('P4', `decided under fence ${command.fence_epoch}, where ${fence} is in force`)
}

function hearEffect(stage: Stage, accounts: Map<string, Account>, effect: NeedEffect): void {
  const id = envelopeIdOf(effect.need)
  if (effect.kind === 'open') {
    const { plan, result } = effect
    accounts.set(id, {
      open: effect,
      envelopes: new Map(),
      seats: new Map([
        ['plan 0', new Set(plan.seats)],
        ['result 0', new Set(result?.seats ?? [])],
      ]),
      bidders: new Set(),
      decided: undefined,
      attempts: 0,
      finalizedAt: undefined,
    })
  }
  const account = accounts.get(id)
  if (account === undefined) return
  if (effect.kind === 'seated') {
    const key = `${effect.role} ${effect.challenge === undefined ? effect.attempt : envelopeIdOf(effect.challenge)}`
    const seats = account.seats.get(key) ?? new Set()
    for (const seat of effect.seats) seats.add(seat)
    account.seats.set(key, seats)
  }
  if (effect.kind === 'paid') auditMoney(stage, account, effect)
  auditSeats(stage, account)
}

/** Nobody judges its own need, or one that it bid for. */
function auditSeats(stage: Stage, { open, seats, bidders }: Account): void {
  const opened = stage.world.openEnvelope(open.envelope, 0)
  const requester = opened.ok ? opened.value.body.sender : ''
  for (const [role, dids] of seats) {
    for (const did of dids) {
      if (did === requester || bidders.has(did)) {
        throw new Violation('P6', `${did} has a party's interest and a seat (${role})`)
      }
    }
  }
}

function hearCommand(stage: Stage, bucket: number, account: Account, command: BucketCommand): void {
  for (const envelope of carriedBy(stage, command)) {
    account.envelopes.set(envelope.id, envelope)
  }
  const audit = AUDITS[command.kind]
  audit?.(stage, bucket, account, command as never)
}

type Audit<Kind extends BucketCommand['kind']> = (
  stage: Stage,
  bucket: number,
  account: Account,
  command: Extract<BucketCommand, { kind: Kind }>,
) => void

const nextAttempt = (_stage: Stage, _bucket: number, account: Account): void => {
  account.attempts += 1
  account.finalizedAt = undefined
}

/** What each entry that concludes something must be right about; the others conclude nothing that is audited here. */
const AUDITS: { readonly [Kind in BucketCommand['kind']]?: Audit<Kind> } = {
  close: (_stage, _bucket, { envelopes, bidders }) => {
    for (const { body } of envelopes.values()) if (body.kind === 'PROPOSE') bidders.add(body.sender)
  },
  decide: hearDecide,
  commit: auditCommit,
  finalize: (stage, bucket, account, command) => {
    account.finalizedAt = slotFacts(stage.hub.records, command.slot)?.clock
    auditFinalize(stage, bucket, account, envelopeIdOf(command.need))
  },
  challenge: (stage, _bucket, account, command) => {
    auditChallenge(stage, account, command)
  },
  settle: (stage, _bucket, account, command) => {
    auditSettle(stage, account, command)
  },
  reject: nextAttempt,
  release: nextAttempt,
  yield: nextAttempt,
  lapse: nextAttempt,
  invalidate: nextAttempt,
}

function recordOf(stage: Stage, bucket: number, key: string): { readonly [field: string]: Ipld } {
  const bytes = stage.bucket(bucket).records.get('records', key)
  const decoded = bytes === undefined ? undefined : decodeDagCbor(bytes)
  if (decoded?.ok !== true) throw new Violation('P2', `there is no record ${key}`)
  return decoded.value as { readonly [field: string]: Ipld }
}

/** P1: the same again gives the record that is there; another proposal never comes through. */
function hearDecide(
  stage: Stage,
  bucket: number,
  account: Account,
  command: Extract<BucketCommand, { kind: 'decide' }>,
): void {
  const proposal = envelopeIdOf(command.proposal)
  if (account.decided !== undefined) {
    if (account.decided !== proposal) throw new Violation('P1', 'a need was decided twice')
    return
  }
  account.decided = proposal
  auditDecide(stage, bucket, account, envelopeIdOf(command.need))
}

function auditDecide(stage: Stage, bucket: number, account: Account, id: string): void {
  const record = recordOf(stage, bucket, recordKey(id, 'decide'))
  const ids = (record['attestations'] as readonly Ipld[]).map(String)
  auditVotes(account, 'DECIDE', 'plan 0', ids, account.open.k_plan)
}

function auditFinalize(stage: Stage, bucket: number, account: Account, id: string): void {
  const { attempts } = account
  const record = recordOf(stage, bucket, recordKey(id, `finalize ${attempts}`))
  auditVotes(
    account,
    'FINALIZE',
    `result ${attempts}`,
    record['attestations'] as readonly string[],
    account.open.k_result,
  )
}

/** P4: who delivers is the one whose attempt it is. */
function auditCommit(
  stage: Stage,
  bucket: number,
  { attempts }: Account,
  command: Extract<BucketCommand, { kind: 'commit' }>,
): void {
  const opened = stage.world.openEnvelope(command.envelope, 0)
  if (!opened.ok || opened.value.body.kind !== 'COMMIT')
    throw new Violation('P4', 'a commit without a COMMIT')
  const { sender, payload } = opened.value.body
  const record = recordOf(stage, bucket, recordKey(envelopeIdOf(command.need), 'decide'))
  const succession = record['succession'] as readonly (readonly Ipld[])[]
  const worker = succession[attempts]?.[0]
  if (sender !== worker)
    throw new Violation('P4', `${sender} delivers in the attempt of ${JSON.stringify(worker)}`)
  if (payload.attempt !== attempts)
    throw new Violation('P4', `attempt ${payload.attempt} delivers in ${attempts}`)
}

/** P7: challenges only within their window. */
function auditChallenge(
  stage: Stage,
  account: Account,
  command: Extract<BucketCommand, { kind: 'challenge' }>,
): void {
  const opened = stage.world.openEnvelope(command.envelope, 0)
  if (!opened.ok || opened.value.body.kind !== 'CHALLENGE_COMMIT') return
  const clock = slotFacts(stage.hub.records, command.slot)?.clock ?? 0
  const { finalizedAt } = account
  if (finalizedAt !== undefined && clock - finalizedAt >= windowOf(stage, account)) {
    throw new Violation('P7', `a challenge ${clock - finalizedAt} ms after FINALIZE`)
  }
}

function auditSettle(
  stage: Stage,
  account: Account,
  command: Extract<BucketCommand, { kind: 'settle' }>,
): void {
  const clock = slotFacts(stage.hub.records, command.slot)?.clock ?? 0
  const { finalizedAt } = account
  if (finalizedAt === undefined) throw new Violation('P3', 'settled without a FINALIZE')
  if (clock - finalizedAt < 2 * windowOf(stage, account)) {
    throw new Violation('P3', `settled ${clock - finalizedAt} ms after FINALIZE`)
  }
}

function windowOf(stage: Stage, { open }: Account): number {
  const opened = stage.world.openEnvelope(open.envelope, 0)
  const parameters = parseParameters(stage.genesis.genesis.class, stage.genesis.genesis.parameters)
  if (!opened.ok || opened.value.body.kind !== 'NEED' || !parameters.ok) throw new Violation('P3', 'no NEED')
  const { task_class, budget } = opened.value.body.payload
  return challengeWindowMs(
    task_class,
    BigInt(budget) as Parameters<typeof challengeWindowMs>[1],
    parameters.value,
  )
}

/** What was paid is what was bid, each seat earned its fee once a role and attempt, and nothing else left the escrow. */
function auditMoney(stage: Stage, account: Account, { moves }: Extract<ToBucket, { kind: 'paid' }>): void {
  const { open, envelopes, seats } = account
  const opened = stage.world.openEnvelope(open.envelope, 0)
  if (!opened.ok || opened.value.body.kind !== 'NEED') throw new Violation('money', 'paid without a NEED')
  const { budget } = opened.value.body.payload
  const costs = new Map<string, bigint>()
  for (const { body } of envelopes.values()) {
    if (body.kind === 'PROPOSE') costs.set(body.sender, BigInt(body.payload.cost))
  }
  const prices = moves.filter(({ what }) => what === 'price')
  if (prices.length > 1) throw new Violation('money', `${prices.length} workers were paid`)
  for (const { to, amount } of prices) {
    const most = costs.get(to) ?? 0n
    if (BigInt(amount) > most && BigInt(amount) > BigInt(budget) / 2n) {
      throw new Violation('money', `${to} bid ${most} and was paid ${amount}`)
    }
  }
  const turns = new Map<string, number>()
  for (const dids of seats.values()) for (const did of dids) turns.set(did, (turns.get(did) ?? 0) + 1)
  for (const { to, amount, what } of moves) {
    if (what !== 'fee') continue
    const left = turns.get(to) ?? 0
    if (left === 0) throw new Violation('money', `${to} was paid a fee more often than it sat`)
    if (BigInt(amount) > BigInt(open.fee))
      throw new Violation('money', `a fee of ${amount} where ${open.fee} is the fee`)
    turns.set(to, left - 1)
  }
}

/** Envelopes in an entry, wherever it carries them. */
function carriedBy(stage: Stage, command: BucketCommand): readonly SingleEnvelope[] {
  const fields: Ipld[] = []
  for (const [name, value] of Object.entries(command)) {
    if (name === 'envelope') fields.push(value as Ipld)
    if (['proposals', 'verdicts', 'reveal', 'carried', 'beats', 'commitments'].includes(name)) {
      fields.push(...(value as readonly Ipld[]))
    }
  }
  return fields.flatMap((field) => {
    const opened = stage.world.openEnvelope(field, 0)
    return opened.ok ? [opened.value] : []
  })
}
