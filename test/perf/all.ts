import type { Benchmark } from './benchmark.ts'
import { envelope } from './envelope.ts'
import { policy } from './policy.ts'
import { raft } from './raft.ts'

/** Every benchmark that `npm run bench` knows. */
export const BENCHMARKS: readonly Benchmark[] = [envelope, policy, raft]
