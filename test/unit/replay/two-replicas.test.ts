import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../src/adapters/crypto/node-crypto.ts'
import { type Certificate, encodeCertificate } from '../../../src/codec/certificate/certificate.ts'
import { shareRoot, sharesOf } from '../../../src/codec/certificate/share.ts'
import type { TreeHead } from '../../../src/codec/certificate/tree-head.ts'
import { HUB } from '../../../src/codec/entry/item.ts'
import { signStatement } from '../../../src/codec/signed/statement.ts'
import { groupOfMachine } from '../../../src/core/witness/machine.ts'
import type { ConfigVersion, Generation, TreeSize } from '../../../src/model/certified.ts'
import { LogKeeper } from '../../../src/services/heart/log-keeper.ts'
import { NO_ITEM } from '../../../src/sim/heart/group.ts'
import { type FoldItem, foldable } from '../../../src/sim/heart/replicas.ts'
import { Stage } from '../../../src/sim/heart/stage.ts'
import { Chance } from '../../../src/sim/raft/chance.ts'
import { FORMS, fileOf } from '../../setup/bundles.ts'
import { exportedOf, exportOf, logsOf, replayOf } from '../../setup/exports.ts'
import { MemoryLogs } from '../../setup/memory-logs.ts'
import { Theatre } from '../../setup/theatre.ts'

const { sha256 } = nodeCrypto

/** Two needs of one thread and one of another, over a lie, to their ends. */
function played() {
  const theatre = new Theatre({ workers: ['liar', 'honest'] })
  const { thread } = theatre.post('one')
  theatre.step()
  theatre.post('two', {}, thread)
  theatre.post('apart')
  expect(theatre.play(3_000)).toBe(true)
  return { theatre, thread }
}

/**
 * Another replica of the same network: it applies the same logs, hub and buckets interleaved as chance will, and makes
 * its own leaves; and it heard other shares, of other voters and at other sizes, before others.
 */
function replicaOf({ stage }: Theatre, seed: string): MemoryLogs {
  const chance = new Chance(1, seed)
  const replica = new Stage(stage.options)
  const logs = new MemoryLogs(replica.genesisBytes)
  const all = new Map(
    [HUB, ...stage.network.buckets].map((machine) => [machine, foldable(stage.network.log(machine))]),
  )
  const slot = () => replica.hub.records.get('network', 'all')?.slot ?? 0
  const next = (machine: number): FoldItem | undefined => {
    const item = all.get(machine)?.[replica.network.log(machine).length]
    return item !== undefined && (machine === HUB || item.slot <= slot()) ? item : undefined
  }
  for (;;) {
    const ready = [...all.keys()].filter((machine) => next(machine) !== undefined)
    if (ready.length === 0) break
    const machine = chance.pick(ready)
    replica.network.group(machine).apply((next(machine) as FoldItem).read)
    const { item, leaf } = replica.network.log(machine).at(-1) as FoldItem
    logs.append(machine, { kind: 'item', item, leaf })
    if (!chance.is(0.2)) continue
    logs.append(machine, { kind: 'certificate', certificate: heard(replica, machine) })
  }
  return logs
}

/** So many records of the hub, and all of the buckets. */
function behind(whole: MemoryLogs, hub: number): MemoryLogs {
  const logs = new MemoryLogs(whole.genesis)
  for (const machine of whole.machines()) {
    const count = machine === HUB ? hub : whole.count(machine)
    for (let at = 0; at < count; at++) logs.append(machine, whole.record(machine, at))
  }
  return logs
}

/** A certificate of a machine as it stands, by the last voters and not the first. */
function heard({ voters, network, genesis }: Stage, machine: number): Uint8Array {
  const { size, tree, machine: state } = network.group(machine)
  const head: TreeHead = {
    group: groupOfMachine(machine),
    generation: 0 as Generation,
    config: 1 as ConfigVersion,
    size: size as TreeSize,
    root: tree.root(),
    state: state.hash(),
  }
  const root = shareRoot([head], sha256)
  const shares: Certificate['shares'] = voters.slice(1).flatMap(({ did, secret }) => {
    const s = signStatement(nodeCrypto, 'seal-share', genesis.net, secret, root)
    return sharesOf({ voter: did, heads: [head], s }, sha256).map(({ voter, path }) => ({ voter, path, s }))
  })
  return encodeCertificate({ head, shares })
}

/** The log of a machine as a voter kept it that heard another certificate of each change of voters, before the log's own. */
function keptBy(theatre: Theatre, seed: string): MemoryLogs {
  const { stage } = theatre
  const chance = new Chance(1, seed)
  const logs = new MemoryLogs(stage.genesisBytes)
  for (const machine of [HUB, ...stage.network.buckets]) {
    const keeper = new LogKeeper(logs)
    const group = groupOfMachine(machine)
    const changes = [...(stage.network.changes.get(machine) ?? [])]
    const late = chance.below(3)
    for (const [number, { item, leaf }] of stage.network.log(machine).entries()) {
      if (item === NO_ITEM) keeper.keep({ group, number, kind: 'voters', leaf, item: undefined })
      else keeper.keep({ group, number, kind: 'item', leaf, item })
      const [next] = changes
      if (next === undefined || number < next.head.size - 1) continue
      if (number === next.head.size - 1) {
        keeper.keepCertificate(signedAgain(stage, next, chance.below(3)))
        keeper.flush()
      }
      if (number < next.head.size - 1 + late) continue
      for (const change of changes.splice(0)) keeper.keepChange(change)
    }
    keeper.flush()
  }
  return logs
}

/** The same head, signed by all voters but one. */
function signedAgain({ voters, genesis }: Stage, { head }: Certificate, without: number): Certificate {
  const root = shareRoot([head], sha256)
  const shares = voters
    .filter((_, at) => at !== without)
    .flatMap(({ did, secret }) => {
      const s = signStatement(nodeCrypto, 'seal-share', genesis.net, secret, root)
      return sharesOf({ voter: did, heads: [head], s }, sha256).map(({ voter, path }) => ({ voter, path, s }))
    })
  return { head, shares }
}

describe('exports of two replicas (record.md, "History and export")', () => {
  const { theatre, thread } = played()
  const first = exportOf(logsOf(theatre), thread)

  it.each(['a', 'b', 'c'])('are byte-identical, whatever came to each of them first: %s', (seed) => {
    const logs = replicaOf(theatre, seed)
    expect([...logs.records(HUB)]).not.toEqual([...logsOf(theatre).records(HUB)])
    const second = exportOf(logs, thread)
    for (const write of Object.values(FORMS)) {
      expect(fileOf(write(second.blocks))).toEqual(fileOf(write(first.blocks)))
    }
  })

  it('of one that catches up, with its hub behind its buckets, are sound and no more than what it can prove', () => {
    const whole = logsOf(theatre)
    const all = whole.count(HUB)
    const parts: number[] = []
    for (let hub = 1; hub < all; hub += Math.ceil(all / 40)) {
      const part = exportedOf(behind(whole, hub), thread)
      if (part === undefined) continue
      const file = fileOf(FORMS.CAR(part.blocks))
      const { sound, divergence } = replayOf(file)
      expect(divergence).toBeUndefined()
      // In a file of no need yet there is nothing of one to check.
      expect(sound || part.exported.needs === 0).toBe(true)
      if (part.exported.finished) expect(file).toEqual(fileOf(FORMS.CAR(first.blocks)))
      parts.push(part.exported.items)
    }
    expect(parts).toEqual(parts.toSorted((a, b) => a - b))
    expect(new Set(parts).size).toBeGreaterThan(3)
  })

  it('are byte-identical however much later one of them is made', () => {
    theatre.post('later')
    expect(theatre.play(3_000)).toBe(true)
    const late = exportOf(logsOf(theatre), thread)
    for (const write of Object.values(FORMS)) {
      expect(fileOf(write(late.blocks))).toEqual(fileOf(write(first.blocks)))
    }
    expect(replayOf(fileOf(FORMS.CAR(late.blocks))).sound).toBe(true)
  })
})

describe('exports of a thread during which voters changed (consensus.md, "Certificates")', () => {
  /** A voter joins the bucket of a need after its first entries, and the hub; another one later. */
  function changed() {
    const theatre = new Theatre({ workers: ['liar', 'honest'] })
    const { id, thread } = theatre.post('one')
    const { stage } = theatre
    while (theatre.stateOf(id) !== 'RANKED') theatre.step()
    const bucket = stage.bucketOf(id) ?? 0
    stage.joinVoters(bucket, stage.actor('newcomer'))
    stage.joinVoters(HUB, stage.actor('newcomer'))
    while (theatre.stateOf(id) !== 'FINAL') theatre.step()
    stage.joinVoters(bucket, stage.actor('latecomer'))
    expect(theatre.play(3_000)).toBe(true)
    return { theatre, thread }
  }
  const { theatre, thread } = changed()
  const first = exportOf(logsOf(theatre), thread)

  it('name the voters of both logs, and replay', () => {
    const report = replayOf(fileOf(FORMS.CAR(first.blocks)))
    expect([report.divergence, report.sound]).toEqual([undefined, true])
    expect(report.checks.find(({ name }) => name === 'certificates')?.counts['voter changes']).toBe(3)
  })

  it.each(['a', 'b', 'c', 'd'])(
    'are byte-identical, whichever certificate of a change came first: %s',
    (seed) => {
      const second = exportOf(keptBy(theatre, seed), thread)
      for (const write of Object.values(FORMS)) {
        expect(fileOf(write(second.blocks))).toEqual(fileOf(write(first.blocks)))
      }
    },
  )

  it('say that nothing is over behind a change whose certificate the log has not recorded yet', () => {
    const logs = new MemoryLogs(theatre.stage.genesisBytes)
    const whole = logsOf(theatre)
    for (const machine of whole.machines()) {
      const own = whole.records(machine)
      const changes = new Set(
        (theatre.stage.network.changes.get(machine) ?? []).map((one) => encodeCertificate(one).toHex()),
      )
      for (const record of own) {
        const isChange = record.kind === 'certificate' && changes.has(record.certificate.toHex())
        if (!isChange || machine === HUB) logs.append(machine, record)
      }
    }
    const { exported, blocks } = exportOf(logs, thread)
    expect(exported.finished).toBe(false)
    expect(replayOf(fileOf(FORMS.CAR(blocks))).divergence).toBeUndefined()
  })
})
