/** Random histories of one bucket: lawful moves, mutated ones and garbage, with a hub that answers by chance. */
import { type BucketCommand, encodeBucketCommand } from '../../src/codec/entry/bucket-command.ts'
import type { ToHub } from '../../src/codec/entry/effect.ts'
import { encodeItem } from '../../src/codec/entry/item.ts'
import { challengeCommitment } from '../../src/codec/payload/commitments.ts'
import { type BucketStep, stepBucket } from '../../src/core/bucket/step.ts'
import { candidatesOf } from '../../src/core/proposer/candidates.ts'
import { NeedPool, sightingsOf } from '../../src/core/proposer/pool.ts'
import type { Actor, Spoken } from '../../src/sim/heart/actor.ts'
import { BucketKit, cidOfText, credits, NeedKit, sha256, someLink } from './heart-bucket.ts'
import { attest, attestCommit, attestPlan, bid, commitEnvelope, reveal, SALT } from './heart-moves.ts'

/** Whole numbers from 0 below `below`, by a linear congruence: the same on every machine. */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  below(below: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((this.#state / 2 ** 32) * below)
  }

  of<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item
  }

  isOne(ofMany: number): boolean {
    return this.below(ofMany) === 0
  }
}

const STEPS_MS = [0, 50, 50, 250, 250, 500, 1_000, 1_000, 5_000, 60_000] as const
const VERDICTS = ['accept', 'accept', 'accept', 'reject', 'unavailable'] as const
const OUTCOMES = ['upheld', 'upheld', 'rejected', 'undecided'] as const

/** What is worth saying in a state. */
const SPEECHES: Readonly<Record<string, readonly string[]>> = {
  OPEN: ['bid', 'bid', 'cancel'],
  RANKED: ['reveal', 'attestPlan', 'attestPlan'],
  DECIDED: ['claim', 'claim', 'challenge', 'verdict'],
  CLAIMED: ['commit', 'commit', 'beat', 'yield', 'verdict'],
  COMMITTED: ['bind', 'attest', 'attest'],
  FINAL: ['challenge', 'challenge', 'verdict', 'verdict'],
}

export class RandomHistory {
  readonly kit: BucketKit
  readonly needs: readonly NeedKit[]
  readonly said = new Map<string, Spoken>()
  readonly #chance: Chance
  readonly #pools = new Map<NeedKit, NeedPool>()
  readonly #waiting: ToHub[] = []
  readonly #heard = new Set<string>()
  #answered = 0
  readonly #nextSeat = new Map<string, number>()

  constructor(seed: number) {
    this.#chance = new Chance(seed)
    this.kit = new BucketKit({ isTrusting: true, people: 60 })
    const taskClass = this.#chance.of(['simple', 'simple', 'complex'] as const)
    const one = new NeedKit(this.kit, { task_class: taskClass })
    this.needs = [one]
    const k = 1 + this.#chance.below(2)
    const seats = (from: number) => one.drawn(one.seats(from, k))
    const { result: _, ...plain } = one.opening({
      k_plan: k,
      k_result: k,
      eligible: 8,
      bootstrap: k === 1,
      plan: seats(10),
    })
    this.kit.receive(taskClass === 'simple' ? { ...plain, result: seats(12) } : plain)
    this.#pools.set(one, new NeedPool())
  }

  /** One thing happens. Gives the step of a command, where it was one. */
  next(): BucketStep | undefined {
    const one = this.#chance.of(this.needs)
    const choice = this.#chance.below(10)
    if (choice < 1) {
      this.kit.advance(this.#chance.of(STEPS_MS))
      return undefined
    }
    if (choice < 2) return this.#answer(one)
    if (choice < 6) {
      this.#speak(one)
      this.#speak(one)
      return undefined
    }
    return this.#command(one)
  }

  /** Who changes its mind gives two verdicts on one thing: now and then, or nothing would ever be decided. */
  #verdictOf<Verdict>({ did }: Actor, verdicts: readonly Verdict[]): Verdict {
    if (this.#chance.isOne(25)) return this.#chance.of(verdicts)
    return verdicts[did.charCodeAt(40) % verdicts.length] as Verdict
  }

  #say(one: NeedKit, spoken: Spoken): void {
    const repeated = `${spoken.kind} ${spoken.sender} ${one.state} ${one.need.attempt} ${one.need.ranking[0]?.proposal}`
    if (spoken.kind !== 'HEARTBEAT' && this.#heard.has(repeated) && !this.#chance.isOne(10)) return
    this.#heard.add(repeated)
    this.said.set(spoken.id, spoken)
    const opened = this.kit.world.openEnvelope(spoken.field, 0)
    if (!opened.ok) throw new Error(JSON.stringify(opened.error))
    // Some are lost on the way to the voters.
    if (this.#chance.isOne(12)) return
    const seenAt = this.kit.slot
    this.#pools.get(one)?.add({ envelope: opened.value, field: spoken.field, seenAt })
  }

  #seatOf(one: NeedKit, role: string): Actor {
    const { kit } = this
    const keys = kit.records.keys('committees').filter((key) => key.startsWith(`${one.key} ${role}`))
    const seats = keys.flatMap((key) => kit.records.get('committees', key)?.seats ?? [])
    const did = this.#chance.isOne(8)
      ? undefined
      : seats.at(-1 - this.#chance.below(Math.max(1, seats.length)))
    return kit.people.find((person) => person.did === did) ?? this.#chance.of(kit.people)
  }

  #speak(one: NeedKit): void {
    const { kit } = this
    const chance = this.#chance
    const worker = () => {
      const holder = one.need.lease?.worker ?? one.need.ranking[0]?.bidder
      const found = kit.people.find(({ did }) => did === holder)
      return chance.isOne(6) || found === undefined ? kit.person(1 + chance.below(6)) : found
    }
    const proposals = [...this.said.values()].filter(
      (spoken) => spoken.kind === 'PROPOSE',
    ) as Spoken<'PROPOSE'>[]
    const headId = one.need.ranking[0]?.proposal
    const proposal = proposals.find(({ id }) => id === headId) ?? proposals.at(-1)
    const challengeId = one.need.challenges.at(-1 - chance.below(Math.max(1, one.need.challenges.length)))
    const attempt = Math.max(0, one.need.attempt - (chance.isOne(6) ? 1 : 0))
    const lease_id = cidOfText(one.need.lease?.id ?? one.key)
    const speeches: Readonly<Record<string, () => Spoken | undefined>> = {
      bid: () => bid(one, kit.person(1 + chance.below(6)), { cost: credits(0.1 + chance.below(9) / 10) }),
      reveal: () => (proposal === undefined ? undefined : reveal(one, worker(), proposal)),
      attestPlan: () => (proposal === undefined ? undefined : this.#judgePlan(one, proposal)),
      claim: () => {
        const proposal_id = proposal?.cid ?? someLink(1)
        return one.say(worker(), 'CLAIM', { attempt, proposal_id, lease_ttl: 5_000, heartbeat_interval: 500 })
      },
      commit: () => commitEnvelope(one, worker(), { attempt }),
      beat: () => one.say(worker(), 'HEARTBEAT', { attempt, lease_id, progress: 1 }),
      yield: () =>
        chance.isOne(4) ? one.say(worker(), 'YIELD', { attempt, lease_id, reason: '' }) : undefined,
      attest: () => {
        const seat = this.#seatOf(one, 'result')
        return attest(one, seat, this.#verdictOf(seat, VERDICTS), { salt: SALT })
      },
      bind: () => {
        const seat = this.#seatOf(one, 'result')
        return one.need.commit === undefined
          ? undefined
          : attestCommit(one, seat, this.#verdictOf(seat, VERDICTS))
      },
      cancel: () => (chance.isOne(20) ? one.say(one.requester, 'CANCEL', {}) : undefined),
      challenge: () => this.#challenge(one, attempt),
      verdict: () => (challengeId === undefined ? undefined : this.#judgeChallenge(one, challengeId)),
    }
    const fitting = SPEECHES[one.state] ?? Object.keys(speeches)
    const spoken = speeches[chance.of(chance.isOne(6) ? Object.keys(speeches) : fitting)]?.()
    if (spoken !== undefined) this.#say(one, spoken)
  }

  #judgePlan(one: NeedKit, proposal: Spoken<'PROPOSE'>): Spoken {
    const seat = this.#seatOf(one, 'plan')
    return attestPlan(one, seat, proposal, this.#verdictOf(seat, VERDICTS))
  }

  #judgeChallenge(one: NeedKit, id: string): Spoken {
    const seat = this.#seatOf(one, 'challenge')
    return one.say(seat, 'VERDICT', {
      challenge_id: cidOfText(id),
      outcome: this.#verdictOf(seat, OUTCOMES),
      gas_used: 1,
      evidence: { inline: new Uint8Array() },
    })
  }

  #challenge(one: NeedKit, attempt: number): Spoken {
    const who = this.#chance.isOne(2) ? this.kit.person(1) : this.kit.person(50 + this.#chance.below(4))
    const claim = {
      attempt,
      proof_type: 'SCHEMA_VIOLATION' as const,
      proof: { size_bytes: 1, gas_estimate: 1 },
      evidence: { inline: new Uint8Array() },
      salt: SALT,
    }
    if (this.#chance.isOne(2)) return one.say(who, 'CHALLENGE', claim)
    const hash = challengeCommitment(this.kit.net, who.did, { need_id: one.id, ...claim }, sha256)
    return one.say(who, 'CHALLENGE_COMMIT', { attempt, bond: credits(10), hash })
  }

  /** The hub answers what was asked of it first, one way or the other. */
  #answer(one: NeedKit): BucketStep | undefined {
    for (; this.#answered < this.kit.sent.length; this.#answered++) {
      this.#waiting.push(this.kit.sent[this.#answered] as ToHub)
    }
    const asked = this.#waiting.shift()
    const { kit } = this
    const base = { v: 1 as const, need: one.id, slot: kit.slot }
    const isGood = !this.#chance.isOne(5)
    switch (asked?.kind) {
      case 'reserve': {
        const refused = asked.bids.map(({ bidder }) => bidder).filter(() => this.#chance.isOne(4))
        return kit.receive({ ...base, kind: 'reserved', bid_round: asked.bid_round, refused })
      }
      case 'draw': {
        const { role, attempt, wave, challenge, count } = asked
        const from = this.#nextSeat.get(role) ?? { plan: 14, result: 22, challenge: 36 }[role]
        const given = isGood ? count : count - 1
        this.#nextSeat.set(role, from + given)
        const at = challenge === undefined ? {} : { challenge }
        const seats = one.seats(Math.min(from, 50), given)
        return kit.receive({
          ...base,
          ...one.drawn(seats, !isGood),
          kind: 'seated',
          role,
          attempt,
          wave,
          answered: kit.slot,
          ...at,
        })
      }
      case 'bond':
        return kit.receive({ ...base, kind: 'bonded', challenge: asked.challenge, bonded: isGood })
      case 'refill':
        return kit.receive({
          ...base,
          kind: 'refilled',
          attempt: asked.attempt,
          refilled: isGood,
          amount: credits(1),
        })
      case 'end':
        return kit.receive({ v: 1, kind: 'paid', need: one.id, moves: [] })
      case 'slash':
      case 'unlock':
      case 'challenge-end':
      case undefined:
        return undefined
      default:
        return asked satisfies never
    }
  }

  /** A command that would be accepted, one that nobody knows of, or one that was tampered with. */
  #command(one: NeedKit): BucketStep | undefined {
    const candidates = [...this.#candidates(one)]
    if (candidates.length === 0) return undefined
    const chosen = this.#chance.isOne(2)
      ? (candidates.find((command) => this.#isLawful(command)) ?? this.#chance.of(candidates))
      : this.#chance.of(candidates)
    const command = this.#chance.isOne(3) ? this.#tampered(chosen) : chosen
    const step = this.kit.propose(command)
    const carried = this.kit.records.get('envelopes', one.key) ?? []
    this.#pools.get(one)?.carried(carried.map(({ id }) => id))
    return step
  }

  #isLawful(command: BucketCommand): boolean {
    const item = encodeItem({ kind: 'command', command: encodeBucketCommand(command) })
    return stepBucket(this.kit.records, command, item, this.kit.at, this.kit.world).verdict.kind === 'applied'
  }

  #candidates(one: NeedKit): Iterable<BucketCommand> {
    const { kit } = this
    const pool = this.#pools.get(one) ?? new NeedPool()
    const body = { v: 1 as const, need: one.id, head: one.need.head, slot: kit.slot, seen: sightingsOf(pool) }
    const seen = kit.voters.map((voter) => voter.state('seen-statement', body))
    return candidatesOf({
      view: kit.records,
      world: kit.world,
      need: one.key,
      pool,
      slot: kit.slot,
      by: kit.voter().did,
      seen: () => seen,
      have: () => [],
    })
  }

  /** One field changed, taken away or filled with another's. */
  #tampered(command: BucketCommand): BucketCommand {
    const chance = this.#chance
    const some = [...this.said.values()].filter(() => chance.isOne(3)).map(({ field }) => field)
    const changes: object[] = [
      { slot: chance.below(this.kit.slot + 3) },
      { by: this.kit.person(chance.below(3)).did },
      ...('prev' in command ? [{ prev: new Uint8Array(32) }] : []),
      ...('seen' in command ? [{ seen: [] }, { seen: command.seen.slice(1) }] : []),
      ...('verdicts' in command
        ? [{ verdicts: some }, { verdicts: [] }, { verdicts: command.verdicts.slice(1) }]
        : []),
      ...('carried' in command ? [{ carried: some }, { carried: [] }] : []),
      ...('proposals' in command ? [{ proposals: some }] : []),
      ...('commitments' in command ? [{ commitments: some }] : []),
      ...('proposal' in command ? [{ proposal: someLink(3) }] : []),
      ...('fence_epoch' in command ? [{ fence_epoch: chance.below(3) }] : []),
      ...('envelope' in command && some.length > 0 ? [{ envelope: chance.of(some) }] : []),
      ...('challenge' in command ? [{ challenge: someLink(chance.below(5)) }] : []),
    ]
    return { ...command, ...chance.of(changes) }
  }
}
