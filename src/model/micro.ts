import type { Brand } from './brand.ts'
import { type Rejection, reject } from './rejection.ts'
import { ok, type Result } from './result.ts'

/** Micro-credits: 1 credit = 1,000,000. Never negative, never a float. */
export type Micro = Brand<bigint, 'Micro'>

/** Micro-credits as they travel: decimal, no sign, no leading zero, at most 24 digits. */
export type MicroText = Brand<string, 'MicroText'>

export const MICRO_PER_CREDIT = 1_000_000n
export const MICRO_TEXT = /^(?:0|[1-9][0-9]{0,23})$/

/** Rejects MALFORMED. Source: protocol.md, "Encoding". */
export function parseMicro(text: string): Result<Micro, Rejection> {
  if (!MICRO_TEXT.test(text)) {
    return reject(
      'MALFORMED',
      'an amount is a decimal string of micro-credits: no sign, no leading zero, at most 24 digits',
    )
  }
  return ok(BigInt(text) as Micro)
}

/** The text of an amount, as it travels. */
export function microText(amount: Micro): MicroText {
  return amount.toString() as MicroText
}
