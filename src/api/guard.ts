import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../ports/clock.ts'
import { type Problem, problem, problemOfError } from './problem.ts'

/** Who may speak to the API over TCP. */
export interface TcpAccess {
  /** Bearer token, 32 characters or more. */
  readonly token: string
  /** Values of `Host` that are ours, port included. */
  readonly hosts: ReadonlySet<string>
  /** Values of `Origin` that may ask; a request without one does not come from a page. */
  readonly origins: ReadonlySet<string>
}

/** Requests of one address: so many at once, filled at so many a second. */
const BURST = 200
const PER_SECOND = 50
/** Addresses that are remembered; beyond, the one that spoke longest ago is forgotten. */
const ADDRESSES_MAX = 1_024
/** A wrong token costs as much as so many requests. */
const WRONG_TOKEN_COST = 20

/** Checks of what comes over TCP. Source: operations.md, "Local API" (DNS rebinding, cross-site requests, rate limits). */
export class TcpGuard {
  readonly #access: TcpAccess
  readonly #digest: Uint8Array
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>()

  constructor(access: TcpAccess, clock: Pick<Clock, 'monotonicMs'>) {
    this.#access = access
    this.#digest = digestOf(access.token)
    this.#clock = clock
  }

  /** What is wrong with a request; undefined for a good one. */
  judge(headers: Headers, address: string): Problem | undefined {
    const bucket = this.#bucketOf(address)
    if (bucket.tokens < 1) return problemOfError({ code: 'RATE_LIMITED', message: 'too many requests' })
    bucket.tokens -= 1
    const { hosts, origins } = this.#access
    if (!hosts.has(headers.get('host') ?? '')) return problem('forbidden', 'this host name is not served')
    const origin = headers.get('origin')
    if (origin !== null && !origins.has(origin)) return problem('forbidden', 'this origin may not ask')
    const token = /^Bearer (\S+)$/u.exec(headers.get('authorization') ?? '')?.[1] ?? ''
    if (timingSafeEqual(digestOf(token), this.#digest)) return undefined
    bucket.tokens -= WRONG_TOKEN_COST
    return problem('unauthorized', 'a bearer token is wanted: <home>/api.token has it')
  }

  #bucketOf(address: string): { tokens: number; atMs: number } {
    const now = this.#clock.monotonicMs()
    const known = this.#buckets.get(address) ?? { tokens: BURST, atMs: now }
    this.#buckets.delete(address)
    const [oldest] = this.#buckets.keys()
    if (this.#buckets.size >= ADDRESSES_MAX && oldest !== undefined) this.#buckets.delete(oldest)
    this.#buckets.set(address, known)
    known.tokens = Math.min(BURST, known.tokens + ((now - known.atMs) / 1_000) * PER_SECOND)
    known.atMs = now
    return known
  }
}

/** Equal lengths, whatever was given: what is compared says nothing of the token by its time. */
function digestOf(token: string): Uint8Array {
  return createHash('sha256').update(token).digest()
}
