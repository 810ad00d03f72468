/** The end of a DID or an id, which tells them apart; whole ones are in the JSON. */
export function short(id: string): string {
  return `…${id.slice(-8)}`
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

/** A length of time by its largest unit with one place: `2.5 h`. */
export function duration(ms: number): string {
  const [unit, size] = UNITS.find(([, least]) => ms >= least) ?? ['ms', 1]
  const amount = ms / size
  return `${Number.isInteger(amount) || unit === 'ms' ? Math.round(amount) : amount.toFixed(1)} ${unit}`
}

/** A wall clock's time, as ISO 8601 has it. */
export function time(ms: number): string {
  return new Date(ms).toISOString()
}
