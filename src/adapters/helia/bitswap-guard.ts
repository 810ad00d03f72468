import { assert } from '../../model/fault.ts'
import { TokenBuckets } from '../../model/token-buckets.ts'
import type { Clock } from '../../ports/clock.ts'

/** What the guard sees of a message of a peer. */
interface Heard {
  readonly peer: { toString(): string }
  readonly connection: { abort(error: Error): void }
  readonly message: {
    readonly wantlist?: { readonly entries: readonly unknown[] }
    readonly blocks: readonly unknown[]
    readonly blockPresences: readonly unknown[]
  }
}

interface Network {
  safeDispatchEvent(name: string, event: { readonly detail: unknown }): boolean
}

/**
 * Wants, cancels, presences and blocks of one peer, each second and at once: an honest node asks a peer for 8 blocks at a time, and
 * says what it wants each 10 ms, so that the smallest blocks are 1,600 a second.
 */
const PER_SECOND = 4_000
const BURST = 16_384

/**
 * Stands before bitswap: the library takes any number of wants in one message, at 8 µs each, and any number of messages. Who has
 * more in them than its rate is disconnected, and nothing of that message is looked at. Source: network.md (limits on everything
 * that a stranger can make a node do).
 */
export function guardBitswap(broker: unknown, clock: Pick<Clock, 'monotonicMs'>): void {
  const { network } = (broker as { readonly bitswap: { readonly network: Network } }).bitswap
  assert(typeof network.safeDispatchEvent === 'function', 'bitswap hands on what it hears by events')
  const dispatch = network.safeDispatchEvent.bind(network)
  const rates = new TokenBuckets<string>(PER_SECOND, BURST)
  const isWithin = ({ peer, message: { wantlist, blocks, blockPresences } }: Heard): boolean => {
    const nowMs = clock.monotonicMs()
    const count = 1 + (wantlist?.entries.length ?? 0) + blocks.length + blockPresences.length
    return rates.of(peer.toString(), nowMs).take(count, nowMs)
  }
  network.safeDispatchEvent = (name, event) => {
    if (name !== 'bitswap:message') return dispatch(name, event)
    const heard = event.detail as Heard
    if (isWithin(heard)) return dispatch(name, event)
    heard.connection.abort(new Error('more of bitswap than a peer may say'))
    return false
  }
}
