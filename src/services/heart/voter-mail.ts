import { encodeVoterMessage, type VoterMessage } from '../../codec/voter-message/voter-message.ts'
import type { Did } from '../../model/ids.ts'
import { TokenBucket } from '../../model/token-bucket.ts'
import { TokenBuckets } from '../../model/token-buckets.ts'
import type { Clock } from '../../ports/clock.ts'
import { unitsOf } from '../intake/batch-rates.ts'

export interface VoterMailDeps {
  readonly self: Did
  /** Sorted: a place in this list is how messages name a voter. */
  readonly voters: readonly Did[]
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly isConnected: (peer: Did) => boolean
  readonly send: (to: Did, message: Uint8Array) => void
  /** To this node itself, once the present turn is over. */
  readonly sendSelf: (message: VoterMessage) => void
}

/**
 * What is passed on for one peer that is no voter, and for all those together, in units of `unitsOf`: other voters judge it as a
 * voter's, whom they trust. 2,000 a second are a twentieth of a processor. Beyond, it has to be said again.
 */
const UNITS_PER_SECOND = 500
const UNITS_BURST = 8_192
const ALL_UNITS_PER_SECOND = 2_000
const ALL_UNITS_BURST = 16_384

/**
 * What a node says to the voters of its network. Those that it has no connection to hear its batches by way of one that it has,
 * another one each time: whoever leads a bucket must hear what it is to decide about within a window, and a node knows a few
 * voters at first, or can reach no others ever. Source: consensus.md, "Buckets" (commands go to all voters).
 */
export class VoterMail {
  readonly #deps: VoterMailDeps
  readonly #passed = new TokenBuckets<Did>(UNITS_PER_SECOND, UNITS_BURST)
  readonly #allPassed: TokenBucket
  #turn = 0

  constructor(deps: VoterMailDeps) {
    this.#deps = deps
    this.#allPassed = new TokenBucket(ALL_UNITS_PER_SECOND, ALL_UNITS_BURST, deps.clock.monotonicMs())
  }

  /** A batch of this node's, to all others. */
  batch(batch: Uint8Array): void {
    const { self, voters, isConnected } = this.#deps
    const others = voters.filter((voter) => voter !== self)
    const near = others.filter(isConnected)
    const to = voters.flatMap((voter, place) => (voter === self || isConnected(voter) ? [] : [place]))
    const via = to.length === 0 ? undefined : near[this.#turn++ % Math.max(1, near.length)]
    const plain = encodeVoterMessage({ kind: 'batch', batch })
    for (const voter of near)
      this.#deps.send(voter, voter === via ? encodeVoterMessage({ kind: 'pass-on', batch, to }) : plain)
  }

  /** A good batch of somebody who cannot reach the voters at these places. Voters' are passed on whatever they are. */
  passOn(from: Did, batch: Uint8Array, to: readonly number[]): void {
    const { self, voters, send } = this.#deps
    const missed = new Set(to.map((place) => voters[place]))
    if (!voters.includes(from) && !this.#mayPass(from, batch.length)) return
    const message = encodeVoterMessage({ kind: 'batch', batch })
    for (const voter of missed)
      if (voter !== undefined && voter !== self && voter !== from) send(voter, message)
  }

  #mayPass(from: Did, bytes: number): boolean {
    const nowMs = this.#deps.clock.monotonicMs()
    const own = this.#passed.of(from, nowMs)
    const units = unitsOf(bytes)
    if (!own.take(units, nowMs)) return false
    if (this.#allPassed.take(units, nowMs)) return true
    own.give(units)
    return false
  }

  /** To all others that are connected. */
  all(message: VoterMessage): void {
    const { self, voters, send } = this.#deps
    const encoded = encodeVoterMessage(message)
    for (const voter of voters) if (voter !== self) send(voter, encoded)
  }

  one(to: Did, message: VoterMessage): void {
    const { self, send, sendSelf } = this.#deps
    if (to === self) sendSelf(message)
    else send(to, encodeVoterMessage(message))
  }
}
