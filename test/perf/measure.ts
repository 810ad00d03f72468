import { cpus } from 'node:os'

/** One thing to time: `run` does `items` of them. */
export interface Case {
  readonly key: string
  readonly items: number
  readonly run: () => void
}

/** Microseconds an item, one figure a round. */
export type Samples = ReadonlyMap<string, readonly number[]>

const WARM_UP_ROUNDS = 5
const ROUND_MS_MIN = 20

/**
 * Times all cases in turn, round by round, so that what else the machine does falls on all of them
 * alike; a case is repeated within a round until it takes 20 ms.
 */
export function interleave(cases: readonly Case[], rounds = 25): Samples {
  const repeats = new Map(cases.map((one) => [one.key, calibrate(one)]))
  const samples = new Map<string, number[]>(cases.map(({ key }) => [key, []]))
  for (let round = 0; round < rounds; round++) {
    for (const one of cases) samples.get(one.key)?.push(timeOf(one, repeats.get(one.key) ?? 1))
  }
  return samples
}

function calibrate(one: Case): number {
  for (let round = 0; round < WARM_UP_ROUNDS; round++) one.run()
  let repeats = 1
  while (timeOf(one, repeats) * one.items * repeats < ROUND_MS_MIN * 1000) repeats *= 2
  return repeats
}

function timeOf({ run, items }: Case, repeats: number): number {
  const start = process.hrtime.bigint()
  for (let i = 0; i < repeats; i++) run()
  return Number(process.hrtime.bigint() - start) / 1000 / (items * repeats)
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = Number.NaN, high = Number.NaN] = [sorted[(sorted.length - 1) >> 1], sorted[middle]]
  return (low + high) / 2
}

/** The value below which that part of them is. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length * part)] ?? Number.NaN
}

export function medianOf(samples: Samples, key: string): number {
  return median(samples.get(key) ?? [])
}

/** Median over the rounds of a / b: both were timed in the same round. */
export function ratioOf(samples: Samples, a: string, b: string): number {
  const divisors = samples.get(b) ?? []
  return median((samples.get(a) ?? []).map((value, round) => value / (divisors[round] ?? Number.NaN)))
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly node: string
  readonly platform: string
}

export function machine(): Machine {
  const all = cpus()
  return {
    cpu: all[0]?.model ?? 'unknown',
    cores: all.length,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
  }
}
