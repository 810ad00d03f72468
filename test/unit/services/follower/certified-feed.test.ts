import { describe, expect, it } from 'vitest'
import type { CertifiedBatch } from '../../../../src/codec/gossip/certified-batch.ts'
import { decodeGossip } from '../../../../src/codec/gossip/gossip-message.ts'
import { verifyCertifiedBatch } from '../../../../src/core/certificate/certified-batch.ts'
import type { Did } from '../../../../src/model/ids.ts'
import type { GroupId } from '../../../../src/model/raft.ts'
import { GOSSIP_BYTES_MAX } from '../../../../src/ports/mesh.ts'
import { CertifiedFeed } from '../../../../src/services/follower/certified-feed.ts'
import { topicsOf } from '../../../../src/services/gossip/topics.ts'
import type { LeafRecord } from '../../../../src/services/log-fetch/log-page.ts'
import type { LeafNotice } from '../../../../src/services/raft-host/host-core.ts'
import { SignatureBook, sha256, VOTERS } from '../../../setup/certificates.ts'
import { CertifiedLog, LIARS } from '../../../setup/certified-log.ts'

const topics = topicsOf('net')
const HUB = 0
const BUCKET = 1

/** A voter that leads its groups, and whoever listens to it. */
class Leader {
  readonly book = new SignatureBook()
  readonly logs = [new CertifiedLog(HUB, this.book), new CertifiedLog(BUCKET, this.book)] as const
  readonly said: { readonly topic: string; readonly batches: readonly CertifiedBatch[] }[] = []
  listeners: readonly Did[] = VOTERS.slice(9, 10)
  isLeader = true
  /** Its trees have nothing of what was before the last leaf. */
  forgets = false
  readonly feed: CertifiedFeed
  #tasks: (() => void)[] = []

  constructor() {
    this.feed = new CertifiedFeed({
      mesh: {
        subscribers: () => this.listeners,
        publish: (topic, data) => {
          const message = decodeGossip(data)
          if (!message.ok || message.value.kind !== 'certified') throw new Error('another message')
          this.said.push({ topic, batches: message.value.batches })
        },
      },
      topics,
      sha256,
      leads: (group) => {
        const log = this.logs[group as 0 | 1]
        const tree = log.tree(log.records.length)
        if (this.forgets) tree.forget(tree.size)
        return this.isLeader ? tree : undefined
      },
      later: (task) => void this.#tasks.push(task),
    })
    this.feed.look()
  }

  /** Applies a command, as a host does: the tree has its leaf before anybody hears of it. */
  apply(group: 0 | 1, ...texts: readonly string[]): void {
    for (const text of texts) {
      const log = this.logs[group].add(text)
      this.#show(group, log.records.at(-1) as LeafRecord)
    }
  }

  applyHost(group: 0 | 1, text: string): void {
    const log = this.logs[group].addHost(text)
    this.#show(group, log.records.at(-1) as LeafRecord)
  }

  certify(group: 0 | 1, size?: number): void {
    this.feed.onCertificate(this.logs[group].certificate(size))
  }

  settle(): void {
    for (const task of this.#tasks.splice(0)) task()
  }

  #show(group: 0 | 1, record: LeafRecord): void {
    const { records, group: id } = this.logs[group]
    const item = record.kind === 'item' ? record.item : undefined
    this.feed.onLeaf({ group: id, number: records.length - 1, kind: record.kind, leaf: record.leaf, item })
  }
}

describe('what a leader tells those who follow', () => {
  it('is all that was certified in a turn, in one message a topic, and each batch is good by itself', () => {
    const leader = new Leader()
    for (const group of [HUB, BUCKET] as const) leader.apply(group, 'before')
    leader.apply(HUB, 'a')
    leader.apply(BUCKET, 'b', '!c')
    leader.applyHost(BUCKET, 'answer')
    leader.certify(BUCKET, 3)
    leader.certify(BUCKET)
    leader.certify(HUB)
    leader.settle()
    expect(leader.said.map(({ topic, batches }) => [topic, batches.length])).toEqual([
      [topics.need, 1],
      [topics.system, 1],
    ])
    for (const { batches } of leader.said) {
      for (const batch of batches) {
        const log = leader.logs[batch.certificate.head.group as 0 | 1]
        expect(batch).toEqual(log.batch(0))
        expect(verifyCertifiedBatch(batch, log.chain, leader.book.context(LIARS)).ok).toBe(true)
      }
    }
  })

  it('goes on where the last batch ended', () => {
    const leader = new Leader()
    leader.apply(BUCKET, 'begin', 'a')
    leader.certify(BUCKET)
    leader.settle()
    leader.apply(BUCKET, 'b', 'c', 'd')
    leader.certify(BUCKET, 4)
    leader.settle()
    leader.certify(BUCKET)
    leader.settle()
    const told = leader.said.flatMap(({ batches }) =>
      batches.map(({ from, records }) => [from, records.length]),
    )
    expect(told).toEqual([
      [0, 2],
      [2, 2],
      [4, 1],
    ])
  })

  it('is nothing, and nothing is kept, where nobody listens or another one leads', () => {
    const leader = new Leader()
    leader.listeners = []
    leader.feed.look()
    leader.apply(BUCKET, 'a', 'b')
    leader.certify(BUCKET)
    leader.settle()
    leader.listeners = VOTERS.slice(9, 10)
    leader.feed.look()
    leader.isLeader = false
    leader.apply(BUCKET, 'c')
    leader.certify(BUCKET)
    leader.settle()
    expect(leader.said).toEqual([])
    leader.isLeader = true
    leader.apply(BUCKET, 'd', 'e')
    leader.certify(BUCKET)
    leader.settle()
    expect(leader.said.flatMap(({ batches }) => batches.map(({ from }) => from))).toEqual([3])
  })

  it('is nothing once the last listener went, or another node leads, before the turn was over', () => {
    const leader = new Leader()
    leader.apply(BUCKET, 'a')
    leader.certify(BUCKET)
    leader.listeners = []
    leader.feed.look()
    leader.settle()
    leader.listeners = VOTERS.slice(9, 10)
    leader.feed.look()
    leader.apply(BUCKET, 'b')
    leader.certify(BUCKET)
    leader.isLeader = false
    leader.apply(BUCKET, 'c')
    leader.settle()
    expect(leader.said).toEqual([])
  })

  it('begins with the next leaf where the tree has forgotten what was before', () => {
    const leader = new Leader()
    leader.forgets = true
    leader.apply(BUCKET, 'a', 'b')
    leader.certify(BUCKET)
    leader.settle()
    const [batch] = leader.said[0]?.batches ?? []
    expect(batch).toEqual(leader.logs[BUCKET].batch(1))
  })

  it('is announced without its leaves where they are long: they are fetched', () => {
    const leader = new Leader()
    leader.apply(BUCKET, 'begin', 'x'.repeat(200_000), 'y'.repeat(100_000))
    leader.certify(BUCKET)
    leader.settle()
    const [batch] = leader.said[0]?.batches ?? []
    expect([batch?.from, batch?.records.length, batch?.certificate.head.size]).toEqual([0, 0, 3])
    leader.apply(BUCKET, 'z')
    leader.certify(BUCKET)
    leader.settle()
    expect(leader.said[1]?.batches[0]?.records).toHaveLength(1)
  })

  it('is no message that is longer than gossip takes, however many groups it leads', () => {
    const groups = 4_000
    const lengths: number[] = []
    const tasks: (() => void)[] = []
    const one = new Leader().logs[BUCKET].add('a')
    const [record] = one.records as [LeafRecord]
    const certificate = one.certificate()
    const feed = new CertifiedFeed({
      mesh: { subscribers: () => VOTERS.slice(9, 10), publish: (_, data) => void lengths.push(data.length) },
      topics,
      sha256,
      leads: () => one.tree(1),
      later: (task) => void tasks.push(task),
    })
    feed.look()
    for (let at = 1; at <= groups; at++) {
      const group = at as GroupId
      feed.onLeaf({ ...record, group, number: 0 } as LeafNotice)
      feed.onCertificate({ ...certificate, head: { ...certificate.head, group } })
    }
    for (const task of tasks) task()
    expect(lengths.length).toBeGreaterThan(1)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(GOSSIP_BYTES_MAX)
  })
})
