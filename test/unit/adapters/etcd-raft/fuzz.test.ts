import { expect, it } from 'vitest'
import { EtcdRaft } from '../../../../src/adapters/etcd-raft/engine.ts'
import { compileEngine, readEngineFiles } from '../../../../src/adapters/etcd-raft/engine-module.ts'
import { OPERATION } from '../../../../src/adapters/etcd-raft/frame-format.ts'
import { EngineInstance } from '../../../../src/adapters/etcd-raft/instance.ts'
import type { GroupId } from '../../../../src/model/raft.ts'
import { Cluster, chances } from '../../../conformance/consensus-engine-cluster.ts'

/** A million by hand: FUZZ_CALLS=1000000. */
const CALLS = Number(process.env['FUZZ_CALLS'] ?? 40_000)
const FRAMES_PER_LIFE = 200
const MEMORY_MAX = 200_000_000

const module = compileEngine(readEngineFiles())

it(`no frame traps the instance or leaves it without an answer (${CALLS} frames) (W5)`, () => {
  const chance = chances(2026)
  const pick = (below: number): number => Math.floor(chance() * below)
  const frames = recorded()
  const instance = new EngineInstance({ module, seed: new Uint8Array(32), log: () => undefined })
  const statuses = [0, 0, 0]
  for (let call = 0; call < CALLS; call++) {
    if (call % FRAMES_PER_LIFE === 0) for (let group = 0; group < 3; group++) reopen(instance, frames, group)
    const frame = pick(10) === 0 ? noise(pick, pick(300)) : mutated(frames, pick)
    const answer = instance.call(frame)
    expect(answer[0]).toBe(1)
    const status = answer[2] ?? 9
    statuses[status] = (statuses[status] ?? 0) + 1
    if (status > 1)
      throw new Error(
        `a defect: ${Buffer.from(answer).toString('latin1')} by ${Buffer.from(frame).toString('hex')}`,
      )
  }
  expect(statuses[0]).toBeGreaterThan(CALLS / 5)
  expect(statuses[1]).toBeGreaterThan(CALLS / 10)
  expect(instance.memoryBytes()).toBeLessThan(MEMORY_MAX)
})

it('random and mutated messages change no term, panic no group and take no memory (V4)', () => {
  const messages: Uint8Array[] = []
  const cluster = new Cluster((node) => engine(node), 1).found(3)
  cluster.cut = (_from, _to, _group, { bytes }) => {
    messages.push(bytes)
    return false
  }
  cluster.settle()
  cluster.propose(0, 'one', 'two')
  cluster.run(5)
  const node = cluster.node(1)
  const before = node.status(0 as GroupId)
  const memory = node.engine.memoryBytes()
  const chance = chances(7)
  const pick = (below: number): number => Math.floor(chance() * below)
  let refused = 0
  for (let n = 0; n < 20_000; n++) {
    // A mutant is told apart by its head: any change behind it, and most within, leave the two unequal.
    const bytes =
      n % 2 === 0
        ? noise(pick, pick(200))
        : flipped(messages[pick(messages.length)] ?? new Uint8Array(1), pick)
    refused += node.engine.stepMany([{ group: 0 as GroupId, bytes }]).length
  }
  const { term, leader, role } = node.status(0 as GroupId)
  expect({ term, leader, role }).toEqual({ term: before.term, leader: before.leader, role: before.role })
  expect(refused).toBeGreaterThan(15_000)
  expect(node.engine.memoryBytes()).toBeLessThan(memory + 16_000_000)
})

function engine(seed: number, trace?: (frame: Uint8Array) => void): EtcdRaft {
  return new EtcdRaft({
    module,
    seed: new Uint8Array(32).fill(seed),
    log: () => undefined,
    ...(trace && { trace }),
  })
}

/** Frames of a real run, of every operation that one uses. */
function recorded(): readonly Uint8Array[] {
  const frames: Uint8Array[] = []
  const keep = (frame: Uint8Array): void => void frames.push(frame.slice())
  const small = { tailEntriesMax: 16, tailBytesMax: 65_536 }
  const cluster = new Cluster((node) => engine(node, keep), 2, small).found(3)
  cluster.settle()
  const leader = cluster.mustLead(0)
  const group = 0 as GroupId
  cluster.kill(leader.id === 1 ? 2 : 1)
  for (let n = 0; n < 60; n++) {
    cluster.propose(0, `${n}`)
    cluster.round(n % 4 === 0)
  }
  leader.engine.readIndex(group, new Uint8Array(3))
  leader.engine.reportSnapshot(group, leader.id, true)
  leader.engine.reportUnreachable(group, leader.id)
  leader.engine.proposeChange(group, {
    transition: 'auto',
    parts: [{ kind: 'remove', id: leader.id }],
    context: new Uint8Array(2),
  })
  cluster.restart(leader.id === 1 ? 2 : 1)
  cluster.run(30)
  leader.engine.campaign(group)
  leader.engine.forgetLeader(group)
  leader.engine.compact(group, leader.replica(group).applied)
  cluster.run(20)
  return frames
}

function mutated(frames: readonly Uint8Array[], pick: (below: number) => number): Uint8Array {
  const frame = frames[pick(frames.length)] ?? new Uint8Array(8)
  switch (pick(6)) {
    case 0:
      return frame
    case 1:
      return frame.subarray(0, pick(frame.length))
    case 2:
      return Buffer.concat([frame, noise(pick, pick(20))])
    case 3: {
      const other = frames[pick(frames.length)] ?? frame
      return Buffer.concat([frame.subarray(0, pick(frame.length)), other.subarray(pick(other.length))])
    }
    default:
      return flipped(frame, pick)
  }
}

/** One to four bytes become others, more often than not at the ends of what they can be. */
function flipped(bytes: Uint8Array, pick: (below: number) => number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  for (let n = pick(4); n >= 0; n--) {
    copy[pick(copy.length)] = [0, 1, 0x7f, 0x80, 0xff, pick(256), pick(256)][pick(7)] ?? 0
  }
  return copy
}

function noise(pick: (below: number) => number, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => pick(256))
}

/** Closes a group and opens it as the recorded run did. */
function reopen(instance: EngineInstance, frames: readonly Uint8Array[], group: number): void {
  instance.call(closing(group))
  const opening = frames.find((frame) => frame[1] === OPERATION.open && frame[12] === group)
  if (opening !== undefined) instance.call(opening)
}

function closing(group: number): Uint8Array {
  const frame = Buffer.alloc(16)
  frame.set([1, 2])
  frame.writeUInt32LE(1, 4)
  frame.writeUInt32LE(4, 8)
  frame.writeUInt32LE(group, 12)
  return frame
}
