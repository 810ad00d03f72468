import { equalBytes } from '../../codec/bytes.ts'
import { type CID, envelopeIdOf } from '../../codec/cid.ts'
import { FETCH_ENVELOPES_MAX, SAID_NEEDS_MAX } from '../../codec/fetch/messages.ts'
import type { Pooled } from '../../core/proposer/pool.ts'
import { FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { Mesh } from '../../ports/mesh.ts'
import type { EnvelopeFetch } from './envelope-fetch.ts'
import { headOf, type SaidInNeeds } from './serve-envelopes.ts'

export interface HeadExchangeDeps {
  readonly mesh: Pick<Mesh, 'peers' | 'isConnected' | 'onPeer'>
  readonly fetch: EnvelopeFetch
  readonly needs: SaidInNeeds & {
    /** The need is open here: what is said in it is taken. */
    bucketOf(need: string): number | undefined
    /** Heard, or carried by an entry, or of no use any more. */
    hasEnvelope(need: string, id: string): boolean
    /** False, and nothing is taken, for an envelope that is not its sender's. */
    takeField(field: Pooled['field']): boolean
  }
  readonly sha256: Sha256
  readonly clock: Pick<Clock, 'after' | 'monotonicMs'>
  /** An exchange that ended early; sampled by whoever logs it. */
  readonly onFault: (fault: FaultError, peer: Did) => void
  /** Anything else: the process must end. */
  readonly onDefect: (error: unknown) => void
}

const EVERY_MS = 10_000
/** One exchange begins nothing more after so long: a peer that answers late holds up nobody for ever. */
const EXCHANGE_MS = 30_000
const PEERS_AT_ONCE = 4
/** Of one exchange; the next one, with another peer, goes on. */
const PAGES_MAX = 4
const NEEDS_MAX = 4 * SAID_NEEDS_MAX

/**
 * Compares what was said in open needs with a peer: when one connects, and with one after another every 10 s. What this node
 * lacks it fetches; the peer does the same. So whatever reached anybody reaches everybody, whoever said it and went away. Four
 * peers at once, those that wait in the order in which they came.
 * Source: network.md (reconnecting peers compare thread heads and exchange what is missing).
 */
export class HeadExchange {
  readonly #deps: HeadExchangeDeps
  readonly #waiting = new Set<Did>()
  #turn = 0
  readonly #underway = new Map<Did, Promise<void>>()
  #cancel: () => void = () => undefined
  #isOver = false

  private constructor(deps: HeadExchangeDeps) {
    this.#deps = deps
  }

  static open(deps: HeadExchangeDeps): HeadExchange {
    const exchange = new HeadExchange(deps)
    deps.mesh.onPeer((peer, isConnected) => {
      if (isConnected) exchange.#enqueue(peer)
      else exchange.#waiting.delete(peer)
    })
    exchange.#wait()
    return exchange
  }

  /** Begins nothing more; resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#isOver = true
    this.#cancel()
    await Promise.all(this.#underway.values())
  }

  /** One exchange; gives how many envelopes were fetched. Faults as the fetch. */
  async with(peer: Did): Promise<number> {
    const endMs = this.#deps.clock.monotonicMs() + EXCHANGE_MS
    const isLate = (): boolean => this.#isOver || this.#deps.clock.monotonicMs() >= endMs
    const differing = await this.#differing(peer)
    let fetched = 0
    for (let at = 0; at < differing.length && !isLate(); at += SAID_NEEDS_MAX) {
      const asked = differing.slice(at, at + SAID_NEEDS_MAX)
      const said = await this.#deps.fetch.said(peer, asked)
      for (const need of asked) {
        if (isLate()) break
        fetched += await this.#fetchMissing(peer, need, said.get(envelopeIdOf(need)) ?? [])
      }
    }
    return fetched
  }

  #wait(): void {
    this.#cancel = this.#deps.clock.after(EVERY_MS, () => {
      const peers = this.#deps.mesh.peers()
      const peer = peers[this.#turn++ % Math.max(1, peers.length)]?.did
      if (peer !== undefined) this.#enqueue(peer)
      if (!this.#isOver) this.#wait()
    })
  }

  #enqueue(peer: Did): void {
    this.#waiting.add(peer)
    this.#start()
  }

  #start(): void {
    for (const peer of this.#waiting) {
      if (this.#isOver || this.#underway.size >= PEERS_AT_ONCE) return
      if (this.#underway.has(peer)) continue
      this.#waiting.delete(peer)
      if (!this.#deps.mesh.isConnected(peer)) continue
      const done = this.#tried(peer)
        .catch(this.#deps.onDefect)
        .finally(() => {
          this.#underway.delete(peer)
          this.#start()
        })
      this.#underway.set(peer, done)
    }
  }

  async #tried(peer: Did): Promise<void> {
    try {
      await this.with(peer)
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      if (!this.#isOver) this.#deps.onFault(error, peer)
    }
  }

  /** Needs that are open here and of which the peer has other news. */
  async #differing(peer: Did): Promise<readonly CID[]> {
    const { fetch, needs, sha256 } = this.#deps
    const differing: CID[] = []
    let after: CID | undefined
    for (let page = 0; page < PAGES_MAX && differing.length < NEEDS_MAX; page++) {
      const { heads, more } = await fetch.heads(peer, after)
      for (const [need, head] of heads) {
        const name = envelopeIdOf(need)
        const own = headOf(needs.news(name), sha256)
        const isSame = own !== undefined && equalBytes(own, head)
        if (!isSame && needs.bucketOf(name) !== undefined) differing.push(need)
      }
      const last = heads.at(-1)?.[0]
      if (!more || last === undefined) break
      after = last
    }
    return differing.slice(0, NEEDS_MAX)
  }

  async #fetchMissing(peer: Did, need: CID, ids: readonly CID[]): Promise<number> {
    const { fetch, needs } = this.#deps
    const name = envelopeIdOf(need)
    const missing = ids.filter((id) => !needs.hasEnvelope(name, envelopeIdOf(id)))
    if (missing.length === 0) return 0
    const fields = await fetch.ofNeed(peer, need, missing.slice(0, FETCH_ENVELOPES_MAX))
    for (const field of fields) {
      if (needs.takeField(field)) continue
      fetch.blame(peer, 'an envelope that is not its sender’s')
      return 0
    }
    return fields.length
  }
}
