import { crc32 } from 'node:zlib'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { compileEngine, readEngineFiles } from '../../src/adapters/etcd-raft/engine-module.ts'
import type { GroupId } from '../../src/model/raft.ts'
import type { Outcome, Ticket } from '../../src/model/replicated.ts'
import type { DiskWrites } from '../../src/ports/row-disk.ts'
import type { HostedGroup } from '../../src/services/raft-host/hosted-group.ts'
import type { DiskFault } from '../../src/sim/disk/simulated-disk.ts'
import { type Board, type BoardCommand, encodeBoardCommand } from '../../src/sim/raft/machines.ts'
import type { SimNode } from '../../src/sim/raft/sim-node.ts'
import { World, type WorldOptions } from '../../src/sim/raft/world.ts'

export const G = 0 as GroupId
const module = compileEngine(readEngineFiles())
const TEXT = new TextEncoder()

/** Three nodes and one group unless told otherwise, with a leader for every group. */
export function startWorld(options: Partial<WorldOptions> = {}): World {
  const world = new World({
    seed: 1,
    module,
    sha256: nodeCrypto.sha256,
    checksum: crc32,
    nodes: 3,
    groups: 1,
    ...options,
  })
  return world.until(() => world.groups.every((group) => world.leader(group) !== undefined)).run(300)
}

/** Proposes on a node; what came of it appears in the list. */
export function propose(
  world: World,
  node: number,
  command: BoardCommand,
  options: {
    readonly group?: GroupId
    readonly key?: string
    readonly ticks?: number
    readonly ticket?: Ticket
  } = {},
): readonly Outcome[] {
  const { group = G, key = JSON.stringify(command), ticks = 100 } = options
  const outcomes: Outcome[] = []
  world.act(node, (host) => {
    const ticket = options.ticket ?? host.ticket(group, TEXT.encode(key))
    host.propose(group, ticket, encodeBoardCommand(command), ticks, (outcome) => outcomes.push(outcome))
  })
  return outcomes
}

/** Adds one to the counter so many times, one command after another, on a node that is up. */
export function add(world: World, times: number, from = 0, group: GroupId = G): void {
  for (let n = 0; n < times; n++) {
    const done = propose(
      world,
      mustLead(world, group).id,
      { kind: 'add', amount: 1 },
      { key: `add ${group} ${from + n}`, group },
    )
    world.until(() => done.length === 1)
  }
}

export function mustLead(world: World, group: number = G): SimNode {
  const leader = world.leader(group)
  if (leader === undefined) throw new Error(`nobody leads ${group}`)
  return leader
}

export function followers(world: World, group: number = G): readonly SimNode[] {
  const leader = mustLead(world, group)
  return world.up().filter((node) => node !== leader && node.host?.group(group as GroupId) !== undefined)
}

export function groupOf(world: World, node: number, group: GroupId = G): Readonly<HostedGroup> {
  const found = world.host(node).group(group)
  if (found === undefined) throw new Error(`node ${node} has no group ${group}`)
  return found
}

export function board(world: World, node: number, group: GroupId = G): Board {
  return world.host(node).readStale(group)?.state as Board
}

export function kinds(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes.map((outcome) => {
    if (outcome.kind === 'refused') return outcome.why
    return outcome.kind === 'settled' ? outcome.verdict.kind : outcome.kind
  })
}

/** A fault of the disk that meets rows of turns alone: nothing that is put aside, nothing that is put together. */
export function atTurns(fault: () => DiskFault): (writes: DiskWrites) => DiskFault {
  return ({ putRow, dropRows }) => (putRow !== undefined && dropRows === undefined ? fault() : 'none')
}
