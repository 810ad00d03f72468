import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { compileEngine, readEngineFiles } from '../../src/adapters/etcd-raft/engine-module.ts'
import type { GroupId } from '../../src/model/raft.ts'
import type { Outcome } from '../../src/model/replicated.ts'
import { type Board, encodeBoardCommand } from '../../src/sim/raft/machines.ts'
import { World } from '../../src/sim/raft/world.ts'

const module = compileEngine(readEngineFiles())
const G = 0 as GroupId

function world(seed: number): World {
  return new World({ seed, module, sha256: nodeCrypto.sha256, checksum: crc32, nodes: 3, groups: 2 })
}

function put(w: World, node: number, cell: string, value: string, key = `${cell}=${value}`): Outcome[] {
  const outcomes: Outcome[] = []
  w.act(node, (host) => {
    const ticket = host.ticket(G, new TextEncoder().encode(key))
    host.propose(G, ticket, encodeBoardCommand({ kind: 'put', cell, value }), 100, (outcome) =>
      outcomes.push(outcome),
    )
  })
  return outcomes
}

function cells(w: World, node: number): readonly (readonly [string, string])[] {
  const board = w.host(node).readStale(G)?.state as Board | undefined
  return [...(board?.cells ?? [])]
}

describe('three nodes', () => {
  it('elect, replicate a put-if-absent on any node, and all have it', () => {
    const w = world(1)
    w.until(() => w.leader(0) !== undefined)
    const outcomes = [1, 2, 3].map((node) => put(w, node, 'a', String(node)))
    w.until(() => outcomes.every((one) => one.length === 1))
    const settled = outcomes.map(([one]) => (one?.kind === 'settled' ? one.verdict.kind : one?.kind))
    expect(settled.toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
      'applied',
      'rejected',
      'rejected',
    ])
    w.run(500)
    expect(cells(w, 1)).toHaveLength(1)
    expect(cells(w, 2)).toEqual(cells(w, 1))
    expect(cells(w, 3)).toEqual(cells(w, 1))
  })

  it('survive a crash of the leader, and it comes back with what it had', () => {
    const w = world(2)
    w.until(() => w.leader(0) !== undefined)
    const first = put(w, 1, 'a', 'x')
    w.until(() => first.length === 1)
    const old = w.leader(0)?.id ?? 0
    w.kill(old)
    w.until(() => w.leader(0) !== undefined)
    const next = w.leader(0)?.id ?? 0
    const second = put(w, next, 'b', 'y')
    w.until(() => second.length === 1)
    w.start(old)
    w.run(3000)
    for (const node of [1, 2, 3])
      expect(cells(w, node)).toEqual([
        ['a', 'x'],
        ['b', 'y'],
      ])
  })
})
