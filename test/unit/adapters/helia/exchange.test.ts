import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { concatBytes } from '../../../../src/codec/bytes.ts'
import { type CID, cidOf, RAW } from '../../../../src/codec/cid.ts'
import { didOfKey } from '../../../../src/codec/did/did-key.ts'
import { keyOfPeerId } from '../../../../src/codec/did/peer-id.ts'
import { varintOf } from '../../../../src/codec/varint.ts'
import type { Did, PublicKey } from '../../../../src/model/ids.ts'
import {
  blockPaths,
  type ContentNode,
  ContentNodes,
  connect,
  damage,
  noiseBytes,
} from '../../../setup/content-nodes.ts'

const MIB = 1_048_576
const ALL = { bytesMax: 64 * MIB }
let nodes: ContentNodes

beforeEach(() => {
  nodes = new ContentNodes()
})
afterEach(() => nodes.close())

const cidOfRaw = (bytes: Uint8Array): CID => cidOf(bytes, nodeCrypto.sha256, RAW)

function didOf({ libp2p }: ContentNode): Did {
  const key = keyOfPeerId(libp2p.peerId.toString())
  if (!key.ok) throw new Error('a node has an Ed25519 key')
  return didOfKey(key.value as PublicKey)
}

/** Field 1 of a protobuf message, of bytes. */
const field = (bytes: Uint8Array): Uint8Array => concatBytes(Uint8Array.of(10), varintOf(bytes.length), bytes)

describe('content between nodes', () => {
  it('is put here and got there by bitswap, one block or a file of many, and kept there', async () => {
    const [here, there] = [await nodes.node(), await nodes.node()]
    await connect(there, here)
    for (const bytes of [new Uint8Array(0), noiseBytes(MIB, 1), noiseBytes(9 * MIB + 17, 2)]) {
      const cid = await here.store.put(bytes)
      expect(Buffer.compare(await there.store.get(cid, ALL), bytes)).toBe(0)
      expect(await there.store.has(cid)).toBe(true)
    }
    expect(there.store.usage()).toMatchObject({ contents: 3, blocks: here.store.usage().blocks })
    await there.libp2p.stop()
    const [kept] = there.store.ls()
    expect(await there.store.get(kept?.cid as CID, ALL)).toHaveLength(kept?.size ?? -1)
  })

  it('a damaged block is found when it is read, dropped, and fetched again', async () => {
    const [here, there] = [await nodes.node(), await nodes.node()]
    await connect(there, here)
    const bytes = noiseBytes(3 * MIB, 3)
    const cid = await here.store.put(bytes)
    expect(await there.store.fetch(cid, ALL)).toBe(bytes.length)
    const leaf = cidOfRaw(bytes.subarray(MIB, 2 * MIB))
    damage(there.directory, leaf)
    expect(Buffer.compare(await there.store.get(cid, ALL), bytes)).toBe(0)
    expect(there.store.usage().damaged).toBe(1)
    expect(await there.store.verify()).toMatchObject({ blocks: 4, damaged: [], incomplete: [] })
  })

  it('a peer that wants more than its rate is disconnected; others are given what they want', async () => {
    const [here, there, wild] = [await nodes.node(), await nodes.node(), await nodes.node()]
    const bytes = noiseBytes(5_000, 5)
    const cid = await here.store.put(bytes)
    await connect(there, here)
    const wants = async (count: number): Promise<void> => {
      const connection = await wild.libp2p.dial(here.libp2p.getMultiaddrs())
      const entry = field(field(cidOfRaw(noiseBytes(9, count)).bytes))
      const stream = await connection.newStream('/ipfs/bitswap/1.2.0')
      const entries = concatBytes(...Array.from({ length: count }, () => entry))
      stream.send(concatBytes(varintOf(field(entries).length), field(entries)))
    }
    const isConnected = (): boolean => here.libp2p.getConnections(wild.libp2p.peerId).length > 0
    await wants(10_000)
    expect(Buffer.compare(await there.store.get(cid, ALL), bytes)).toBe(0)
    expect(isConnected()).toBe(true)
    await wants(17_000)
    for (let turn = 0; turn < 500 && isConnected(); turn++)
      await new Promise((resolve) => setTimeout(resolve, 20))
    expect(isConnected()).toBe(false)
    const more = await here.store.put(noiseBytes(5_000, 6))
    expect(await there.store.get(more, ALL)).toHaveLength(5_000)
  })

  it('a damaged block is given to nobody', async () => {
    const [here, there] = [await nodes.node(), await nodes.node()]
    await connect(there, here)
    const cid = await here.store.put(noiseBytes(5_000, 4))
    damage(here.directory, cid)
    await expect(there.store.get(cid, { ...ALL, timeoutMs: 300 })).rejects.toMatchObject({
      code: 'content-timed-out',
    })
    expect(here.store.usage()).toMatchObject({ damaged: 1, blocks: 0 })
  })

  it('what nobody has is timed out; with nobody to ask it is not found at once', async () => {
    const [here, there] = [await nodes.node(), await nodes.node()]
    const cid = cidOfRaw(noiseBytes(10, 5))
    await expect(there.store.get(cid, ALL)).rejects.toMatchObject({ code: 'content-not-found' })
    await connect(there, here)
    await expect(there.store.get(cid, { ...ALL, timeoutMs: 200 })).rejects.toMatchObject({
      code: 'content-timed-out',
    })
    const stop = new AbortController()
    const asked = there.store.get(cid, { ...ALL, signal: stop.signal })
    stop.abort(new Error('no more'))
    await expect(asked).rejects.toThrow('no more')
  })

  it('what somebody gets later reaches who waits for it', async () => {
    const [here, there] = [await nodes.node(), await nodes.node()]
    await connect(there, here)
    const bytes = noiseBytes(2 * MIB, 6)
    const only = await nodes.open()
    const asked = there.store.get(await only.put(bytes), ALL)
    await here.store.put(bytes)
    expect(Buffer.compare(await asked, bytes)).toBe(0)
  })

  it('is refused over the size that the caller allows, a file after its first block', async () => {
    const [here, there] = [await nodes.node(), await nodes.node()]
    await connect(there, here)
    const cid = await here.store.put(noiseBytes(64 * MIB + 1, 7))
    await expect(there.store.get(cid, ALL)).rejects.toMatchObject({ code: 'content-too-large' })
    expect(there.store.usage()).toMatchObject({ blocks: 1, contents: 0 })
    const block = await here.store.put(noiseBytes(100, 8))
    await expect(there.store.get(block, { bytesMax: 99 })).rejects.toMatchObject({
      code: 'content-too-large',
    })
    await there.store.gc()
    expect(there.store.usage()).toMatchObject({ blocks: 0, bytes: 0 })
  })

  it('what came of an attempt that ran out of time stays as long as there is a pin', async () => {
    const [here, there] = [await nodes.node(), await nodes.node()]
    await connect(there, here)
    const bytes = noiseBytes(3 * MIB, 12)
    const cid = await here.store.put(bytes)
    damage(here.directory, cidOfRaw(bytes.subarray(2 * MIB)))
    await there.store.pin(cid, 'need/a')
    await expect(there.store.fetch(cid, { ...ALL, timeoutMs: 1_500 })).rejects.toMatchObject({
      code: 'content-timed-out',
    })
    await there.store.gc({ keep: 'recent', ms: 0 })
    expect(there.store.usage().blocks).toBeGreaterThan(0)
    await there.store.unpin('need/a')
    // A block that arrived as the time ran out may still be on its way to the disk.
    const left = async (): Promise<number> => {
      await there.store.gc({ keep: 'recent', ms: 0 })
      return there.store.usage().blocks
    }
    await expect.poll(left, { timeout: 10_000 }).toBe(0)
  })

  it('a peer that is named is dialled and asked, whoever else is connected', async () => {
    const [has, hasNot, asks] = [await nodes.node(), await nodes.node(), await nodes.node()]
    await connect(asks, hasNot)
    await asks.libp2p.peerStore.merge(has.libp2p.peerId, { multiaddrs: has.libp2p.getMultiaddrs() })
    const bytes = noiseBytes(1_000, 9)
    const cid = await has.store.put(bytes)
    expect(await asks.store.get(cid, { ...ALL, from: [didOf(has)] })).toEqual(bytes)
    expect(blockPaths(hasNot.directory)).toHaveLength(0)
  })

  it('a full store fetches nothing more, and reads what it has', async () => {
    const [here, there] = [await nodes.node(), await nodes.node({ quotaBytes: 3 * MIB })]
    await connect(there, here)
    const small = await here.store.put(noiseBytes(MIB, 10))
    const large = await here.store.put(noiseBytes(5 * MIB, 11))
    await there.store.get(small, ALL)
    await expect(there.store.get(large, ALL)).rejects.toMatchObject({ code: 'store-full' })
    expect(there.store.usage().blocks).toBe(2)
    expect(await there.store.get(small, ALL)).toHaveLength(MIB)
  })
})
