import { describe, expect, it } from 'vitest'
import { EtcdRaft } from '../../../../src/adapters/etcd-raft/engine.ts'
import { compileEngine, readEngineFiles } from '../../../../src/adapters/etcd-raft/engine-module.ts'
import { EngineInstance } from '../../../../src/adapters/etcd-raft/instance.ts'
import { DefectError, FaultError } from '../../../../src/model/fault.ts'
import { assertLogIndex, assertRaftId, assertTerm, type GroupId } from '../../../../src/model/raft.ts'
import { foundGroup, GROUP_SETTINGS } from '../../../../src/ports/consensus-group.ts'
import { messageOf, TYPE } from '../../../../src/sim/raft/forged-message.ts'

const module = compileEngine(readEngineFiles())
const seed = new Uint8Array(32)
const group = 0 as GroupId
const id = assertRaftId(1)
const LIMITS = { bytesMax: 1e6, groupsMax: 10 }

describe('the instance', () => {
  it.each([
    ['nothing', []],
    ['another version', [2, 3, 0, 0, 0, 0, 0, 0]],
    ['an unknown operation', [1, 99, 0, 0, 0, 0, 0, 0]],
    ['reserved bytes', [1, 3, 1, 0, 0, 0, 0, 0]],
    ['fewer items than it says', [1, 3, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]],
    ['more behind the items', [1, 3, 0, 0, 0, 0, 0, 0, 7]],
    ['an item longer than the frame', [1, 3, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255]],
  ])('a frame with %s is answered as malformed', (_, bytes) => {
    const answer = new EngineInstance({ module, seed, log: () => undefined }).call(Uint8Array.from(bytes))
    expect([answer[0], answer[2]]).toEqual([1, 1])
  })

  it('an item that is cut short does nothing and is told; the others of its frame are done', () => {
    const instance = new EngineInstance({ module, seed, log: () => undefined })
    const tick = [1, 3, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 9, 0, 0, 4, 0, 0, 0, 9, 0, 0, 0]
    const answer = Buffer.from(instance.call(Uint8Array.from(tick)))
    expect(answer.readUInt32LE(4)).toBe(2)
    expect(answer.toString('latin1')).toContain('group 9 is not open')
  })

  it('an answer is a copy: the next call leaves it as it is', () => {
    const instance = new EngineInstance({ module, seed, log: () => undefined })
    const first = instance.call(Uint8Array.of(1, 99))
    const copy = Uint8Array.from(first)
    instance.call(Uint8Array.of(1, 20, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0))
    expect(first).toEqual(copy)
  })

  it('a frame above 64 MiB is a defect of the host, and the engine lives on', () => {
    const instance = new EngineInstance({ module, seed, log: () => undefined })
    expect(() => instance.call(new Uint8Array(67_108_865))).toThrow(DefectError)
    expect(instance.call(new Uint8Array(0))[2]).toBe(1)
  })

  it('once it has died, every call says so (W4)', () => {
    let lines = 0
    const engine = new EtcdRaft({
      module,
      seed,
      log() {
        lines++
        throw new Error('as when the runtime ends')
      },
    })
    const open = () => engine.open(group, { ...GROUP_SETTINGS, id, log: 'debug' }, foundGroup([id]))
    expect(open).toThrow(FaultError)
    expect(open).toThrow(expect.objectContaining({ code: 'engine-died' }))
    expect(() => engine.readyMany(LIMITS)).toThrow(/the engine died/u)
    expect(lines).toBe(1)
  })

  it('a seed of another length is refused', () => {
    expect(() => new EtcdRaft({ module, seed: new Uint8Array(31), log: () => undefined })).toThrow(RangeError)
  })

  it('the log is told line by line, at the level of the group', () => {
    const lines: string[] = []
    const engine = new EtcdRaft({ module, seed, log: (line) => lines.push(line) })
    engine.open(group, { ...GROUP_SETTINGS, id }, foundGroup([id]))
    expect(lines).toEqual([])
    engine.close(group)
    engine.open(group, { ...GROUP_SETTINGS, id, log: 'info' }, foundGroup([id]))
    expect(lines.at(-1)).toMatch(/^info group 0: newRaft 1 \[peers: \[1\], term: 1, commit: 1, applied: 1/u)
  })

  it('one call tells a hundred lines at most', () => {
    const lines: string[] = []
    const engine = new EtcdRaft({ module, seed, log: (line) => lines.push(line) })
    engine.open(
      group,
      { ...GROUP_SETTINGS, id, uncommittedBytesMax: 1024 },
      foundGroup([1, 2, 3].map(assertRaftId)),
    )
    engine.open(1 as GroupId, { ...GROUP_SETTINGS, id, uncommittedBytesMax: 1024 }, foundGroup([id]))
    engine.campaign(1 as GroupId)
    for (let turn = 0; turn < 3; turn++) {
      engine.advanceMany(engine.readyMany(LIMITS).ready.map((one) => one.group))
    }
    const proposals = Array.from({ length: 500 }, () => ({
      group: 1 as GroupId,
      commands: [new Uint8Array(1000)],
    }))
    expect(engine.proposeMany(proposals)).toHaveLength(499)
    expect(lines).toHaveLength(100)
    expect(lines.at(-1)).toBe('more lines of this call are left out')
    engine.proposeMany(proposals.slice(0, 3))
    expect(lines).toHaveLength(103)
  })

  it('memory is told from outside and from inside', () => {
    const engine = new EtcdRaft({ module, seed, log: () => undefined })
    const { heapBytes, systemBytes, collections } = engine.memory()
    expect(heapBytes).toBeGreaterThan(100_000)
    expect(systemBytes).toBeGreaterThan(heapBytes)
    expect(engine.memoryBytes()).toBeGreaterThanOrEqual(systemBytes)
    expect(collections).toBeGreaterThanOrEqual(0)
  })

  it('257 idle groups stay under 40 MB', () => {
    const engine = new EtcdRaft({ module, seed, log: () => undefined })
    const groups = Array.from({ length: 257 }, (_, at) => at as GroupId)
    const voters = [1, 2, 3].map(assertRaftId)
    for (const one of groups)
      expect(engine.open(one, { ...GROUP_SETTINGS, id }, foundGroup(voters)).ok).toBe(true)
    for (let tick = 0; tick < 100; tick++) {
      engine.tickMany(groups)
      const { ready } = engine.readyMany({ bytesMax: 1e7, groupsMax: 300 })
      engine.advanceMany(ready.map((one) => one.group))
    }
    expect(engine.memoryBytes()).toBeLessThan(40_000_000)
  })
})

describe('what crosses is what was meant', () => {
  it('entries, snapshots and settings keep every field, at the ends of their ranges', () => {
    const engine = new EtcdRaft({ module, seed, log: () => undefined })
    const top = 2 ** 53 - 1_000_000
    const data = Uint8Array.from({ length: 300 }, (_, at) => at)
    const stored = {
      hardState: { term: assertTerm(top), vote: assertRaftId(top), commit: assertLogIndex(top) },
      applied: assertLogIndex(top),
      membership: {
        voters: [id, assertRaftId(top)],
        learners: [assertRaftId(5)],
        outgoing: [id, assertRaftId(7)],
        learnersNext: [assertRaftId(7)],
        autoLeave: true,
      },
      floor: { index: assertLogIndex(top - 1), term: assertTerm(top - 1) },
      entries: [{ index: assertLogIndex(top), term: assertTerm(top), kind: 0, data }],
    }
    expect(engine.open(group, { ...GROUP_SETTINGS, id }, stored)).toMatchObject({ ok: true })
    expect(engine.status(group)).toMatchObject({
      value: {
        term: top,
        vote: top,
        commit: top,
        applied: top,
        floor: top - 1,
        last: top,
        membership: stored.membership,
        tailBytes: 300 + 160,
        leader: undefined,
        role: 'follower',
      },
    })
  })

  it('a snapshot of another replica comes out as it went in', () => {
    const engine = new EtcdRaft({ module, seed, log: () => undefined })
    engine.open(group, { ...GROUP_SETTINGS, id }, foundGroup([1, 2].map(assertRaftId)))
    const bytes = messageOf({
      type: TYPE.snapshot,
      to: 1,
      from: 2,
      term: 3,
      snapshot: { index: 9, term: 2, voters: [1, 2, 3] },
    })
    expect(engine.stepMany([{ group, bytes }])).toEqual([])
    expect(engine.readyMany(LIMITS).ready).toMatchObject([
      {
        mustSync: true,
        hardState: { term: 3, vote: undefined, commit: 9 },
        softState: { role: 'follower', leader: 2 },
        snapshot: {
          index: 9,
          term: 2,
          membership: { voters: [1, 2, 3], learners: [], outgoing: [], autoLeave: false },
        },
        messages: [{ waits: true, head: { type: 'append-response', to: 2, index: 9 } }],
      },
    ])
    engine.advanceMany([group])
    expect(engine.status(group)).toMatchObject({
      value: { floor: 9, applied: 9, membership: { voters: [1, 2, 3] } },
    })
  })
})
