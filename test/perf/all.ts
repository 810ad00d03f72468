import type { Benchmark } from './benchmark.ts'
import { certificates } from './certificates.ts'
import { certifiedPuts } from './certified-puts.ts'
import { envelope } from './envelope.ts'
import { finishedNeeds } from './finished-needs.ts'
import { mesh } from './mesh.ts'
import { meshTransport } from './mesh-transport.ts'
import { policy } from './policy.ts'
import { raft } from './raft.ts'
import { raftIdle } from './raft-idle.ts'
import { raftMemory } from './raft-memory.ts'
import { replayBenchmark } from './replay.ts'

/** Every benchmark that `npm run bench` knows. */
export const BENCHMARKS: readonly Benchmark[] = [
  certificates,
  certifiedPuts,
  envelope,
  finishedNeeds,
  mesh,
  meshTransport,
  policy,
  raft,
  raftIdle,
  raftMemory,
  replayBenchmark,
]
