import { encodeVoterMessage, type VoterMessage } from '../../codec/voter-message/voter-message.ts'
import type { Did } from '../../model/ids.ts'
import { TokenBuckets } from '../../model/token-buckets.ts'
import type { Clock } from '../../ports/clock.ts'

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

/** Bytes that are passed on for one peer that is no voter, each copy counted; beyond, it has to be said again. */
const PASSED_BYTES_PER_SECOND = 262_144
const PASSED_BYTES_BURST = 8_388_608

/**
 * What a node says to the voters of its network. Those that it has no connection to hear its batches by way of one that it has,
 * another one each time: whoever leads a bucket must hear what it is to decide about within a window, and a node knows a few
 * voters at first, or can reach no others ever. Source: consensus.md, "Buckets" (commands go to all voters).
 */
export class VoterMail {
  readonly #deps: VoterMailDeps
  readonly #passed = new TokenBuckets<Did>(PASSED_BYTES_PER_SECOND, PASSED_BYTES_BURST)
  #turn = 0

  constructor(deps: VoterMailDeps) {
    this.#deps = deps
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
    const { self, voters, clock, send } = this.#deps
    const missed = new Set(to.map((place) => voters[place]))
    const nowMs = clock.monotonicMs()
    const isFree = voters.includes(from)
    if (!isFree && !this.#passed.of(from, nowMs).take(batch.length * missed.size, nowMs)) return
    const message = encodeVoterMessage({ kind: 'batch', batch })
    for (const voter of missed)
      if (voter !== undefined && voter !== self && voter !== from) send(voter, message)
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
