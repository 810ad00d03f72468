import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { EtcdRaft } from '../../src/adapters/etcd-raft/engine.ts'
import { compileEngine, readEngineFiles } from '../../src/adapters/etcd-raft/engine-module.ts'
import { decodeFrame, encodeFrame, type FrameItem } from '../../src/codec/raft-frame/frame.ts'
import type { GroupId, RaftId } from '../../src/model/raft.ts'
import { foundGroup, GROUP_SETTINGS } from '../../src/ports/consensus-group.ts'
import { plainChange } from '../../src/services/raft-host/membership.ts'
import { cutState, encodeManifest } from '../../src/services/raft-host/snapshot-manifest.ts'
import { Chance } from '../../src/sim/raft/chance.ts'
import type { World } from '../../src/sim/raft/world.ts'
import { add, board, followers, G, groupOf, kinds, mustLead, propose, startWorld } from './raft-world.ts'

/** 10,000 by hand: SIM_KILLS=10000. */
const KILLS = Number(process.env['SIM_KILLS'] ?? 200)
/** Ten million by hand: ENGINE_PROPOSALS=10000000. */
const PROPOSALS = Number(process.env['ENGINE_PROPOSALS'] ?? 150_000)

/** For long runs by hand. */
const HOUR = { timeout: 3_600_000 }

/** What each frame to a node becomes, item by item. */
function change(w: World, to: RaftId | number, what: (item: FrameItem) => FrameItem): void {
  w.tamper = (_from, target, frame) => {
    const items = decodeFrame(frame)
    return target === to && items.ok ? encodeFrame(items.value.map(what)) : frame
  }
}

describe('kills at any instant', () => {
  it(
    `S1 no reply is contradicted over ${KILLS} of them: at calls of the engine, at frames, in transactions`,
    HOUR,
    () => {
      const w = startWorld({ seed: 71, settings: { checkpointEntries: 20, tailEntries: 10 } })
      const chance = new Chance(71, 'kills')
      for (let n = 0; w.kills < KILLS; n++) {
        const node = chance.pick(w.up().length > 0 ? w.up() : [w.node(1)])
        const how = chance.below(4)
        if (how === 0) node.killAtSend = 1 + chance.below(8)
        else if (how === 1) node.killAtCall = 1 + chance.below(20)
        else if (how === 2) node.disk.trouble.killAfter = chance.below(3)
        else w.kill(node.id)
        for (const { id } of w.up())
          propose(w, id, { kind: 'add', amount: 1 }, { key: `${n} ${id}`, ticks: 20 })
        w.run(chance.next() * 400)
        for (const { id, host } of w.nodes.values()) if (host === undefined) w.start(id)
      }
      for (const node of w.nodes.values()) node.disk.trouble.killAfter = Number.POSITIVE_INFINITY
      w.run(200)
      for (const { id, host } of w.nodes.values()) if (host === undefined) w.start(id)
      w.until(() => w.leader(0) !== undefined)
      add(w, 1)
      w.run(3000)
      for (const id of [2, 3]) expect(board(w, id)).toEqual(board(w, 1))
    },
  )

  it(`A1 a counter is what was committed after ${KILLS} of them, with checkpoints between`, HOUR, () => {
    const w = startWorld({ nodes: 1, seed: 72, settings: { checkpointEntries: 7, tailEntries: 3 } })
    const chance = new Chance(72, 'kills')
    const acknowledged = { count: 0 }
    for (let n = 0; n < KILLS; n++) {
      if (w.node(1).host === undefined) w.start(1)
      w.until(() => w.leader(0) !== undefined)
      const done = propose(w, 1, { kind: 'add', amount: 1 }, { key: `k${n}` })
      w.run(chance.next() * 12)
      acknowledged.count += kinds(done)[0] === 'applied' ? 1 : 0
      w.kill(1)
    }
    w.start(1)
    w.until(() => w.leader(0) !== undefined).run(500)
    const committed = [...(w.checks.logs.get(G)?.values() ?? [])].filter(
      ({ data }) => data !== undefined,
    ).length
    expect(board(w, 1).count).toBe(committed)
    expect(committed).toBeGreaterThanOrEqual(acknowledged.count)
    expect(acknowledged.count).toBeGreaterThan(KILLS / 3)
  })
})

describe('a checkpoint while entries are being applied', () => {
  it('N5 leaves the engine what it was not told to be applied, however few entries are kept below', () => {
    const settings = { checkpointEntries: 1, tailEntries: 0, turnItemsMax: 1, entryBytesTarget: 1 }
    const w = startWorld({ seed: 74, settings })
    w.until(() => w.leader(0) !== undefined)
    for (let n = 0; n < 120; n++)
      propose(w, mustLead(w).id, { kind: 'add', amount: 1 }, { key: `k${n}`, ticks: 400 })
    w.until(() => board(w, 1).count === 120 && board(w, 2).count === 120 && board(w, 3).count === 120)
    expect(board(w, 1).count).toBe(120)
  })
})

describe('a group of one voter', () => {
  it('G5 applies an entry as soon as it is on the disk, and waits for no tick', () => {
    const w = startWorld({ nodes: 1 })
    const begun = w.events.now
    for (let n = 0; n < 10; n++) {
      const done = propose(w, 1, { kind: 'add', amount: 1 }, { key: `one ${n}` })
      w.until(() => done.length === 1)
    }
    expect(w.events.now - begun).toBeLessThan(100) // a tick
  })
})

describe('liars', () => {
  it('N3 a snapshot whose parts have the right hashes and make no state is refused, and its sender reported', () => {
    const w = startWorld()
    const behind = followers(w)[0]?.id ?? 0
    w.kill(behind)
    add(w, 90)
    w.run(500)
    const { manifest, parts } = cutState(new Uint8Array(50).fill(7), nodeCrypto.sha256)
    change(w, behind, (item) => {
      if (item.kind === 'snapshot') return { ...item, manifest: encodeManifest(manifest) }
      return item.kind === 'chunk'
        ? { ...item, digest: manifest.digest, bytes: parts[0] as Uint8Array }
        : item
    })
    w.start(behind)
    const node = w.node(behind)
    w.until(() => node.events.some(({ kind }) => kind === 'snapshot-refused'))
    expect(node.distrusted).toContainEqual({ peer: mustLead(w).id, why: 'a snapshot that is no state' })
    expect(groupOf(w, behind).replica?.applied).toBeLessThan(20)
    w.tamper = (_from, _to, frame) => frame
    w.until(() => board(w, behind).count === 90, 120_000)
  })

  it('V4 20,000 random and mutated frames of a member: no crash, no term change, no group opened again', () => {
    const w = startWorld({ groups: 2 })
    add(w, 3)
    const samples: Uint8Array[] = []
    w.tamper = (_from, _to, frame) => {
      if (samples.length < 200) samples.push(frame)
      return frame
    }
    add(w, 20, 3)
    w.run(2000)
    w.tamper = (_from, _to, frame) => frame
    const chance = new Chance(73, 'frames')
    const target = followers(w)[0]?.id ?? 0
    const stranger = 9 as RaftId
    const before = [G, 1 as GroupId].map((group) => groupOf(w, target, group).hard.term)
    for (let n = 0; n < 20_000; n++) {
      const sample = n % 2 === 0 ? chance.bytes(chance.below(80)) : chance.pick(samples).slice()
      const changes = n % 2 === 0 ? 0 : 3
      for (let at = 0; at < changes; at++) sample[chance.below(sample.length)] = chance.below(256)
      w.act(target, (host) => host.onFrame(stranger, sample))
      if (n % 200 === 0) w.run(2)
    }
    w.run(1000)
    expect([G, 1 as GroupId].map((group) => groupOf(w, target, group).hard.term)).toEqual(before)
    add(w, 2, 30)
  })
})

describe('bounds', () => {
  it('F3 a full inbox drops frames and says so, and the group catches up', () => {
    const w = startWorld({ settings: { inboxFramesMax: 3 } })
    const slow = followers(w)[0] ?? mustLead(w)
    slow.stoppedUntil = w.events.now + 1500
    for (let n = 0; n < 12; n++) add(w, 1, n)
    w.until(() => board(w, slow.id).count === 12)
    const dropped = slow.events.filter((event) => event.kind === 'dropped' && event.why === 'inbox-full')
    expect(dropped.length).toBeGreaterThan(0)
    expect(groupOf(w, mustLead(w).id).condition).toBe('running')
  })

  it('F3 a full queue refuses, by bytes', () => {
    const w = startWorld({ settings: { waitingBytesMax: 2000 } })
    const value = 'x'.repeat(500)
    const all = Array.from({ length: 5 }, (_, n) =>
      propose(w, mustLead(w).id, { kind: 'put', cell: `c${n}`, value }, { key: `b${n}` }),
    )
    expect(all.flatMap(kinds)).toEqual(['queue-full', 'queue-full', 'queue-full'])
    w.until(() => all.every((one) => one.length === 1))
  })

  it('F4 what waits for a quorum is bounded, and ends by its deadline', () => {
    const w = startWorld({ settings: { waitingMax: 50 } })
    const leader = mustLead(w).id
    for (const { id } of followers(w)) w.kill(id)
    const all = Array.from({ length: 80 }, (_, n) =>
      propose(w, leader, { kind: 'add', amount: 1 }, { key: `w${n}`, ticks: 20 }),
    )
    expect(all.flatMap(kinds)).toEqual(Array.from({ length: 30 }, () => 'queue-full'))
    w.run(4000)
    expect(all.every((one) => one.length === 1)).toBe(true)
    expect(groupOf(w, leader).waiting.size).toBe(0)
  })

  it(`W2 the memory of the engine stays bounded over ${PROPOSALS} proposals`, HOUR, () => {
    const module = compileEngine(readEngineFiles())
    const engine = new EtcdRaft({ module, seed: new Uint8Array(32), log: () => undefined })
    const settings = { ...GROUP_SETTINGS, id: 1 as RaftId, tailEntriesMax: 64 }
    engine.open(G, settings, foundGroup([1 as RaftId]))
    engine.campaign(G)
    const commands = Array.from({ length: 50 }, (_, n) => new Uint8Array(64).fill(n))
    const turn = (): void => {
      for (const { committed } of engine.readyMany({ bytesMax: 1e6, groupsMax: 1 }).ready) {
        engine.advanceMany([G])
        const last = committed.at(-1)
        if (last !== undefined) engine.compact(G, last.index)
      }
    }
    for (let n = 0; n < 4; n++) turn()
    let early = 0
    for (let done = 0; done < PROPOSALS; done += commands.length) {
      expect(engine.proposeMany([{ group: G, commands }])).toEqual([])
      turn()
      turn()
      if (done < PROPOSALS / 5) early = engine.memoryBytes()
    }
    expect(engine.status(G)).toMatchObject({ value: { last: expect.any(Number) } })
    expect(engine.memoryBytes()).toBeLessThan(early * 1.5 + 4_000_000)
  })

  it('M5 a replica that was removed is deleted when it is collected, and stays so after a start', () => {
    const w = startWorld({ groups: 2 })
    const gone = followers(w)[0]?.id ?? (0 as RaftId)
    w.act(mustLead(w).id, (host) => void host.changeMembership(G, plainChange({ kind: 'remove', id: gone })))
    w.until(() => groupOf(w, gone).condition === 'removed')
    expect(w.node(gone).durable.groups.has(G)).toBe(true)
    w.act(gone, (host) => host.forget(G))
    w.run(100)
    expect(w.node(gone).durable.groups.has(G)).toBe(false)
    w.kill(gone)
    w.start(gone)
    expect(w.host(gone).group(G)).toBeUndefined()
    expect(groupOf(w, gone, 1 as GroupId).condition).toBe('running')
    add(w, 2)
  })

  it('B7 257 groups with entries each are ready after a start', () => {
    const w = startWorld({ nodes: 1, groups: 257, settings: { quietTicks: 5 } })
    for (let n = 0; n < 3; n++) {
      const all = w.groups.map((group) => propose(w, 1, { kind: 'add', amount: 1 }, { key: `e${n}`, group }))
      w.until(() => all.every((one) => one.length === 1))
    }
    w.kill(1)
    const begun = performance.now()
    w.start(1)
    console.info(`257 groups were ready in ${Math.round(performance.now() - begun)} ms`)
    expect(w.groups.every((group) => groupOf(w, 1, group).condition === 'running')).toBe(true)
    w.until(() => w.groups.every((group) => board(w, 1, group).count === 3))
  })
})
