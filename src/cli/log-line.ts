import { styleText } from 'node:util'

/** A line of the node's log. */
export interface LogShown {
  readonly time: number
  readonly level: number
  readonly msg: string
  readonly [field: string]: unknown
}

const LEVELS = [
  [60, 'FATAL', 'red'],
  [50, 'ERROR', 'red'],
  [40, 'WARN', 'yellow'],
  [30, 'info', 'green'],
  [20, 'debug', 'gray'],
] as const

/** One line for people: time, level, message, and what else it says; in colours where `out` is a terminal. */
export function prettyLine({ time, level, msg, ...rest }: LogShown, out: NodeJS.WritableStream): string {
  const [, name, colour] = LEVELS.find(([least]) => level >= least) ?? [0, 'trace', 'gray' as const]
  const label = styleText(colour, name.padEnd(5), { stream: out })
  const more = Object.entries(rest).map(([key, value]) => `${key}=${textOf(value)}`)
  return [new Date(time).toISOString().slice(11, 23), label, msg, ...more].join(' ')
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
