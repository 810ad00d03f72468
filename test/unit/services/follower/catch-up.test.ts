import { describe, expect, it } from 'vitest'
import { machineOfGroup } from '../../../../src/core/witness/machine.ts'
import { FaultError } from '../../../../src/model/fault.ts'
import type { Did } from '../../../../src/model/ids.ts'
import type { GroupId } from '../../../../src/model/raft.ts'
import type { MeshPeer } from '../../../../src/ports/mesh.ts'
import { CatchUp } from '../../../../src/services/follower/catch-up.ts'
import { FollowerHost } from '../../../../src/services/follower/follower-host.ts'
import { SignatureBook, VOTERS } from '../../../setup/certificates.ts'
import { CertifiedLog, LIARS, listMachine } from '../../../setup/certified-log.ts'
import { ManualClock } from '../../../setup/manual-clock.ts'

const HUB = 0 as GroupId
const BUCKET = 1 as GroupId
const PEER = VOTERS[9] as Did
/** Forty of them are more than may wait. */
const LONG = 'x'.repeat(1_000_000)

/** A follower of two groups and a peer that has their logs, a leaf a page. The bucket waits until the hub has a slot. */
function follow(
  book: SignatureBook,
  logs: ReadonlyMap<GroupId, CertifiedLog>,
  { silent = [] as readonly Did[], late = [] as readonly Did[], peers = [PEER] } = {},
) {
  const asked: Did[] = []
  const clock = new ManualClock()
  const gate = { isOpen: false }
  const host: FollowerHost = FollowerHost.open({
    groups: [HUB, BUCKET],
    machineOf: (group) => listMachine(group === BUCKET ? gate : undefined),
    firstChain: (group) => new CertifiedLog(group, book).chain,
    context: book.context(LIARS),
    archive: { records: () => [] },
    states: { load: () => undefined, save: () => undefined },
    onLeaf: ({ group }) => {
      if (group === HUB) gate.isOpen = true
    },
    onCertificate: () => undefined,
    onChange: () => undefined,
    beforeStore: () => undefined,
    later: setImmediate,
    nowMs: () => 0,
    onFault: (fault) => expect(fault).toBeUndefined(),
  })
  const logOf = (machine: number): CertifiedLog =>
    logs.get([HUB, BUCKET].find((group) => machineOfGroup(group) === machine) as GroupId) as CertifiedLog
  const catchUp = CatchUp.open({
    mesh: { peers: () => peers.map((did) => ({ did }) as MeshPeer), isConnected: () => true },
    fetch: {
      newest(peer, machine, chain) {
        asked.push(peer)
        if (late.includes(peer))
          return new Promise((resolve) => void clock.after(11_000, () => resolve(undefined)))
        if (silent.includes(peer)) return Promise.reject(new FaultError('peer-gone', 'no answer'))
        const log = logOf(machine)
        if (log.records.length === 0) return Promise.resolve(undefined)
        const certificate = log.certificate()
        return Promise.resolve({ certificate, head: certificate.head, chain, links: [] })
      },
      async *pages(_, { machine, size }, { size: first }) {
        const log = logOf(machine)
        for (let from = first; from < size; from++) {
          const records = log.records.slice(from, from + 1)
          yield await Promise.resolve({ from, records, slots: [], frontier: log.tree(from + 1).frontier() })
        }
      },
    },
    host,
    groups: [HUB, BUCKET],
    context: book.context(LIARS),
    clock,
    onFault: (_, peer) => expect(silent).toContain(peer),
    onDefect: (error) => expect(error).toBeUndefined(),
  })
  /** Time goes on until it is so. */
  const until = async (isSo: () => boolean): Promise<void> => {
    for (let turn = 0; turn < 2_000 && !isSo(); turn++) {
      clock.advance(10)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(isSo()).toBe(true)
  }
  const sizeOf = (group: GroupId): number => host.group(group)?.replica?.position ?? 0
  return { catchUp, until, sizeOf, host, clock, asked }
}

describe('a node that is behind', () => {
  it('fetches the hub though a bucket that waits for it is full, and nothing more for that one meanwhile', async () => {
    const book = new SignatureBook()
    const hub = new CertifiedLog(HUB, book)
    const bucket = new CertifiedLog(BUCKET, book).add(...Array.from({ length: 40 }, () => `wait ${LONG}`))
    const logs = new Map([
      [HUB, hub],
      [BUCKET, bucket],
    ])
    const { catchUp, until, sizeOf, host, clock } = follow(book, logs)
    await until(() => host.followed(BUCKET)?.hasRoom === false)
    const { size } = host.followed(BUCKET) as { readonly size: number }
    const later = clock.monotonicMs() + 5_000
    await until(() => clock.monotonicMs() >= later)
    expect(host.followed(BUCKET)?.size).toBe(size)
    hub.add('slot')
    await until(() => sizeOf(BUCKET) === 40)
    expect(sizeOf(HUB)).toBe(1)
    await catchUp.close()
  })

  it('asks a peer that showed much and did not answer once, and goes on with others', async () => {
    const book = new SignatureBook()
    const logs = new Map(
      [HUB, BUCKET].map((group) => [group, new CertifiedLog(group, book).add('slot', 'b')]),
    )
    const silent = VOTERS[8] as Did
    const { catchUp, until, sizeOf, asked } = follow(book, logs, { silent: [silent] })
    // The first poll is under way: both wait for the next time.
    for (const group of [HUB, BUCKET]) catchUp.behind(group, silent)
    await until(() => sizeOf(HUB) === 2 && sizeOf(BUCKET) === 2 && asked.includes(silent))
    await catchUp.close()
    expect(asked.filter((peer) => peer === silent)).toHaveLength(1)
  })

  it('asks others between two groups of which a peer that answers late showed that they are behind', async () => {
    const book = new SignatureBook()
    const logs = new Map(
      [HUB, BUCKET].map((group) => [group, new CertifiedLog(group, book).add('slot', 'b')]),
    )
    const late = VOTERS[8] as Did
    const { catchUp, until, sizeOf, asked } = follow(book, logs, { late: [late] })
    for (const group of [HUB, BUCKET]) catchUp.behind(group, late)
    await until(() => asked.filter((peer) => peer === late).length === 2)
    expect([sizeOf(HUB), sizeOf(BUCKET)]).toEqual([2, 2])
    expect(asked.slice(asked.indexOf(late), asked.lastIndexOf(late))).toContain(PEER)
    void catchUp.close()
  })

  it('asks a peer that answers late for no more groups before others had their turn', async () => {
    const book = new SignatureBook()
    const logs = new Map([HUB, BUCKET].map((group) => [group, new CertifiedLog(group, book)]))
    const late = VOTERS[8] as Did
    const { catchUp, until, asked } = follow(book, logs, { late: [late], peers: [late, PEER] })
    await until(() => asked.length > 3)
    expect(asked.slice(0, 4)).toEqual([late, PEER, PEER, late])
    void catchUp.close()
  })
})
