/** What the API answers when it did not do what was asked: a status and {code, message, field?, first?}. */
import type { FaultCode } from '../model/fault.ts'
import { FaultError } from '../model/fault.ts'
import { REJECTION } from '../model/rejection.ts'
import type { VerbError } from '../verbs/verb.ts'

/** Codes of the API's own, beside those of rejections and faults. */
export const API_STATUS = {
  'not-found': 404,
  'timed-out': 504,
  unauthorized: 401,
  forbidden: 403,
  'method-not-allowed': 405,
  stopping: 503,
  defect: 500,
} as const

export interface Problem {
  readonly status: number
  readonly body: {
    readonly code: string
    readonly message: string
    readonly field?: string
    readonly first?: string
  }
}

export function problem(code: keyof typeof API_STATUS, message: string): Problem {
  return { status: API_STATUS[code], body: { code, message } }
}

export function problemOfError(error: VerbError): Problem {
  const { code, message, field, first } = error
  const status = code === 'not-found' || code === 'timed-out' ? API_STATUS[code] : REJECTION[code].http
  return {
    status,
    body: { code, message, ...(field !== undefined && { field }), ...(first !== undefined && { first }) },
  }
}

/** Faults that are no failure of the node. All others are 503: the node, its disk or its peers could not. */
const FAULT_STATUS: { readonly [Code in FaultCode]?: number } = {
  'content-not-found': 404,
  'content-timed-out': 504,
  'content-too-large': 413,
  'content-malformed': 422,
  'peer-address': 400,
  'peer-unreachable': 502,
  'peer-refused': 502,
  'peer-gone': 502,
  'home-exists': 409,
  config: 422,
  'agent-unfit': 422,
  'store-full': 507,
  'journal-full': 507,
}

/** A thrown thing: a fault by its code; anything else is a defect, of which nothing is told but that it was one. */
export function problemOfThrown(thrown: unknown): Problem {
  if (!(thrown instanceof FaultError)) return problem('defect', 'a defect of the node: its log has the stack')
  const { code } = thrown
  const message = `${thrown.message}${reasonOf(thrown.cause)}`
  return { status: FAULT_STATUS[code] ?? 503, body: { code, message } }
}

/** What the system said: ` (EACCES)`. */
function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return /^E[A-Z0-9]+$/u.test(code) ? ` (${code})` : ''
}
