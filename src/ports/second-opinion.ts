import type { PublicKey } from '../model/ids.ts'
import type { Rejection } from '../model/rejection.ts'
import type { Result } from '../model/result.ts'

/** One signature that the fast path refused. The arrays are copied before the call returns. */
export interface SignatureCheck {
  readonly key: PublicKey
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/**
 * Takes up to `checks` checks out of what `peer` (who sent the signatures, not who is said to have made them) may
 * still buy, and says how many were granted: 0..checks.
 */
export type SpendChecks = (peer: string, checks: number) => number

/**
 * Decides by ZIP215, off the main thread, on signatures that `Crypto.verifyFast` refused, so that forged
 * envelopes do not buy time of the main thread (protocol.md, "Identity"; the rule costs ten times a native check).
 */
export interface SecondOpinion {
  /**
   * One answer a check, in order: whether ZIP215 accepts. RATE_LIMITED where the peer's or the whole budget or the
   * queue has no room (nothing is known of that signature: ask again later); TOO_LARGE for a message over the limit.
   * Faults `worker` when the worker thread ended first or this was closed: nothing is known, asking again is safe.
   */
  verdicts(peer: string, checks: readonly SignatureCheck[]): Promise<readonly Result<boolean, Rejection>[]>
  /** Ends the worker thread; what is pending faults with `worker`. May be called twice. */
  close(): Promise<void>
}
