import { EtcdRaft } from '../../src/adapters/etcd-raft/engine.ts'
import { compileEngine, readEngineFiles } from '../../src/adapters/etcd-raft/engine-module.ts'
import { describeConsensusEngine } from './consensus-engine.ts'
import type { MakeEngine } from './consensus-engine-cluster.ts'
import { describeMembership } from './consensus-engine-membership.ts'
import { describeStore } from './consensus-engine-store.ts'
import { describeStrangers } from './consensus-engine-strangers.ts'
import { describeTrace } from './consensus-engine-trace.ts'

const module = compileEngine(readEngineFiles())

const etcdRaft: MakeEngine = (seed, trace) => {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setUint32(0, seed)
  return new EtcdRaft({ module, seed: bytes, log: () => undefined, ...(trace && { trace }) })
}

describeConsensusEngine('etcd-raft', etcdRaft)
describeMembership('etcd-raft', etcdRaft)
describeStore('etcd-raft', etcdRaft)
describeStrangers('etcd-raft', etcdRaft)
describeTrace('etcd-raft', etcdRaft)
