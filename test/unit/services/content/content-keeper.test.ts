import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { systemClock } from '../../../../src/adapters/system/clock.ts'
import { type CID, cidOf, RAW } from '../../../../src/codec/cid.ts'
import type { FaultError } from '../../../../src/model/fault.ts'
import type { ContentStore } from '../../../../src/ports/content-store.ts'
import { ContentKeeper } from '../../../../src/services/content/content-keeper.ts'
import { KEEPING_LIMITS, type OpenNeed } from '../../../../src/services/content/wanted.ts'
import { type ContentNode, ContentNodes, connect, noiseBytes } from '../../../setup/content-nodes.ts'
import { ManualClock } from '../../../setup/manual-clock.ts'

let nodes: ContentNodes
let keepers: ContentKeeper[]

beforeEach(() => {
  nodes = new ContentNodes()
  keepers = []
})
afterEach(async () => {
  for (const keeper of keepers) await keeper.close()
  await nodes.close()
})

/** A voter with the needs that its state has open; `had` tells of content that it said it has. */
function voter(store: ContentStore, clock = new ManualClock(), limits = KEEPING_LIMITS) {
  const open: OpenNeed[] = []
  const said: string[] = []
  const faults: FaultError[] = []
  let wake = (): void => undefined
  const keeper = ContentKeeper.open({
    store,
    clock,
    openNeeds: () => open,
    onHave: (need, cid) => {
      said.push(`${need} ${cid.toString()}`)
      wake()
    },
    onFault: (fault) => void faults.push(fault),
    limits,
  })
  keepers.push(keeper)
  const had = async (count: number): Promise<readonly string[]> => {
    while (said.length < count) await new Promise<void>((done) => (wake = done))
    return said
  }
  return { keeper, open, had, faults, clock }
}

async function pair(): Promise<readonly [ContentNode, ContentNode]> {
  const [worker, node] = [await nodes.node(), await nodes.node()]
  await connect(node, worker)
  return [worker, node]
}

const named = (cid: CID, size: number | undefined) => ({ cid, size, from: [] })

describe('a voter that keeps content available', () => {
  it('fetches what a need names, pins it until the need is over, and says once that it has it', async () => {
    const [worker, node] = await pair()
    const { keeper, had } = voter(node.store)
    const bytes = noiseBytes(1_500_000, 1)
    const cid = await worker.store.put(bytes)
    const content = named(cid, bytes.length)
    await Promise.all([keeper.keep('n1', content), keeper.keep('n1', content), keeper.keep('n2', content)])
    await keeper.keep('n1', content)
    expect((await had(2)).toSorted()).toEqual([`n1 ${cid.toString()}`, `n2 ${cid.toString()}`])
    expect(node.store.ls()[0]?.owners).toEqual(['need/n1', 'need/n2'])
    keeper.over('n1')
    await keeper.close()
    expect(node.store.ls()[0]?.owners).toEqual(['need/n2'])
    await node.store.gc({ keep: 'recent', ms: 0 })
    expect(await node.store.has(cid)).toBe(true)
  })

  it('never says that it has what has another size than was said, and pins none of it', async () => {
    const [worker, node] = await pair()
    const { keeper } = voter(node.store)
    const cid = await worker.store.put(noiseBytes(1_000, 1))
    await expect(keeper.keep('n1', named(cid, 1_001))).rejects.toMatchObject({ code: 'content-malformed' })
    await expect(keeper.keep('n1', named(cid, 1_001))).rejects.toMatchObject({ code: 'content-malformed' })
    await expect(keeper.keep('n2', named(cid, 999))).rejects.toMatchObject({ code: 'content-too-large' })
    expect(node.store.owners('need/')).toEqual([])
  })

  it('comes to the same from the list of open needs alone, after a restart', async () => {
    const [worker, node] = await pair()
    const cids: CID[] = []
    for (let n = 0; n < 3; n++) cids.push(await worker.store.put(noiseBytes(2_000, n)))
    for (const [n, cid] of cids.entries()) await node.store.pin(cid, `need/n${n}`)
    await node.store.pin(cids[0] as CID, 'own')
    const { keeper, open, had } = voter(node.store)
    open.push({ need: 'n1', contents: [named(cids[1] as CID, 2_000)] })
    open.push({ need: 'n9', contents: [named(cids[2] as CID, 2_000)] })
    keeper.reconcile()
    expect((await had(2)).toSorted()).toEqual([`n1 ${String(cids[1])}`, `n9 ${String(cids[2])}`])
    await keeper.close()
    expect(node.store.owners('')).toEqual(['need/n1', 'need/n9', 'own'])
  })

  it('tries again what could not be had, later, and ends the waiting when the need is over', async () => {
    const [worker, node] = await pair()
    await worker.libp2p.stop()
    const { keeper, clock, faults } = voter(node.store)
    const bytes = noiseBytes(100, 1)
    const content = named(cidOf(bytes, nodeCrypto.sha256, RAW), 100)
    await expect(keeper.keep('n1', content)).rejects.toMatchObject({ code: 'content-not-found' })
    await expect(keeper.keep('n1', content)).rejects.toMatchObject({ code: 'content-not-found' })
    await node.store.put(bytes)
    clock.advance(1_000)
    await keeper.keep('n1', content)
    expect(node.store.owners('need/')).toEqual(['need/n1'])
    expect(faults).toEqual([])
  })

  it('a full store is cleared of what nobody pins, and the fetch succeeds then', async () => {
    const worker = await nodes.node()
    const node = await nodes.node({ quotaBytes: 100_000 })
    await connect(node, worker)
    await node.store.put(noiseBytes(90_000, 7))
    const { keeper, clock } = voter(node.store)
    const cid = await worker.store.put(noiseBytes(20_000, 1))
    await expect(keeper.keep('n1', named(cid, 20_000))).rejects.toMatchObject({ code: 'store-full' })
    clock.advance(1_000)
    await keeper.keep('n1', named(cid, 20_000))
    expect(node.store.usage()).toMatchObject({ contents: 1, pinned: 1 })
  })

  it('counts among what is waited for neither what it keeps nor what was of a need that is over', async () => {
    const [worker, node] = await pair()
    const first = named(await worker.store.put(noiseBytes(100, 0)), 100)
    const second = named(await worker.store.put(noiseBytes(100, 1)), 100)
    const { keeper } = voter(node.store, new ManualClock(), { ...KEEPING_LIMITS, waitingMax: 1 })
    await keeper.keep('n1', first)
    const missing = named(cidOf(noiseBytes(100, 9), nodeCrypto.sha256, RAW), 100)
    await worker.libp2p.stop()
    await expect(keeper.keep('n2', missing)).rejects.toMatchObject({ code: 'content-not-found' })
    await expect(keeper.keep('n3', second)).rejects.toMatchObject({ code: 'content-timed-out' })
    keeper.over('n2')
    await expect(keeper.keep('n3', second)).rejects.toMatchObject({ code: 'content-not-found' })
  })

  it('works by a real clock', async () => {
    const [worker, node] = await pair()
    const { keeper } = voter(node.store, systemClock as ManualClock)
    const cid = await worker.store.put(noiseBytes(10, 1))
    await keeper.keep('n1', named(cid, undefined))
    expect(node.store.owners('')).toEqual(['need/n1'])
  })
})
