import { err } from './result.ts'

/**
 * Why an input was refused. Codes are wire-stable: a new meaning gets a new code.
 * Source: protocol.md, "Rejections".
 */
export const REJECTION = {
  MALFORMED: { http: 400, exit: 4, retry: 'never' },
  NOT_CANONICAL: { http: 400, exit: 4, retry: 'never' },
  TOO_LARGE: { http: 413, exit: 4, retry: 'never' },
  BAD_SIGNATURE: { http: 400, exit: 4, retry: 'never' },
  BAD_KEY: { http: 400, exit: 4, retry: 'never' },
  WRONG_NETWORK: { http: 409, exit: 4, retry: 'never' },
  WRONG_CAPSULE: { http: 409, exit: 4, retry: 'never' },
  POLICY_DENIED: { http: 403, exit: 4, retry: 'never' },
  GAS_EXCEEDED: { http: 403, exit: 4, retry: 'never' },
  UNKNOWN_THREAD: { http: 404, exit: 4, retry: 'later' },
  BAD_LAMPORT: { http: 409, exit: 4, retry: 'never' },
  EQUIVOCATION: { http: 409, exit: 4, retry: 'never' },
  NOT_IN_COMMITTEE: { http: 403, exit: 4, retry: 'never' },
  STALE_EPOCH: { http: 409, exit: 4, retry: 'refresh' },
  STALE_ATTEMPT: { http: 409, exit: 4, retry: 'refresh' },
  NOT_LEASE_HOLDER: { http: 403, exit: 4, retry: 'never' },
  LEASE_EXPIRED: { http: 409, exit: 4, retry: 'never' },
  WINDOW_CLOSED: { http: 409, exit: 4, retry: 'never' },
  INSUFFICIENT_FUNDS: { http: 402, exit: 4, retry: 'later' },
  OVER_CAP: { http: 422, exit: 4, retry: 'never' },
  DUPLICATE: { http: 409, exit: 4, retry: 'never' },
  CONFLICT: { http: 409, exit: 4, retry: 'refresh' },
  UNKNOWN_CAPABILITY: { http: 403, exit: 4, retry: 'never' },
  BLOCKED_RELATED_PARTY: { http: 403, exit: 4, retry: 'never' },
  RATE_LIMITED: { http: 429, exit: 4, retry: 'later' },
  HALTED: { http: 503, exit: 4, retry: 'later' },
} as const satisfies Record<string, Outcome>

/** What a refusal means outside: HTTP status, process exit code, and when trying again can help. */
export interface Outcome {
  readonly http: number
  readonly exit: number
  readonly retry: 'never' | 'later' | 'refresh'
}

export type RejectionCode = keyof typeof REJECTION

export interface Rejection {
  readonly code: RejectionCode
  /** For people: what was wrong, with the numbers. Never parsed by anyone. */
  readonly message: string
  /** Path of the offending part, `payload.cost` or `bodies[3]`. */
  readonly field?: string
  /** DUPLICATE alone: id of what was there first. */
  readonly first?: string
}

export function reject(
  code: RejectionCode,
  message: string,
  field?: string,
): { readonly ok: false; readonly error: Rejection } {
  return err(field === undefined ? { code, message } : { code, message, field })
}
