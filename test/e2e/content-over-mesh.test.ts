import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AutomergeDocuments } from '../../src/adapters/automerge/documents.ts'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import type { Libp2pMesh } from '../../src/adapters/libp2p/mesh.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import type { PlanOp } from '../../src/core/plan/operation.ts'
import { PlanBook } from '../../src/services/plan-sync/plan-book.ts'
import { PlanSync } from '../../src/services/plan-sync/plan-sync.ts'
import { ContentNodes, noiseBytes } from '../setup/content-nodes.ts'
import { addressOf, NETWORK, openMesh, until } from '../setup/meshes.ts'
import { addTask, patch, personOf, threadOf } from '../setup/plan-nodes.ts'

const THREAD = threadOf('thread')
let contents: ContentNodes
let ending: (() => Promise<unknown>)[]

beforeEach(() => {
  contents = new ContentNodes()
  ending = []
})
afterEach(async () => {
  for (const end of ending.toReversed()) await end()
})

async function meshNode(): Promise<Libp2pMesh> {
  const node = await openMesh()
  ending.push(() => node.mesh.stop())
  return node
}

/** Plan-sync as a node has it; envelopes that it lacks come from `others`, as if they had been fetched and verified. */
function planNode({ mesh }: Libp2pMesh, others: readonly (readonly PlanOp[])[]): PlanBook {
  const book = new PlanBook(nodeCrypto.sha256)
  const documents = new AutomergeDocuments({ clock: systemClock })
  const sync = PlanSync.open({
    net: NETWORK,
    mesh,
    documents,
    book,
    clock: systemClock,
    onFault: () => undefined,
    fetchEnvelopes: async (_from, _thread, ids) => {
      for (const ops of others) if (ids.includes((ops[0] as PlanOp).envelope)) book.add(ops)
    },
  })
  ending.push(async () => {
    await sync.close()
    await documents.close()
  })
  return book
}

describe('over the mesh of real nodes', () => {
  it('content is fetched from the one who is named, by its DID', async () => {
    const [a, b] = [await meshNode(), await meshNode()]
    const [storeA, storeB] = [
      await contents.open({ libp2p: a.libp2p }),
      await contents.open({ libp2p: b.libp2p }),
    ]
    ending.push(() => contents.close())
    await b.mesh.connect(addressOf(a))
    const bytes = noiseBytes(5_000_000, 1)
    const cid = await storeA.put(bytes)
    const got = await storeB.get(cid, { bytesMax: 64_000_000, from: [a.mesh.self] })
    expect(Buffer.compare(got, bytes)).toBe(0)
    expect(b.mesh.peers()[0]?.score).toBe(1)
  })

  it('plans come together when the two connect', async () => {
    const [a, b] = [await meshNode(), await meshNode()]
    const ofA = patch(THREAD, personOf('ann'), 1, [addTask('a')])
    const ofB = patch(THREAD, personOf('ben'), 1, [addTask('b')])
    const [bookA, bookB] = [planNode(a, [ofB]), planNode(b, [ofA])]
    bookA.add(ofA)
    bookB.add(ofB)
    await b.mesh.connect(addressOf(a))
    await until(() => Buffer.compare(bookA.root(), bookB.root()) === 0, 60_000)
    expect(bookA.plan(THREAD).tasks()).toEqual(['a', 'b'])
    expect(bookB.plan(THREAD).tasks()).toEqual(['a', 'b'])
  })
})
