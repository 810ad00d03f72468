import { describe, expect, it } from 'vitest'
import { encodeCertificate } from '../../../../src/codec/certificate/certificate.ts'
import { HUB } from '../../../../src/codec/entry/item.ts'
import { encodeLogRecord } from '../../../../src/codec/network-log/log-record.ts'
import { FaultError } from '../../../../src/model/fault.ts'
import type { Did } from '../../../../src/model/ids.ts'
import type { LogRecord } from '../../../../src/ports/network-log.ts'
import { LogGaps, type LogGapsDeps } from '../../../../src/services/heart/log-gaps.ts'
import { LogKeeper } from '../../../../src/services/heart/log-keeper.ts'
import type { LogPage } from '../../../../src/services/log-fetch/log-page.ts'
import { LogTrees } from '../../../../src/services/log-fetch/log-trees.ts'
import { hashOf, SignatureBook, sha256, treeHead, VOTERS, voterSet } from '../../../setup/certificates.ts'
import { itemRecord, LogPeers, logOf, PEER } from '../../../setup/log-peers.ts'
import { MemoryLogs } from '../../../setup/memory-logs.ts'

const BUCKET = 3
const NOBODY = VOTERS[9] as Did

/** A node whose logs end early, beside a peer that has them whole. */
class Lagging {
  readonly peers = new LogPeers()
  readonly logs = new MemoryLogs(new Uint8Array([1]))
  readonly keeper = new LogKeeper(this.logs)
  readonly slots: number[] = []
  readonly whole: (readonly [number, number])[] = []
  readonly faults: unknown[] = []
  /** Timers that were set, not run yet. */
  readonly timers: (() => void)[] = []
  readonly gaps: LogGaps
  #done = Promise.withResolvers<void>()

  constructor(changes: Partial<LogGapsDeps> = {}) {
    this.gaps = new LogGaps({
      fetch: this.peers.fetch,
      trees: new LogTrees({ archive: this.logs, sha256, later: setImmediate }),
      clock: {
        after: (_, task) => {
          this.timers.push(task)
          this.#done.resolve()
          return () => undefined
        },
      },
      keeper: this.keeper,
      slots: { put: ({ n }) => void this.slots.push(n), flush: () => undefined },
      flush: () => this.keeper.flush(),
      peers: [PEER],
      leaderOf: () => undefined,
      onWhole: (machine, from) => {
        this.whole.push([machine, from])
        if (this.gaps.isWhole) this.#done.resolve()
      },
      onFault: (error) => {
        this.faults.push(error)
        this.#done.resolve()
      },
      trace: () => undefined,
      ...changes,
    })
  }

  /** The peer has the log, this node its beginning. */
  has(machine: number, log: readonly LogRecord[], kept: number): void {
    this.peers.keep(machine, log)
    for (const record of log.slice(0, kept)) this.logs.append(machine, record)
  }

  /** A snapshot of the whole log is installed. */
  install(machine: number): void {
    const { size, root } = this.peers.headOf(machine)
    this.gaps.note(machine, { size, root, changes: [] })
  }

  /** Resolves when nothing is lacking, nobody could help, or the store failed. */
  async settled(): Promise<void> {
    await this.#done.promise
    this.#done = Promise.withResolvers()
  }
}

describe('a voter that was given a snapshot', () => {
  it('gets the entries that led to it, and then applies again', async () => {
    const node = new Lagging()
    const log = logOf(BUCKET, 1_500)
    node.has(BUCKET, log, 100)
    node.install(BUCKET)
    expect(node.gaps.mayApply(BUCKET)).toBe(false)
    await node.settled()
    expect(node.gaps.mayApply(BUCKET)).toBe(true)
    expect([...node.logs.records(BUCKET)]).toEqual(log)
    expect(node.whole).toEqual([[BUCKET, 100]])
  })

  it('lacks nothing where its log reaches as far as its state', async () => {
    const node = new Lagging()
    node.has(BUCKET, logOf(BUCKET, 20), 20)
    node.install(BUCKET)
    expect(node.gaps.mayApply(BUCKET)).toBe(true)
    expect(node.peers.asked).toBe(0)
  })

  it('of the hub holds all buckets until its slots are there', async () => {
    const node = new Lagging()
    node.has(HUB, logOf(HUB, 30), 4)
    node.has(BUCKET, logOf(BUCKET, 9), 0)
    node.install(BUCKET)
    node.install(HUB)
    expect(node.gaps.mayApply(BUCKET + 1)).toBe(false)
    await node.settled()
    expect(node.slots).toEqual([3, 4, 5, 6, 7, 8, 9, 10])
    expect(node.gaps.isWhole).toBe(true)
  })

  it('holds no other bucket for one', async () => {
    const node = new Lagging()
    node.has(BUCKET, logOf(BUCKET, 9), 0)
    node.install(BUCKET)
    expect(node.gaps.mayApply(BUCKET + 1)).toBe(true)
    expect(node.gaps.mayApply(HUB)).toBe(true)
    await node.settled()
  })

  it('asks the next one when a peer cannot be reached or lies, and keeps nothing of a lie', async () => {
    const node = new Lagging({ peers: [NOBODY, PEER, PEER] })
    const log = logOf(BUCKET, 40)
    node.has(BUCKET, log, 10)
    let lies = 1
    node.peers.lie = (answer) =>
      answer.kind === 'page' && lies-- > 0
        ? { ...answer, records: answer.records.with(2, encodeLogRecord(itemRecord('mine'))) }
        : answer
    node.install(BUCKET)
    await node.settled()
    expect([...node.logs.records(BUCKET)]).toEqual(log)
    expect(node.peers.blames).toHaveLength(1)
  })

  it('asks who leads first', async () => {
    const node = new Lagging({
      peers: [NOBODY, PEER],
      leaderOf: () => PEER,
      trace: (text) => said.push(text),
    })
    const said: string[] = []
    node.has(BUCKET, logOf(BUCKET, 40), 10)
    node.install(BUCKET)
    await node.settled()
    expect(said).not.toContain(`machine ${BUCKET}: nobody there`)
  })

  it('tries again later when nobody could help, from where it had come', async () => {
    const node = new Lagging()
    const log = logOf(BUCKET, 2_000)
    node.has(BUCKET, log, 10)
    node.peers.lie = (answer) =>
      answer.kind === 'page' && node.peers.asked === 2 ? { kind: 'none' } : answer
    node.install(BUCKET)
    await node.settled()
    expect(node.gaps.mayApply(BUCKET)).toBe(false)
    expect(node.keeper.leaves(BUCKET)).toBe(1_034)
    for (const task of node.timers.splice(0)) task()
    await node.settled()
    expect([...node.logs.records(BUCKET)]).toEqual(log)
    expect(node.peers.asked).toBe(3)
  })

  it('keeps the certificates of changes of voters, as entries recorded them', async () => {
    const node = new Lagging()
    node.has(BUCKET, logOf(BUCKET, 20), 0)
    const head = node.peers.headOf(BUCKET)
    const change = new SignatureBook().certificate(treeHead({ group: BUCKET + 1, size: 12 }), voterSet(0, 1))
    node.gaps.note(BUCKET, { size: head.size, root: head.root, changes: [change] })
    await node.settled()
    expect([...node.logs.records(BUCKET)].at(-1)).toEqual({
      kind: 'certificate',
      certificate: encodeCertificate(change),
    })
  })

  it('never has what does not lead to its own state', async () => {
    const node = new Lagging()
    node.has(BUCKET, logOf(BUCKET, 20), 5)
    node.gaps.note(BUCKET, { size: 20, root: hashOf('another state'), changes: [] })
    await node.settled()
    expect(node.keeper.leaves(BUCKET)).toBe(5)
    expect(node.gaps.mayApply(BUCKET)).toBe(false)
  })

  it('ends when its own store fails', async () => {
    const failure = new Error('the disk is gone')
    const put = () => {
      throw failure
    }
    const node = new Lagging({ slots: { put, flush: () => undefined } })
    node.has(HUB, logOf(HUB, 20), 5)
    node.install(HUB)
    await node.settled()
    expect(node.faults).toEqual([failure])
  })

  it('keeps no leaf whose slot could be lost: a node that is killed fetches none again', async () => {
    const [waiting, durable] = [[] as number[], [] as number[]]
    const slots = {
      put: ({ n }: { readonly n: number }) => void waiting.push(n),
      flush: () => void durable.push(...waiting.splice(0)),
    }
    const logs = new MemoryLogs(new Uint8Array([1]))
    const kept = new LogKeeper(logs)
    const keeper = {
      leaves: (machine: number) => kept.leaves(machine),
      keepChange: () => undefined,
      fill: (machine: number, page: Pick<LogPage, 'from' | 'records'>) => {
        // Each third leaf makes a slot.
        expect(durable).toHaveLength(Math.ceil((page.from + page.records.length) / 3))
        kept.fill(machine, page)
      },
    }
    const trees = new LogTrees({ archive: logs, sha256, later: setImmediate })
    const node = new Lagging({ slots, keeper, trees })
    node.peers.keep(HUB, logOf(HUB, 30))
    node.install(HUB)
    await node.settled()
    expect(node.faults).toEqual([])
    expect(durable).toHaveLength(10)
  })

  it('is stopped while it reads its own log, which is closed then, without a fault', async () => {
    const closed = Promise.withResolvers<never>()
    const node = new Lagging({ trees: { of: () => closed.promise } })
    node.has(BUCKET, logOf(BUCKET, 9), 0)
    node.install(BUCKET)
    node.gaps.stop()
    closed.reject(new FaultError('store-io', 'the log is closed'))
    await new Promise((resolve) => setImmediate(resolve))
    expect(node.faults).toEqual([])
  })
})
