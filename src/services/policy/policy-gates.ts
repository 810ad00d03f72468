import type { CID } from '../../codec/cid.ts'
import type { Body, BodyDraft } from '../../codec/envelope/body.ts'
import { policyInputOf } from '../../codec/envelope/policy-input.ts'
import type { ReadBody } from '../../codec/envelope/read-body.ts'
import type { JournalData } from '../../codec/journal/kinds.ts'
import type { CheckedCapsule } from '../../core/policy/capsule-check.ts'
import {
  type Gate,
  type Judgement,
  journalLine,
  judge,
  passCommitGate,
  passIngress,
  passPreflight,
  type Usage,
} from '../../core/policy/gates.ts'
import { inputOfDraft } from '../../core/policy/input.ts'
import { assert } from '../../model/fault.ts'
import type { EnvelopeId, ThreadId } from '../../model/ids.ts'
import { LruMap } from '../../model/lru-map.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { Evaluation } from '../../ports/policy-engine.ts'
import type { CapsuleShelf } from './capsule-shelf.ts'

export interface PolicyGatesDeps {
  readonly shelf: CapsuleShelf
  readonly sha256: Sha256
  /** Keeps the result of a gate in the journal. */
  readonly record: (thread: ThreadId, line: JournalData['policy']) => void
}

/** Envelopes whose answer is remembered. */
const ANSWERED_MAX = 16_384

/** An envelope that came in, with the capsule that its thread was opened with. */
export interface Arrival {
  readonly read: ReadBody
  readonly threadCapsule: CID
  /** False: its result is not kept in the journal. */
  readonly isJournalled: boolean
}

/** A result that a verifier is to judge, with what doing the work again used, where that can be done. */
export interface JudgedCommit {
  readonly read: ReadBody<'COMMIT'>
  readonly used: Usage | undefined
}

/**
 * Asks policies at the three gates: evaluates, passes or refuses by the rules of the core, and keeps every result in
 * the journal. What takes long is evaluated beside the main thread. Source: policy.md ("Three gates").
 */
export class PolicyGates {
  readonly #deps: PolicyGatesDeps
  /** What was said at INGRESS, by `nameOf`: it follows from that alone. */
  readonly #answered = new LruMap<string, Result<undefined, Rejection>>(ANSWERED_MAX)

  constructor(deps: PolicyGatesDeps) {
    this.#deps = deps
  }

  /** Digests for bodies of ours that are about to be signed. Rejects as `passPreflight`; WRONG_CAPSULE for one that is not here. */
  preflight(drafts: readonly BodyDraft[]): Promise<readonly Result<Uint8Array, Rejection>[]> {
    const asked = drafts.map((draft) => ({
      body: draft,
      input: inputOfDraft(draft),
      id: undefined,
      isJournalled: true,
    }))
    return this.#pass('PREFLIGHT', asked, (judgement) => passPreflight(judgement))
  }

  /**
   * Rejects as `passIngress`; WRONG_CAPSULE for one that is not here. What came before (its sender says it again until an entry
   * carries it, and it comes by several ways) has the same answer, and is neither evaluated nor journalled again.
   */
  async ingress(arrivals: readonly Arrival[]): Promise<readonly Result<undefined, Rejection>[]> {
    const answered = new Map(arrivals.map((arrival) => [arrival, this.#answered.get(nameOf(arrival))]))
    const news = arrivals.filter((arrival) => answered.get(arrival) === undefined)
    const asked = news.map(({ read, isJournalled }) => askedBy(read, isJournalled))
    const answers = await this.#pass('INGRESS', asked, (judgement, at) => {
      const { read, threadCapsule } = news[at] as Arrival
      const { capsule, digest } = read.body
      const answer = passIngress(judgement, { capsule, digest, threadCapsule })
      this.#answered.set(nameOf(news[at] as Arrival), answer)
      return answer
    })
    for (const [at, arrival] of news.entries()) answered.set(arrival, answers[at])
    return arrivals.map((arrival) => {
      const answer = answered.get(arrival)
      assert(answer !== undefined, 'every arrival has an answer')
      return answer
    })
  }

  /** Rejects as `passCommitGate`; WRONG_CAPSULE for one that is not here. */
  commitGate(commits: readonly JudgedCommit[]): Promise<readonly Result<undefined, Rejection>[]> {
    const asked = commits.map(({ read }) => askedBy(read, true))
    return this.#pass('COMMIT_GATE', asked, (judgement, at) => {
      const { read, used } = commits[at] as JudgedCommit
      return passCommitGate(judgement, read.body.payload.telemetry, used)
    })
  }

  /** One answer for each, in order. Those of one capsule are evaluated in one call. */
  async #pass<Value>(
    gate: Gate,
    asked: readonly Asked[],
    pass: (judgement: Judgement, at: number) => Result<Value, Rejection>,
  ): Promise<readonly Result<Value, Rejection>[]> {
    const evaluations = await this.#evaluate(asked)
    return asked.map(({ body, input, id, isJournalled }, at) => {
      const capsule = this.#deps.shelf.get(body.capsule)
      const evaluation = evaluations[at]
      if (capsule === undefined || evaluation === undefined) return unknownCapsule(body.capsule)
      const engine = { cid: capsule.cid, engineHash: capsule.module.hash }
      const judgement = judge(engine, input, evaluation, this.#deps.sha256)
      if (isJournalled) this.#deps.record(body.thread, journalLine(gate, judgement, id))
      return pass(judgement, at)
    })
  }

  async #evaluate(asked: readonly Asked[]): Promise<readonly (Evaluation | undefined)[]> {
    const evaluations = Array<Evaluation | undefined>(asked.length).fill(undefined)
    for (const [capsule, places] of this.#byCapsule(asked)) {
      const inputs = places.map((at) => (asked[at] as Asked).input)
      const found = await capsule.module.evaluateListAside(inputs, capsule.gasMax)
      for (const [n, at] of places.entries()) evaluations[at] = found[n]
    }
    return evaluations
  }

  #byCapsule(asked: readonly Asked[]): ReadonlyMap<CheckedCapsule, readonly number[]> {
    const places = new Map<CheckedCapsule, number[]>()
    for (const [at, { body }] of asked.entries()) {
      const capsule = this.#deps.shelf.get(body.capsule)
      if (capsule === undefined) continue
      const list = places.get(capsule) ?? []
      list.push(at)
      places.set(capsule, list)
    }
    return places
  }
}

interface Asked {
  readonly body: Pick<Body, 'thread' | 'capsule'>
  readonly input: Uint8Array
  readonly id: EnvelopeId | undefined
  readonly isJournalled: boolean
}

function askedBy(read: ReadBody, isJournalled: boolean): Asked {
  return { body: read.body, input: policyInputOf(read.bytes), id: read.id, isJournalled }
}

/** The body by its hash, with what it is held against. */
function nameOf({ read, threadCapsule }: Arrival): string {
  return `${read.id} ${threadCapsule.toString()}`
}

function unknownCapsule(capsule: CID): Result<never, Rejection> {
  return reject('WRONG_CAPSULE', `this node has no capsule ${capsule.toString()}`, 'capsule')
}
