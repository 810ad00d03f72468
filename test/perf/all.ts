import type { Benchmark } from './benchmark.ts'
import { envelope } from './envelope.ts'
import { policy } from './policy.ts'
import { raft } from './raft.ts'
import { raftIdle } from './raft-idle.ts'
import { raftMemory } from './raft-memory.ts'

/** Every benchmark that `npm run bench` knows. */
export const BENCHMARKS: readonly Benchmark[] = [envelope, policy, raft, raftIdle, raftMemory]
