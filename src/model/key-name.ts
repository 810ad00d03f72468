import type { Brand } from './brand.ts'
import { type Rejection, reject } from './rejection.ts'
import { ok, type Result } from './result.ts'

/** What an operator calls a key: 1..32 of a-z, 0-9 and hyphen, not beginning with a hyphen. Safe as a file name. */
export type KeyName = Brand<string, 'KeyName'>

/** Rejects MALFORMED. */
export function parseKeyName(text: string): Result<KeyName, Rejection> {
  return /^[a-z0-9][a-z0-9-]{0,31}$/.test(text)
    ? ok(text as KeyName)
    : reject(
        'MALFORMED',
        'a key is named with 1 to 32 of a-z, 0-9 and hyphen, and does not begin with a hyphen',
      )
}
