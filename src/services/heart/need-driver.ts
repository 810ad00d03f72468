import { certificateToIpld } from '../../codec/certificate/certificate.ts'
import type { CID } from '../../codec/cid.ts'
import { type BucketCommand, encodeBucketCommand } from '../../codec/entry/bucket-command.ts'
import type { HaveStatement, SeenStatement } from '../../codec/entry/statements.ts'
import { cidOfId } from '../../core/bucket/need-turn.ts'
import { stepBucket } from '../../core/bucket/step.ts'
import { isOver } from '../../core/bucket/transitions.ts'
import { candidatesOf } from '../../core/proposer/candidates.ts'
import { type NeedPool, sightingsOf } from '../../core/proposer/pool.ts'
import { HISTORY_START } from '../../core/records/history.ts'
import type { SlotFacts, World } from '../../core/records/world.ts'
import type { Did, Signature } from '../../model/ids.ts'
import type { Outcome } from '../../model/replicated.ts'
import { BelievingRules } from './believing-rules.ts'
import type { GroupAccess } from './group-access.ts'
import type { LeaderWatch } from './leader-watch.ts'
import { LeftOutNeeds } from './left-out-needs.ts'
import { Naps, type Phase } from './naps.ts'
import type { NeedPools } from './need-pools.ts'
import type { Testimony } from './testimony.ts'

export interface NeedDriverDeps {
  readonly self: Did
  readonly world: World
  readonly groups: GroupAccess
  readonly pools: NeedPools
  readonly testimony: Testimony
  readonly watch: LeaderWatch
  readonly slot: () => number
  readonly askSeen: (need: CID, head: Uint8Array, slot: number, pool: NeedPool) => void
  readonly askHave: (need: CID, cid: CID) => void
  /** What was proposed and what came of it, for who looks closely. */
  readonly trace: (text: string) => void
}

const NO_SIGNATURE = new Uint8Array(64) as Signature
/** Stands for an item that is only asked about: no rule reads it, and nothing that it would write is kept. */
const UNSAID = new Uint8Array(0)

/**
 * What a voter does for the needs of the buckets that it leads, and for those that another leader leaves out: asks the
 * machine's own step what it would accept now, and proposes that. No rule stands here. Where an entry concludes from
 * what is missing, the step is first asked as if all voters had said what this one has seen; only if it would be accepted
 * then are they asked.
 * Source: lifecycle.md, "Entries of a need" (*voter*).
 */
export class NeedDriver {
  readonly #deps: NeedDriverDeps
  /** The same rules, but what voters say is believed: for looking ahead. */
  readonly #lenient: World
  readonly #believing: BelievingRules
  /** Needs with a proposal underway. */
  readonly #underway = new Set<string>()
  readonly #naps = new Naps()
  readonly #leftOut: LeftOutNeeds

  constructor(deps: NeedDriverDeps) {
    this.#deps = deps
    this.#lenient = { ...deps.world, verify: () => true }
    this.#believing = new BelievingRules(deps.world)
    this.#leftOut = new LeftOutNeeds({
      groups: deps.groups,
      watch: deps.watch,
      isAsleep: (need, bucket) => this.#isAsleep(need, bucket),
      isQuiet: (need, bucket) => this.#isQuiet(need, bucket),
      make: (need, bucket) => this.#make(need, bucket),
    })
  }

  /** Looks at one need of which something was said or applied; proposes at most one entry. */
  act(need: string, bucket: number): void {
    this.#naps.end(need)
    if (!this.#deps.groups.isLeader(bucket)) {
      this.#leftOut.hear(need, bucket)
      return
    }
    const found = this.#look(need, bucket)
    if (found === 'nothing') this.#rest(need, bucket)
  }

  /** A slot was made, and nothing else is known of the need. */
  pass(need: string, bucket: number): void {
    if (!this.#deps.groups.isLeader(bucket)) return
    const now = this.#slotOf(bucket)
    if (now === undefined || this.#naps.isAsleep(need, now)) return
    const phase = this.#phaseOf(need, bucket, now)
    const found = this.#look(need, bucket)
    if (found === 'nothing') this.#rest(need, bucket)
    else if (found === 'something' && phase !== undefined) this.#naps.wake(need, phase)
  }

  /** Looks, once in a while, whether those who lead the other buckets leave something out. */
  oversee(open: Iterable<readonly [string, number]>): void {
    this.#leftOut.pass(open)
  }

  #isAsleep(need: string, bucket: number): boolean {
    const now = this.#slotOf(bucket)
    return now === undefined || this.#naps.isAsleep(need, now)
  }

  #isQuiet(need: string, bucket: number): boolean {
    const now = this.#slotOf(bucket)
    if (now !== undefined && this.#isAnythingLawful(need, bucket, now)) return false
    this.#rest(need, bucket)
    return true
  }

  #make(need: string, bucket: number): Uint8Array | 'waiting' | undefined {
    const found = this.#next(need, bucket)
    if (found === 'something') return 'waiting'
    if (found !== 'nothing') return encodeBucketCommand(found)
    this.#rest(need, bucket)
    return undefined
  }

  /** Until time may have made something lawful. */
  #rest(need: string, bucket: number): void {
    const now = this.#slotOf(bucket)
    const phase = now && this.#phaseOf(need, bucket, now)
    if (now === undefined || phase === undefined) return
    const isQuiet = (later: SlotFacts): boolean => !this.#isAnythingLawful(need, bucket, later)
    this.#naps.begin(need, phase, now, this.#deps.groups.slotMs, isQuiet)
  }

  #slotOf(bucket: number): SlotFacts | undefined {
    const { groups, slot } = this.#deps
    return groups.at(bucket).slot(slot())
  }

  #phaseOf(need: string, bucket: number, { clock }: SlotFacts): Phase | undefined {
    const record = this.#deps.groups.bucket(bucket).get('needs', need)
    return record && { name: record.state, ageMs: clock - record.since.clock }
  }

  /** `held`: nothing can be proposed here, whatever is lawful. */
  #look(need: string, bucket: number): 'nothing' | 'something' | 'held' {
    const { groups } = this.#deps
    const record = groups.bucket(bucket).get('needs', need)
    if (record === undefined || this.#underway.has(need) || !groups.isLeader(bucket)) return 'held'
    if (isOver(record.state)) {
      const closing = this.#closing(need, bucket)
      if (closing !== undefined) this.#propose(need, bucket, closing)
      return 'held'
    }
    const found = this.#next(need, bucket)
    if (typeof found === 'string') return found
    this.#propose(need, bucket, found)
    return 'something'
  }

  /** The node has become the leader of a bucket. */
  begin(bucket: number): void {
    const { groups, self, slot } = this.#deps
    const lead: BucketCommand = { v: 1, kind: 'lead', bucket, slot: slot(), by: self }
    groups.propose(bucket, encodeBucketCommand(lead), () => undefined)
  }

  /** What is lawful now and can be proposed; `something`: it waits for what voters are asked. */
  #next(need: string, bucket: number): BucketCommand | 'something' | 'nothing' {
    const { groups, pools, testimony } = this.#deps
    const view = groups.bucket(bucket)
    const pool = pools.of(need)
    const head = view.get('needs', need)?.head ?? HISTORY_START
    const carried = (id: string) => view.get('envelopes', need)?.some((one) => one.id === id) === true
    const said = testimony.seen(need, head, (id) => pool.has(id) || carried(id))
    for (const gathered of said) {
      const found = this.#lawful(need, bucket, head, gathered)
      if (found !== 'nothing') return found
    }
    if (said.length === 0) return this.#lawful(need, bucket, head, undefined)
    // What a majority said allows nothing now: it is asked again when the time for something has come.
    testimony.spendSeen(need)
    return 'nothing'
  }

  /** With what voters said, or, where they said nothing yet, as if they had all seen what this one has. */
  #lawful(
    need: string,
    bucket: number,
    head: Uint8Array,
    gathered: readonly SeenStatement[] | undefined,
  ): BucketCommand | 'something' | 'nothing' {
    const { groups, world, pools, self, slot, testimony } = this.#deps
    const view = groups.bucket(bucket)
    const pool = pools.of(need)
    const asked = { seen: false, have: undefined as CID | undefined }
    const seen = (): readonly SeenStatement[] => {
      asked.seen = true
      return gathered ?? this.#assumed(need, head, pool)
    }
    const have = (cid: CID): readonly HaveStatement[] => {
      const statements = testimony.have(need, cid)
      if (statements === undefined) asked.have = cid
      return statements ?? this.#assumedHave(need, cid)
    }
    const proposing = { view, world, need, pool, slot: slot(), by: self, seen, have }
    for (const command of candidatesOf(proposing)) {
      const isAssumed = (hasSeen(command) && gathered === undefined) || isWaitingFor(command, asked.have)
      if (!this.#isLawful(bucket, command, !isAssumed)) continue
      if (!isAssumed) return command
      this.#ask(need, head, asked.have, command, pool)
      return 'something'
    }
    return 'nothing'
  }

  /** The same question for a slot to come: every voter is taken to have seen what this one has. */
  #isAnythingLawful(need: string, bucket: number, later: SlotFacts): boolean {
    const { groups, world, pools, self } = this.#deps
    const view = groups.bucket(bucket)
    const head = view.get('needs', need)?.head ?? HISTORY_START
    const pool = pools.of(need)
    const seen = () => this.#assumed(need, head, pool, later.n)
    const have = (cid: CID) => this.#assumedHave(need, cid)
    const proposing = { view, world, need, pool, slot: later.n, by: self, seen, have }
    for (const command of candidatesOf(proposing)) {
      this.#believing.begin()
      if (this.#isAccepted(bucket, command, this.#believing.world, later)) return true
    }
    return false
  }

  #ask(
    need: string,
    head: Uint8Array,
    content: CID | undefined,
    command: BucketCommand,
    pool: NeedPool,
  ): void {
    const { testimony, askSeen, askHave, slot } = this.#deps
    const id = cidOfId(need)
    if (content !== undefined && testimony.beginHave(need, content)) askHave(id, content)
    if (hasSeen(command) && testimony.beginSeen(need, head, slot())) askSeen(id, head, slot(), pool)
  }

  /** `isSaid`: its statements are those of voters, not only what they will be asked for. */
  #isLawful(bucket: number, command: BucketCommand, isSaid: boolean): boolean {
    this.#believing.begin()
    if (!this.#isAccepted(bucket, command, this.#believing.world)) return false
    return (
      this.#believing.isTrue(isSaid) ||
      this.#isAccepted(bucket, command, isSaid ? this.#deps.world : this.#lenient)
    )
  }

  #isAccepted(bucket: number, command: BucketCommand, rules: World, later?: SlotFacts): boolean {
    const { groups } = this.#deps
    const at = groups.at(bucket)
    const slot = (n: number) => (n === later?.n ? later : at.slot(n))
    const { verdict } = stepBucket(groups.bucket(bucket), command, UNSAID, { ...at, slot }, rules)
    return verdict.kind === 'applied'
  }

  /** The certificate of a finished history. */
  #closing(need: string, bucket: number): BucketCommand | undefined {
    const { groups, self, slot } = this.#deps
    const record = groups.bucket(bucket).get('needs', need)
    const certificate = groups.certificate(bucket)
    if (record?.over === undefined || record.over.isCertified || certificate === undefined) return undefined
    if (certificate.head.size <= record.over.position) return undefined
    const shared = { v: 1 as const, need: cidOfId(need), prev: record.head, slot: slot(), by: self }
    return { ...shared, kind: 'cert', certificate: certificateToIpld(certificate) }
  }

  #propose(need: string, bucket: number, command: BucketCommand): void {
    const { groups, trace } = this.#deps
    this.#underway.add(need)
    groups.propose(bucket, encodeBucketCommand(command), (outcome) => {
      this.#underway.delete(need)
      trace(`${command.kind} of ${need}: ${saidOf(outcome)}`)
    })
  }

  #assumed(
    need: string,
    head: Uint8Array,
    pool: NeedPool,
    slot = this.#deps.slot(),
  ): readonly SeenStatement[] {
    const { groups } = this.#deps
    const body = { v: 1 as const, need: cidOfId(need), head, slot, seen: sightingsOf(pool) }
    return groups.voters.map((voter) => ({ voter, body, s: NO_SIGNATURE }))
  }

  #assumedHave(need: string, cid: CID): readonly HaveStatement[] {
    const body = { v: 1 as const, need: cidOfId(need), cid }
    return this.#deps.groups.voters.map((voter) => ({ voter, body, s: NO_SIGNATURE }))
  }
}

function saidOf(outcome: Outcome): string {
  if (outcome.kind === 'refused') return `refused, ${outcome.why}`
  if (outcome.kind === 'unknown') return 'unknown'
  const { verdict } = outcome
  return verdict.kind === 'applied' ? 'applied' : `rejected, ${verdict.code}: ${verdict.message}`
}

function hasSeen(command: BucketCommand): boolean {
  return 'seen' in command && command.seen.length > 0
}

function isWaitingFor(command: BucketCommand, content: CID | undefined): boolean {
  return content !== undefined && 'have' in command && command.have.length > 0
}
