import { describe, expect, it } from 'vitest'
import type { CertifiedBatch } from '../../../../src/codec/gossip/certified-batch.ts'
import { machineOfGroup } from '../../../../src/core/witness/machine.ts'
import type { ConfigVersion } from '../../../../src/model/certified.ts'
import type { GroupId } from '../../../../src/model/raft.ts'
import type { LogRecord } from '../../../../src/ports/network-log.ts'
import { FollowerHost } from '../../../../src/services/follower/follower-host.ts'
import { hashOf, SignatureBook } from '../../../setup/certificates.ts'
import { CertifiedLog, LIARS, listMachine } from '../../../setup/certified-log.ts'

const HUB = 0 as GroupId
const BUCKET = 1 as GroupId

/** What a node has on its disk. */
interface Disk {
  readonly states: Map<GroupId, Uint8Array>
  readonly logs: Map<number, LogRecord[]>
}

function disk(): Disk {
  return { states: new Map(), logs: new Map() }
}

/** A follower of two groups, whose log goes to the disk as a keeper's does: each leaf once. */
class Node {
  readonly book: SignatureBook
  readonly host: FollowerHost
  readonly faults: unknown[] = []
  readonly certified: number[] = []
  readonly gate = { isOpen: true }
  #tasks: (() => void)[] = []

  constructor(book: SignatureBook, { states, logs }: Disk = disk()) {
    this.book = book
    const logOf = (machine: number): LogRecord[] => {
      const log = logs.get(machine) ?? []
      logs.set(machine, log)
      return log
    }
    this.host = FollowerHost.open({
      groups: [HUB, BUCKET],
      machineOf: (group) => listMachine(group === BUCKET ? this.gate : undefined),
      firstChain: (group) => new CertifiedLog(group, book).chain,
      context: book.context(LIARS),
      archive: { records: (machine) => logOf(machine) },
      states: { load: (group) => states.get(group), save: (group, state) => void states.set(group, state) },
      onLeaf: ({ group, number, kind, leaf, item }) => {
        const log = logOf(machineOfGroup(group))
        if (number < log.length) return
        expect(number).toBe(log.length)
        log.push(item === undefined ? { kind: kind as 'passed', leaf } : { kind: 'item', item, leaf })
      },
      onCertificate: ({ head }) => void this.certified.push(head.size),
      onChange: () => undefined,
      beforeStore: () => undefined,
      later: (task) => void this.#tasks.push(task),
      nowMs: () => 0,
      onFault: (fault) => void this.faults.push(fault),
    })
  }

  /** Everything that was put off, and what that puts off. */
  settle(): this {
    while (this.#tasks.length > 0) for (const task of this.#tasks.splice(0)) task()
    return this
  }

  state(group: GroupId): unknown {
    return this.host.readStale(group)?.state
  }
}

describe('a node that is no voter', () => {
  it('has the states that follow from what the voters certified, and the same log', () => {
    const book = new SignatureBook()
    const log = new CertifiedLog(BUCKET, book).add('a', '!b').addHost('answer').add('c')
    const kept = disk()
    const node = new Node(book, kept)
    expect(node.host.take(log.batch(0, 2))).toEqual({ ok: true, value: 'new' })
    expect(node.host.take(log.batch(2))).toEqual({ ok: true, value: 'new' })
    node.settle()
    expect(node.state(BUCKET)).toEqual(['a', 'c'])
    expect(kept.logs.get(0)).toEqual(log.records)
    expect(node.certified).toEqual([2, 4])
    expect(node.host.certificate(BUCKET)?.head.size).toBe(4)
    expect(node.host.group(BUCKET)?.replica?.position).toBe(4)
  })

  it('takes of a batch what it has not got, and nothing where something before it is missing', () => {
    const book = new SignatureBook()
    const log = new CertifiedLog(BUCKET, book).add('a', 'b', 'c', 'd')
    const early = new Node(book).host
    expect(early.take(log.batch(2))).toEqual({ ok: true, value: 'gap' })
    expect(early.take({ ...log.batch(0), records: [] })).toEqual({ ok: true, value: 'gap' })
    const node = new Node(book)
    node.host.take(log.batch(0, 3))
    expect(node.host.take(log.batch(0, 3))).toEqual({ ok: true, value: 'known' })
    expect(node.host.take(log.batch(1))).toEqual({ ok: true, value: 'new' })
    expect(node.settle().state(BUCKET)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('goes on with what came too early once the leaves before it are there', () => {
    const book = new SignatureBook()
    const log = new CertifiedLog(BUCKET, book).add('a', 'b', 'c', 'd')
    const node = new Node(book)
    for (const batch of [log.batch(3), log.batch(1, 3)])
      expect(node.host.take(batch)).toEqual({ ok: true, value: 'gap' })
    expect(node.host.takeLeaves(BUCKET, 0, log.records.slice(0, 1), undefined)).toBe(true)
    expect(node.settle().state(BUCKET)).toEqual(['a', 'b', 'c', 'd'])
    expect(node.host.certificate(BUCKET)?.head.size).toBe(4)
  })

  it('refuses what too few voters signed, other leaves, other items, what is left out, and groups that there are not', () => {
    const book = new SignatureBook()
    const log = new CertifiedLog(BUCKET, book).add('a', 'b', 'c')
    const good = log.batch(0)
    const [first, ...rest] = good.records
    const other = new CertifiedLog(BUCKET, book).add('x').records
    const bad: Record<string, CertifiedBatch> = {
      'one signature of three': { ...good, certificate: log.certificate(3, [0]) },
      'another leaf': { ...good, records: [...other, ...rest] },
      'another item': {
        ...good,
        records: [{ ...first, item: hashOf('another') } as LogRecord, ...rest],
      },
      'an item that is called a word of hosts': {
        ...good,
        records: [{ kind: 'passed', leaf: (first as { leaf: Uint8Array }).leaf }, ...rest],
      },
      'a group that there is not': new CertifiedLog(9, book).add('a').batch(0),
    }
    for (const [what, batch] of Object.entries(bad)) {
      const node = new Node(book)
      expect(node.host.take(batch).ok, what).toBe(false)
      expect(node.settle().state(BUCKET), what).toEqual([])
    }
  })

  it('says of what it knows already whether it is true', () => {
    const book = new SignatureBook()
    const log = new CertifiedLog(BUCKET, book).add('a', 'b', 'c')
    const { host } = new Node(book)
    host.take(log.batch(0))
    const forged = { ...log.batch(1), certificate: log.certificate(3, [0]) }
    for (const batch of [log.batch(1), forged]) expect(host.take(batch)).toEqual({ ok: true, value: 'known' })
    expect(host.judge(log.batch(1)).ok).toBe(true)
    expect(host.judge(forged).ok).toBe(false)
    expect(host.judge(new CertifiedLog(9, book).add('a').batch(0)).ok).toBe(false)
    const { certificate } = log.batch(1)
    const later = { ...certificate, head: { ...certificate.head, config: 2 as ConfigVersion } }
    expect(host.take({ ...log.batch(1), certificate: later })).toEqual({ ok: true, value: 'unproved' })
  })

  it('stops at an item of which the machine makes something else than its leaf', () => {
    const book = new SignatureBook()
    const [refused] = new CertifiedLog(BUCKET, book).add('!a').records
    // The voters certified that a refused command was applied.
    const log = new CertifiedLog(BUCKET, book).addItem((refused as { item: Uint8Array }).item)
    const node = new Node(book)
    node.host.take(log.batch(0))
    node.settle()
    expect(String(node.faults[0])).toMatch(/leaf 0 of group 1: the rules make CONFLICT: !a of it/)
    expect(node.state(BUCKET)).toEqual([])
  })

  it('waits with what waits for another group, and goes on when that is there', () => {
    const book = new SignatureBook()
    const node = new Node(book)
    node.gate.isOpen = false
    node.host.take(new CertifiedLog(BUCKET, book).add('a', 'wait', 'b').batch(0))
    expect(node.settle().state(BUCKET)).toEqual(['a'])
    node.gate.isOpen = true
    node.host.take(new CertifiedLog(HUB, book).add('slot').batch(0))
    expect(node.settle().state(BUCKET)).toEqual(['a', 'wait', 'b'])
  })

  it('goes on after a stop, and after a kill, from its own disk', () => {
    const book = new SignatureBook()
    const log = new CertifiedLog(BUCKET, book).add('a', 'b', 'c')
    const kept = disk()
    const node = new Node(book, kept)
    node.host.take(log.batch(0))
    node.settle().host.stop()
    const again = new Node(book, kept)
    expect(again.state(BUCKET)).toEqual(['a', 'b', 'c'])
    // Killed: the log has more than the state that was stored.
    log.add('d')
    again.host.take(log.batch(3))
    again.settle()
    const last = new Node(book, kept)
    expect(last.state(BUCKET)).toEqual(['a', 'b', 'c', 'd'])
    log.add('e')
    expect(last.host.take(log.batch(4))).toEqual({ ok: true, value: 'new' })
    expect(last.settle().state(BUCKET)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(kept.logs.get(0)).toEqual(log.records)
  })

  it('stores its state now and then, so that a restart applies little again', () => {
    const book = new SignatureBook()
    const log = new CertifiedLog(BUCKET, book).add(...Array.from({ length: 2_100 }, (_, n) => `item ${n}`))
    const kept = disk()
    const node = new Node(book, kept)
    node.host.take(log.batch(0))
    node.settle()
    expect(kept.states.has(BUCKET)).toBe(true)
    expect(kept.states.has(HUB)).toBe(false)
    expect(node.host.takeLeaves(BUCKET, 2_099, log.records.slice(2_099), undefined)).toBe(true)
    expect(node.host.takeLeaves(BUCKET, 2_101, [], undefined)).toBe(false)
  })
})
