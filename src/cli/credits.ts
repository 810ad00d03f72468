import type { MicroText } from '../model/micro.ts'
import { usageError } from './failure.ts'

const CREDITS = /^(?<whole>\d{1,18})(?:\.(?<part>\d{1,6}))?$/u
const PLACES = 6

/** Micro-credits of an amount in credits, `2` or `0.25`: at most six places. Bad usage for anything else. */
export function microOf(credits: string, option: string): MicroText {
  const { whole, part = '' } = CREDITS.exec(credits)?.groups ?? {}
  if (whole === undefined) {
    throw usageError(`${option} is ${credits}: an amount of credits`, 'write it as 2 or 0.25')
  }
  return BigInt(whole + part.padEnd(PLACES, '0')).toString() as MicroText
}

/** An amount of micro-credits in credits, without zeroes at its end. */
export function creditsOf(micro: string): string {
  const digits = micro.padStart(PLACES + 1, '0')
  const part = digits.slice(-PLACES).replace(/0+$/u, '')
  const whole = digits.slice(0, -PLACES)
  return part === '' ? whole : `${whole}.${part}`
}
