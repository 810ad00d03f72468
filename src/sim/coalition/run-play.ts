import { cidFromDigest } from '../../codec/cid.ts'
import type { ToHubOf } from '../../codec/entry/effect.ts'
import { challengeBond } from '../../core/market/bounds.ts'
import { challengeSeats, kResult } from '../../core/market/quorum.ts'
import type { Did } from '../../model/ids.ts'
import type { MicroText } from '../../model/micro.ts'
import { type Attempt, isWrongEnd, type Play } from './play.ts'
import type { Setting, Side } from './setting.ts'
import { NEED_ID, Stage } from './stage.ts'

const WHOLE = 1_000_000

/** What a play came to, in micro-credits. */
export interface Outcome {
  /**
   * What the coalition has more: the change of all its accounts; plus the budget for a right result that others made for it,
   * less the budget for one that it made, because work is worth its price; less what its seats were paid out of the bounty of
   * others for answers, because that is what the bounty is for.
   */
  readonly gain: bigint
  /** What left the insurance account, less what it got. */
  readonly insured: bigint
  /** What is gone for ever. */
  readonly burned: bigint
}

/** Runs a play through the hub's own rules. */
export function runPlay(setting: Setting, play: Play): Outcome {
  const run = new Run(setting)
  run.plan(play.planSeats)
  for (const attempt of play.attempts) if (!run.attempt(attempt)) break
  return run.outcome()
}

interface Seats {
  readonly accepting: readonly Did[]
  readonly against: readonly Did[]
  readonly silent: readonly Did[]
}

/** A need that is played, up to some attempt. */
export class Run {
  readonly #stage: Stage
  readonly #setting: Setting
  readonly #answered: ToHubOf<'end'>['answered']
  /** What upheld challenges took out of the bounty. */
  #shared: bigint
  #attempt: number
  #upheld: number
  #hasEnded: boolean
  #worth: bigint

  constructor(setting: Setting, from?: Run) {
    this.#setting = setting
    this.#stage = from === undefined ? new Stage(setting) : from.#stage.fork()
    this.#answered = [...(from === undefined ? [] : from.#answered)]
    this.#shared = from === undefined ? 0n : from.#shared
    this.#attempt = from === undefined ? 0 : from.#attempt
    this.#upheld = from === undefined ? 0 : from.#upheld
    this.#hasEnded = from === undefined ? false : from.#hasEnded
    this.#worth = from === undefined ? 0n : from.#worth
  }

  /** The same play, to go on in another way. This one must not go on then. */
  fork(): Run {
    return new Run(this.#setting, this)
  }

  /** What it comes to when nothing follows: the need expires where nothing has ended it. Nothing can follow after this. */
  outcome(): Outcome {
    if (!this.#hasEnded) this.#finish('expired')
    const gain = this.#stage.gain('coalition') + this.#worthOf()
    return { gain, insured: this.#stage.insured(), burned: this.#stage.burned() }
  }

  plan(own: number): void {
    const { kPlan } = this.#stage.terms
    const seats = [
      ...this.#stage.seats('coalition', 'plan', 0, own),
      ...this.#stage.seats('others', 'plan', 0, kPlan - own),
    ]
    this.#answered.push({ role: 'plan', attempt: 0, seats })
  }

  /** False when nothing can follow. */
  attempt(attempt: Attempt): boolean {
    const worker = this.#stage.worker(attempt.worker)
    if (attempt.end === 'none') return this.#nothingComes(worker, attempt)
    this.#countWork(attempt)
    const seats = this.#judge(attempt)
    switch (attempt.end) {
      case 'final':
        return this.#final(worker, attempt, seats)
      case 'rejected':
        return this.#rejected(worker, attempt, seats)
      case 'split':
        this.#finish('split', { worker, silent: seats.silent })
        return false
      default:
        return attempt.end satisfies never
    }
  }

  /** What is no money: work done and work got, and answers that a bounty of others is there to pay. */
  #worthOf(): bigint {
    return this.#worth - (this.#setting.requester === 'others' ? this.#paidByOthers() : 0n)
  }

  /** What the coalition's seats got of the bounty for their answers: it pays in the order in which it is asked. */
  #paidByOthers(): bigint {
    const { fee } = this.#stage.terms
    let left = this.#setting.bounty - this.#shared
    let own = 0n
    for (const did of this.#answered.flatMap(({ seats }) => seats)) {
      const paid = left < fee ? left : fee
      left -= paid
      if (this.#stage.sideOf(did) === 'coalition') own += paid
    }
    return own
  }

  #nothingComes(account: Did, { work }: Attempt): boolean {
    const { slashMissedBeatPpm: ppm, missedBeatsMax: times } = this.#setting.parameters
    if (work === 'none') this.#slash({ account, role: 'worker', reason: 'missed-beat', ppm, times })
    this.#unlock(account)
    this.#attempt += 1
    return true
  }

  /** A result exists as soon as it is committed: who asked for it has it, whatever becomes of it. */
  #countWork({ worker, work }: Attempt): void {
    if (work !== 'right') return
    const { budget, requester } = this.#setting
    if (worker === 'coalition') this.#worth -= budget
    if (requester === 'coalition') this.#worth += budget
  }

  #judge({ truthful, words, silent, work }: Attempt): Seats {
    const stage = this.#stage
    const at = this.#attempt
    const own = (count: number | undefined): readonly Did[] =>
      stage.seats('coalition', 'result', at, count ?? 0)
    const others = stage.seats('others', 'result', at, truthful)
    const accepting = own(words.accept)
    const against = [...own(words.reject), ...own(words.unavailable)]
    const quiet = own(silent)
    const { slashSilencePpm: ppm } = this.#setting.parameters
    for (const account of quiet) this.#slash({ account, role: 'result', reason: 'silent-seat', ppm })
    const seats = {
      accepting: work === 'right' ? [...others, ...accepting] : accepting,
      against: work === 'right' ? against : [...others, ...against],
      silent: quiet,
    }
    this.#answered.push({ role: 'result', attempt: at, seats: [...seats.accepting, ...seats.against] })
    return seats
  }

  #final(worker: Did, attempt: Attempt, seats: Seats): boolean {
    if (isWrongEnd(attempt)) {
      const challenger = this.#challenge(attempt, 'upheld', seats.against)
      this.#slashWrong(seats.accepting, challenger)
      this.#slash({ account: worker, role: 'worker', reason: 'rejected-result', ppm: WHOLE, challenger })
      for (let more = 1; more <= attempt.voided; more += 1) this.#endChallenge(attempt, 'void', [], more)
      return this.#nextAfterUpheld(seats.accepting)
    }
    if (attempt.challenger !== 'nobody') this.#challenge(attempt, 'rejected', [])
    this.#finish('settled', { worker, confirmed: seats.accepting })
    return false
  }

  /** Fees of the next attempt; refused, the need expires. */
  #nextAfterUpheld(wrong: readonly Did[]): boolean {
    const { eligible, isBootstrap, parameters } = this.#setting
    this.#upheld += 1
    this.#attempt += 1
    const seats = kResult(eligible, isBootstrap, this.#upheld, parameters)
    return this.#stage.send({
      v: 1,
      kind: 'refill',
      need: NEED_ID,
      attempt: this.#attempt,
      seats,
      wrong: [...wrong],
    })
  }

  #rejected(worker: Did, attempt: Attempt, seats: Seats): boolean {
    if (isWrongEnd(attempt) && attempt.challenger !== 'nobody') {
      const challenger = this.#challenge(attempt, 'upheld', seats.accepting)
      this.#slashWrong(seats.against, challenger)
      this.#unlock(worker)
    } else {
      if (attempt.challenger !== 'nobody') this.#challenge(attempt, 'rejected', [])
      const unavailable = attempt.words.unavailable ?? 0
      if (seats.against.length - unavailable > unavailable) {
        this.#slash({ account: worker, role: 'worker', reason: 'rejected-result', ppm: WHOLE })
      } else this.#unlock(worker)
    }
    this.#attempt += 1
    return true
  }

  #challenge(attempt: Attempt, outcome: 'upheld' | 'rejected', honest: readonly Did[]): Did {
    return this.#endChallenge(attempt, attempt.isWithdrawn ? 'withdrawn' : outcome, honest, 0)
  }

  /** A challenge from its bond to its end. Its challenger. */
  #endChallenge(
    { challenger: side, judges }: Attempt,
    outcome: ToHubOf<'challenge-end'>['outcome'],
    honest: readonly Did[],
    number: number,
  ): Did {
    const { eligible, isBootstrap, parameters, taskClass } = this.#setting
    const challenge = cidFromDigest(new Uint8Array(32).fill(100 + 16 * this.#attempt + number))
    // The cheapest proof: a bond is only ever lost by who is wrong.
    const bond = challengeBond('SCHEMA_VIOLATION', taskClass, parameters)
    const challenger = this.#stage.challenger(side as Side, challenge, bond)
    const all = challengeSeats(kResult(eligible, isBootstrap, this.#upheld, parameters))
    const answered = outcome === 'withdrawn' ? [] : this.#challengeSeats(judges, all - judges)
    const before = this.#stage.bounty()
    this.#stage.send({
      v: 1,
      kind: 'challenge-end',
      need: NEED_ID,
      challenge,
      challenger,
      attempt: this.#attempt,
      outcome,
      answered,
      honest: outcome === 'upheld' ? [...honest] : [],
      silent: [],
    })
    this.#shared += before - this.#stage.bounty()
    return challenger
  }

  #challengeSeats(own: number, others: number): Did[] {
    return [
      ...this.#stage.seats('coalition', 'challenge', this.#attempt, own),
      ...this.#stage.seats('others', 'challenge', this.#attempt, others),
    ]
  }

  #slashWrong(seats: readonly Did[], challenger: Did): void {
    const { slashWrongVerdictPpm: ppm } = this.#setting.parameters
    for (const account of seats) {
      this.#slash({ account, role: 'result', reason: 'wrong-verdict', ppm, isWholeLock: true, challenger })
    }
  }

  #slash(slash: {
    readonly account: Did
    readonly role: 'worker' | 'result'
    readonly reason: ToHubOf<'slash'>['reason']
    readonly ppm: number
    readonly times?: number
    readonly isWholeLock?: boolean
    readonly challenger?: Did
  }): void {
    const { account, role, reason, ppm, times = 1, isWholeLock = false, challenger } = slash
    this.#stage.send({
      v: 1,
      kind: 'slash',
      need: NEED_ID,
      account,
      role,
      attempt: this.#attempt,
      reason,
      ppm,
      times,
      whole_lock: isWholeLock,
      ...(challenger === undefined ? {} : { challenger }),
      evidence: NEED_ID,
    })
  }

  #unlock(account: Did): void {
    this.#stage.send({
      v: 1,
      kind: 'unlock',
      need: NEED_ID,
      account,
      role: 'worker',
      attempt: this.#attempt,
    })
  }

  #finish(
    outcome: ToHubOf<'end'>['outcome'],
    {
      worker,
      silent = [],
      confirmed = [],
    }: { readonly worker?: Did; readonly silent?: readonly Did[]; readonly confirmed?: readonly Did[] } = {},
  ): void {
    this.#hasEnded = true
    this.#stage.send({
      v: 1,
      kind: 'end',
      need: NEED_ID,
      outcome,
      ...(worker === undefined ? {} : { worker }),
      price: this.#setting.budget.toString() as MicroText,
      answered: [...this.#answered],
      silent: silent.length === 0 ? [] : [{ role: 'result', attempt: this.#attempt, seats: [...silent] }],
      confirmed: [...confirmed],
      envelopes: new Uint8Array(32),
      head: new Uint8Array(32),
    })
  }
}
