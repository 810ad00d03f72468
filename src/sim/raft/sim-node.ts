import type { EtcdRaft } from '../../adapters/etcd-raft/engine.ts'
import type { FaultError } from '../../model/fault.ts'
import type { RaftId } from '../../model/raft.ts'
import type { Checksum } from '../../ports/checksum.ts'
import type { Random } from '../../ports/random.ts'
import type { RaftHost } from '../../services/raft-host/host.ts'
import type { HostEvent } from '../../services/raft-host/host-core.ts'
import { SimulatedDisk } from '../disk/simulated-disk.ts'
import type { Leftovers } from './broken-parts.ts'
import { Durable } from './durable.ts'

/** The process ends here: thrown through the host, which is never used again. */
export class Killed extends Error {
  override readonly name = 'Killed'
}

/** One node: what outlives its process, and the process if there is one. */
export interface SimNode {
  readonly id: RaftId
  readonly disk: SimulatedDisk
  /** What is on the disk, by groups. */
  readonly durable: Durable
  readonly leftovers: Leftovers
  engine: EtcdRaft | undefined
  host: RaftHost | undefined
  life: number
  /** Its ticks take so much longer or shorter than others'. */
  drift: number
  isTurnDue: boolean
  isDiskDue: boolean
  /** The process ends at the n-th frame from now on; 0: it does not. */
  killAtSend: number
  /** The process ends at the n-th call of its engine from now on; 0: it does not. */
  killAtCall: number
  /** What is thrown at that call instead of an end without a word. */
  callFault: FaultError | undefined
  /** What processes ended with, those that were not killed. */
  readonly faults: FaultError[]
  /** Not a step is done until then: a process that was stopped. */
  stoppedUntil: number
  readonly distrusted: { peer: RaftId; why: string }[]
  readonly events: HostEvent[]
  /** Whom the host wants to be in touch with. */
  followed: readonly RaftId[]
}

/** A node with an empty disk and no process. */
export function makeNode(id: RaftId, random: Random, checksum: Checksum): SimNode {
  const disk = new SimulatedDisk(random, checksum)
  const durable = new Durable(checksum)
  disk.onStored = (writes) => durable.take(writes)
  return {
    id,
    disk,
    durable,
    leftovers: new Map(),
    engine: undefined,
    host: undefined,
    life: 0,
    drift: 1,
    isTurnDue: false,
    isDiskDue: false,
    killAtSend: 0,
    killAtCall: 0,
    callFault: undefined,
    faults: [],
    stoppedUntil: 0,
    distrusted: [],
    events: [],
    followed: [],
  }
}
