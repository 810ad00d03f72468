/** One row of a benchmark's table. */
export interface Figure {
  /** Stable: what scripts compare by. */
  readonly key: string
  readonly about: string
  readonly value: number
  readonly unit: 'us' | 'ms' | 's' | 'ratio' | 'per_s' | 'bytes' | 'percent' | 'count'
  /** What we want it to be, if we said so: the value should be at most this (at least, for rates). */
  readonly aim?: number
}

export interface Benchmark {
  readonly name: string
  readonly about: string
  run(): Promise<readonly Figure[]>
}
