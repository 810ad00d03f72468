import { describe, expect, it } from 'vitest'
import { certificateToIpld } from '../../../../src/codec/certificate/certificate.ts'
import { EMPTY_FRONTIER, type Frontier } from '../../../../src/codec/certificate/frontier.ts'
import { HUB } from '../../../../src/codec/entry/item.ts'
import type { LogAnswer } from '../../../../src/codec/log-fetch/messages.ts'
import { encodeLogRecord } from '../../../../src/codec/network-log/log-record.ts'
import { startChain } from '../../../../src/core/certificate/voter-chain.ts'
import type { LogRecord } from '../../../../src/ports/network-log.ts'
import { config, hashOf, SignatureBook, VOTERS, voterSet } from '../../../setup/certificates.ts'
import { factsOf, hostRecord, itemRecord, LogPeers, logOf, PEER } from '../../../setup/log-peers.ts'

type Page = Extract<LogAnswer, { kind: 'page' }>
const BUCKET = 3

interface Fetched {
  readonly records: readonly LogRecord[]
  readonly slots: readonly number[]
  readonly frontier: Frontier
  readonly pages: number
}

/** Leaves from a frontier to a size, all of the peer's by default. */
async function fetched(
  peers: LogPeers,
  machine: number,
  frontier: Frontier = EMPTY_FRONTIER,
  wanted?: { readonly size?: number; readonly root?: Uint8Array },
): Promise<Fetched> {
  const tree = peers.treeOf(machine)
  const size = wanted?.size ?? tree.size
  const root = wanted?.root ?? tree.root(size)
  const records: LogRecord[] = []
  const slots: number[] = []
  let [at, pages] = [frontier, 0]
  for await (const page of peers.fetch.pages(PEER, { machine, size, root }, frontier)) {
    expect(page.from).toBe(at.size)
    records.push(...page.records)
    slots.push(...page.slots.map(({ n }) => n))
    at = page.frontier
    pages += 1
  }
  return { records, slots, frontier: at, pages }
}

function peersWith(machine: number, records: readonly LogRecord[]): LogPeers {
  const peers = new LogPeers()
  peers.keep(machine, records)
  return peers
}

/** The answer to a request for a page is changed. */
function lying(peers: LogPeers, change: (page: Page) => Page): LogPeers {
  peers.lie = (answer) => (answer.kind === 'page' ? change(answer) : answer)
  return peers
}

describe('a log that is fetched', () => {
  it('is the peer’s, record for record, in pages, up to the size that was asked for', async () => {
    const log = logOf(BUCKET, 2_500)
    const peers = peersWith(BUCKET, log)
    const { records, pages } = await fetched(peers, BUCKET, EMPTY_FRONTIER, { size: 2_400 })
    expect(records).toEqual(log.slice(0, 2_400))
    expect(pages).toBe(3)
    expect(peers.blames).toEqual([])
  })

  it('goes on from wherever it was left, past certificates that the peer keeps between leaves', async () => {
    const log = logOf(BUCKET, 60)
    const between = log.flatMap((record, at): LogRecord[] =>
      at % 10 === 4 ? [record, { kind: 'certificate', certificate: new Uint8Array([at]) }] : [record],
    )
    const peers = peersWith(BUCKET, between)
    for (const have of [1, 12, 59]) {
      const before = await fetched(peers, BUCKET, EMPTY_FRONTIER, { size: have })
      const { records } = await fetched(peers, BUCKET, before.frontier)
      expect(records).toEqual(log.slice(have))
    }
  })

  it('comes in small pages where items are large', async () => {
    const peers = peersWith(BUCKET, logOf(BUCKET, 20, 200_000))
    expect(await fetched(peers, BUCKET)).toMatchObject({ pages: 6 })
  })

  it('comes to its end from a peer that grants little, which refuses nothing and charges nobody', async () => {
    const rates = { perSecond: 1_000, burst: 1_000, allPerSecond: 9_000, allBurst: 9_000 }
    const peers = new LogPeers(undefined, rates)
    peers.keep(BUCKET, logOf(BUCKET, 5_000))
    const over = new AbortController()
    const asked = fetched(peers, BUCKET).finally(() => over.abort())
    while (!over.signal.aborted) {
      await new Promise((resolve) => setImmediate(resolve))
      if (peers.clock.waiting > 0) peers.clock.advance(100)
    }
    expect((await asked).records).toHaveLength(5_000)
    // Six pages: what is beyond the burst before the last of them is worked off.
    expect(peers.clock.monotonicMs()).toBeGreaterThan(3_000)
    expect(peers.blames).toEqual([])
  })

  it('is fetched of another peer when one takes too long over it: what came of it stays good', async () => {
    const peers = peersWith(BUCKET, logOf(BUCKET, 5_000))
    peers.lie = (answer) => {
      peers.clock.advance(9_900)
      return answer
    }
    const tree = peers.treeOf(BUCKET)
    const came: number[] = []
    const taken = async (): Promise<void> => {
      for await (const { from, records } of peers.fetch.pages(
        PEER,
        { machine: BUCKET, size: 5_000, root: tree.root() },
        EMPTY_FRONTIER,
      ))
        came.push(from + records.length)
    }
    await expect(taken()).rejects.toMatchObject({ code: 'peer-refused' })
    expect(came).toEqual([1_024, 2_048, 3_072, 4_096])
    expect(peers.blames).toEqual([])
  })

  it('is not given to who asks for more at once than may wait, which is charged', async () => {
    const peers = peersWith(BUCKET, logOf(BUCKET, 2_000))
    const asked = Array.from({ length: 9 }, () => fetched(peers, BUCKET))
    const ended = await Promise.allSettled(asked)
    expect(ended.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(2)
    expect(ended.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(2)
    expect(new Set(peers.blames)).toEqual(new Set([expect.stringContaining('more of logs than may wait')]))
  })

  it('of the hub comes with the facts of the slots that it made', async () => {
    const peers = peersWith(HUB, [...logOf(HUB, 9), itemRecord('refused', factsOf(9), false)])
    expect((await fetched(peers, HUB)).slots).toEqual([1, 2, 3])
  })

  it('has what the peer got since it was first asked', async () => {
    const peers = peersWith(BUCKET, logOf(BUCKET, 10))
    const first = await fetched(peers, BUCKET)
    peers.keep(BUCKET, [itemRecord('later')])
    expect((await fetched(peers, BUCKET, first.frontier)).records).toEqual([itemRecord('later')])
  })

  it('is not to be had of a peer that has less, which is not charged', async () => {
    const peers = peersWith(BUCKET, logOf(BUCKET, 10))
    const wanted = { size: 11, root: hashOf('of later') }
    await expect(fetched(peers, BUCKET, EMPTY_FRONTIER, wanted)).rejects.toMatchObject({
      code: 'peer-refused',
    })
    expect(peers.blames).toEqual([])
  })
})

describe('a peer that lies about a log is found out before anything is given out, and charged', () => {
  const page = (change: (page: Page) => Page, machine = BUCKET) =>
    lying(peersWith(machine, logOf(machine, 30)), change)
  const swap = (at: number, record: LogRecord) =>
    page((one) => ({ ...one, records: one.records.with(at, encodeLogRecord(record)) }))
  const item = logOf(BUCKET, 2)[1] as LogRecord
  const lies: readonly [string, () => LogPeers][] = [
    ['another item in its place', () => swap(1, itemRecord('mine'))],
    [
      'an item that its leaf does not name',
      () => swap(1, { ...item, item: new Uint8Array([1]) } as LogRecord),
    ],
    ['an item called one between hosts', () => swap(1, { kind: 'passed', leaf: leafOf(item) })],
    [
      'one between hosts called an item',
      () => swap(5, { kind: 'item', item: hashOf('x'), leaf: leafOf(hostRecord('answer 5')) }),
    ],
    [
      'a change of voters called one between hosts',
      () => swap(11, { kind: 'passed', leaf: leafOf(logOf(BUCKET, 12)[11]) }),
    ],
    ['a certificate as a leaf', () => swap(2, { kind: 'certificate', certificate: new Uint8Array([1]) })],
    ['a leaf left out', () => page((one) => ({ ...one, records: one.records.toSpliced(3, 1) }))],
    [
      'a leaf too many',
      () => page((one) => ({ ...one, records: [...one.records, one.records[0] as Uint8Array] })),
    ],
    [
      'two leaves in another order',
      () =>
        page((one) => ({
          ...one,
          records: [one.records[1], one.records[0], ...one.records.slice(2)] as Uint8Array[],
        })),
    ],
    [
      'bytes that are no record',
      () => page((one) => ({ ...one, records: one.records.with(0, new Uint8Array([9])) })),
    ],
    [
      'facts of another slot',
      () => page((one) => ({ ...one, slots: one.slots.with(0, one.slots[1] as never) }), HUB),
    ],
    [
      'another time of a slot',
      () =>
        page((one) => ({ ...one, slots: one.slots.map(([n, , ...rest]) => [n, 7, ...rest] as never) }), HUB),
    ],
    ['a slot without facts', () => page((one) => ({ ...one, slots: one.slots.slice(1) }), HUB)],
    [
      'facts of a slot that nobody made',
      () => page((one) => ({ ...one, slots: [...one.slots, one.slots[0] as never] }), HUB),
    ],
  ]

  it.each(lies)('%s', async (_, made) => {
    const peers = made()
    const machine = [...peers.logs.machines()][0] as number
    await expect(fetched(peers, machine)).rejects.toMatchObject({ code: 'peer-refused' })
    expect(peers.blames).toHaveLength(1)
  })

  it('also on the way to a size that was not reached yet', async () => {
    const peers = lying(peersWith(BUCKET, logOf(BUCKET, 3_000)), (one) => ({
      ...one,
      records: one.records.with(7, encodeLogRecord(itemRecord('mine'))),
    }))
    await expect(fetched(peers, BUCKET)).rejects.toMatchObject({ code: 'peer-refused' })
  })

  it('also about the root of the whole', async () => {
    const peers = peersWith(BUCKET, logOf(BUCKET, 30))
    const wanted = { root: hashOf('another') }
    await expect(fetched(peers, BUCKET, EMPTY_FRONTIER, wanted)).rejects.toMatchObject({
      code: 'peer-refused',
    })
  })
})

function leafOf(record: LogRecord | undefined): Uint8Array {
  if (record === undefined || record.kind === 'certificate') throw new Error('no leaf')
  return record.leaf
}

describe('the newest certificate of a log', () => {
  const first = config(1, [0, 1, 2, 3], [], { group: BUCKET + 1 })
  const chain = startChain(first)

  async function shown(signers: readonly number[], book = new SignatureBook(), judged = book) {
    const peers: LogPeers = new LogPeers({ newest: () => certificate, links: () => [] })
    peers.keep(BUCKET, logOf(BUCKET, 10))
    const certificate = book.certificate(peers.headOf(BUCKET), voterSet(...signers))
    const newest = () => peers.fetch.newest(PEER, BUCKET, chain, judged.context(1))
    return { peers, certificate, newest }
  }

  it('is shown with the tree that it is of, checked against the voters', async () => {
    const { peers, certificate, newest } = await shown([0, 1, 2])
    const { head } = certificate
    expect(await newest()).toEqual({ certificate, head, chain, links: [] })
    const { records } = await fetched(peers, BUCKET, EMPTY_FRONTIER, head)
    expect(records).toEqual(logOf(BUCKET, 10))
  })

  it('is not believed with too few signatures, or forged ones', async () => {
    const few = await shown([0, 1])
    await expect(few.newest()).rejects.toMatchObject({ code: 'peer-refused' })
    const forged = await shown([0, 1, 2], new SignatureBook(), new SignatureBook())
    await expect(forged.newest()).rejects.toMatchObject({ code: 'peer-refused' })
    expect(forged.peers.blames).toHaveLength(1)
  })

  it('is that of another machine’s voters: not believed', async () => {
    const { peers, certificate, newest } = await shown([0, 1, 2])
    const other = { ...certificate, head: { ...certificate.head, group: 9 as never } }
    peers.lie = () => ({ kind: 'newest', certificate: certificateToIpld(other), links: [] })
    await expect(newest()).rejects.toMatchObject({ code: 'peer-refused' })
  })

  it('is none where the peer has not all leaves of it', async () => {
    const book = new SignatureBook()
    const peers: LogPeers = new LogPeers({ newest: () => certificate, links: () => [] })
    peers.keep(BUCKET, logOf(BUCKET, 10))
    const head = peers.headOf(BUCKET)
    const certificate = book.certificate({ ...head, size: 11 as never }, voterSet(0, 1, 2))
    expect(await peers.fetch.newest(PEER, BUCKET, chain, book.context(1))).toBeUndefined()
  })

  it('cannot be had of nobody', async () => {
    const { peers } = await shown([0, 1, 2])
    const nobody = VOTERS[9] as never
    const asked = peers.fetch.newest(nobody, BUCKET, chain, new SignatureBook().context(1))
    await expect(asked).rejects.toMatchObject({ code: 'peer-unreachable' })
  })
})
