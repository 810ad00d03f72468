import { spawn } from 'node:child_process'
import { createCipheriv } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { type CID, cidOf, parseContentCid, RAW } from '../../../../src/codec/cid.ts'
import type { ContentStore } from '../../../../src/ports/content-store.ts'
import { blockPaths, ContentNodes, damage, noiseBytes } from '../../../setup/content-nodes.ts'
import { ManualClock } from '../../../setup/manual-clock.ts'
import { mountSmallDisk } from '../../../setup/small-disk.ts'

const MIB = 1_048_576
const ALL = { bytesMax: 64 * MIB }
const HOUR_MS = 3_600_000
let nodes: ContentNodes

beforeEach(() => {
  nodes = new ContentNodes()
})
afterEach(() => nodes.close())

/** The bytes of the published fixtures of kubo's CID profiles: ChaCha20 under the hash of a seed. */
function fixtureBytes(length: number, seed: string): Uint8Array {
  const cipher = createCipheriv('chacha20', nodeCrypto.sha256(Buffer.from(seed)), Buffer.alloc(16))
  return new Uint8Array(cipher.update(Buffer.alloc(length)))
}

const cidsIn = (store: ContentStore): readonly string[] => store.ls().map(({ cid }) => cid.toString())

describe('content in a directory', () => {
  it('has the CIDs that kubo gives it (profile unixfs-v1-2025 of IPIP-0499)', async () => {
    const store = await nodes.open()
    const cidFor = async (bytes: Uint8Array): Promise<string> => (await store.put(bytes)).toString()
    expect(await cidFor(Buffer.from('hello world'))).toBe(
      'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e',
    )
    expect(await cidFor(fixtureBytes(MIB, 'chunk-v1-seed'))).toBe(
      'bafkreiacndfy443ter6qr2tmbbdhadvxxheowwf75s6zehscklu6ezxmta',
    )
    expect(await cidFor(fixtureBytes(MIB + 1, 'chunk-v1-seed'))).toBe(
      'bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64',
    )
    expect((await store.putDagCbor(Uint8Array.of(0xa0))).toString()).toBe(
      'bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua',
    )
  })

  it('is there again after a restart, with its pins and its figures', async () => {
    const directory = nodes.folder()
    const store = await nodes.open({ directory })
    const bytes = noiseBytes(3 * MIB, 1)
    const cid = await store.put(bytes)
    await store.pin(cid, 'need/a')
    const usage = store.usage()
    await store.close()
    const again = await nodes.open({ directory })
    expect(Buffer.compare(await again.get(cid, ALL), bytes)).toBe(0)
    expect(again.usage()).toEqual(usage)
    expect(again.ls()).toMatchObject([{ size: bytes.length, owners: ['need/a'] }])
    expect([again.owners('need/'), again.owners('o')]).toEqual([['need/a'], []])
    expect(again.pinsOf('need/a').map(String)).toEqual([cid.toString()])
  })

  it('belongs to one process at a time', async () => {
    const directory = nodes.folder()
    await nodes.open({ directory })
    const half = join(directory, 'parts', 'being-written')
    writeFileSync(half, '')
    await expect(nodes.open({ directory })).rejects.toMatchObject({ code: 'store-locked' })
    expect(readdirSync(join(directory, 'parts'))).toEqual(['being-written'])
  })

  it('is not found without a network, and a damaged block of it is dropped', async () => {
    const directory = nodes.folder()
    const store = await nodes.open({ directory })
    const cid = await store.put(noiseBytes(2 * MIB, 2))
    const first = await store.put(noiseBytes(100, 3))
    damage(directory, first)
    await expect(store.get(first, ALL)).rejects.toMatchObject({ code: 'content-not-found' })
    damage(directory, cidOf(noiseBytes(2 * MIB, 2).subarray(MIB), nodeCrypto.sha256, RAW))
    const found = await store.verify()
    expect(found.damaged).toHaveLength(1)
    expect(found.incomplete.map(String).sort()).toEqual([cid, first].map(String).sort())
    expect([await store.has(cid), await store.has(first)]).toEqual([false, false])
  })

  it('is listed in pages, by CID', async () => {
    const store = await nodes.open()
    for (let n = 0; n < 5; n++) await store.put(noiseBytes(10, n))
    const [first, second] = store.ls({ limit: 2 })
    expect([String(first?.cid), String(second?.cid)]).toEqual(cidsIn(store).slice(0, 2))
    const after = parseContentCid(String(second?.cid))
    expect(after.ok && store.ls({ limit: 9, after: after.value })).toHaveLength(3)
  })

  it('over the quota nothing is written, what is there stays and can be read', async () => {
    const directory = nodes.folder()
    const store = await nodes.open({ directory, quotaBytes: 3 * MIB })
    const kept = await store.put(noiseBytes(2 * MIB, 1))
    const before = blockPaths(directory)
    await expect(store.put(noiseBytes(2 * MIB, 2))).rejects.toMatchObject({ code: 'store-full' })
    await expect(store.put(noiseBytes(MIB, 3))).rejects.toMatchObject({ code: 'store-full' })
    expect(blockPaths(directory)).toEqual(before)
    expect(await store.get(kept, ALL)).toHaveLength(2 * MIB)
    expect(String(await store.put(noiseBytes(2 * MIB, 1)))).toBe(String(kept))
    await store.gc({ keep: 'recent', ms: 0 })
    expect(await store.put(noiseBytes(2 * MIB, 2))).toBeDefined()
  })

  it('of two that together are too much one is refused, however they run', async () => {
    const store = await nodes.open({ quotaBytes: 1.5 * MIB })
    const outcomes = await Promise.allSettled([store.put(noiseBytes(MIB, 1)), store.put(noiseBytes(MIB, 2))])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(store.usage().bytes).toBe(MIB)
  })

  it('the reserve of the disk is left to others', async () => {
    const store = await nodes.open({ reserveBytes: Number.MAX_SAFE_INTEGER })
    await expect(store.put(noiseBytes(10, 1))).rejects.toMatchObject({ code: 'store-full' })
  })

  it('a disk that is full refuses with a fault, loses nothing, and takes more when there is room', async () => {
    const directory = nodes.folder()
    const unmount = mountSmallDisk(directory, 6 * MIB)
    if (unmount === undefined) return
    try {
      const store = await nodes.open({ directory: join(directory, 'blocks') })
      const kept = await store.put(noiseBytes(2 * MIB, 1))
      writeFileSync(join(directory, 'other'), Buffer.alloc(3 * MIB))
      await expect(store.put(noiseBytes(MIB, 2))).rejects.toMatchObject({ code: 'store-full' })
      expect(await store.get(kept, ALL)).toHaveLength(2 * MIB)
      writeFileSync(join(directory, 'other'), '')
      expect(await store.put(noiseBytes(MIB, 2))).toBeDefined()
      await store.close()
    } finally {
      unmount()
    }
  })
})

describe('collecting', () => {
  it('never removes what has a pin, whoever else let go, and removes the rest after its retention', async () => {
    const clock = new ManualClock()
    const store = await nodes.open({ clock, retention: { keep: 'recent', ms: HOUR_MS } })
    const [file, other, lone] = [noiseBytes(2 * MIB + 1, 1), noiseBytes(10, 2), noiseBytes(10, 3)]
    const cid = await store.put(file)
    await store.pin(cid, 'need/a')
    await store.pin(cid, 'need/b')
    await store.pin(await store.put(other), 'need/a')
    await store.put(lone)
    clock.advance(2 * HOUR_MS)
    expect(await store.gc()).toEqual({ contents: 1, blocks: 1, bytes: 10 })
    await store.unpin('need/a')
    expect(await store.gc({ keep: 'recent', ms: 0 })).toEqual({ contents: 1, blocks: 1, bytes: 10 })
    expect(Buffer.compare(await store.get(cid, ALL), file)).toBe(0)
    await store.unpin('need/b', cid)
    expect(await store.gc()).toEqual({ contents: 0, blocks: 0, bytes: 0 })
    clock.advance(HOUR_MS)
    expect(await store.gc()).toMatchObject({ contents: 1, blocks: 4 })
    expect(store.usage()).toMatchObject({ bytes: 0, blocks: 0, contents: 0 })
  })

  it('by size keeps the youngest; keeping all keeps all', async () => {
    const clock = new ManualClock()
    const store = await nodes.open({ clock })
    const cids: string[] = []
    for (let n = 0; n < 4; n++) {
      cids.push(String(await store.put(noiseBytes(1_000, n))))
      clock.advance(1)
    }
    expect(await store.gc({ keep: 'all' })).toMatchObject({ contents: 0 })
    expect(await store.gc({ keep: 'size', bytesMax: 2_500 })).toEqual({
      contents: 2,
      blocks: 2,
      bytes: 2_000,
    })
    expect(cidsIn(store)).toEqual(cids.slice(2).sort())
  })

  it('keeps a block that another content still has', async () => {
    const store = await nodes.open()
    const file = noiseBytes(2 * MIB, 1)
    const whole = await store.put(file)
    await store.put(file.subarray(0, MIB))
    await store.pin(whole, 'need/a')
    await store.gc({ keep: 'recent', ms: 0 })
    expect(await store.has(whole)).toBe(true)
  })

  it('a pin for what is not here yet keeps it once it is', async () => {
    const store = await nodes.open()
    const bytes = noiseBytes(1_000, 1)
    await store.pin(cidOf(bytes, nodeCrypto.sha256, RAW), 'need/a')
    const cid = await store.put(bytes)
    await store.gc({ keep: 'recent', ms: 0 })
    expect(await store.has(cid)).toBe(true)
  })

  it('loses nothing of what is put meanwhile', async () => {
    const store = await nodes.open()
    const kept: CID[] = []
    for (let n = 0; n < 6; n++) {
      const bytes = noiseBytes(MIB + 1 + n, n)
      const putting = store.put(bytes)
      const collecting = store.gc({ keep: 'size', bytesMax: 1e9 })
      kept.push(await putting)
      await collecting
    }
    for (const cid of kept) expect(await store.has(cid)).toBe(true)
  })

  it('removes blocks that nothing leads to', async () => {
    const directory = nodes.folder()
    const store = await nodes.open({ directory })
    const file = noiseBytes(2 * MIB, 1)
    await store.put(file)
    await store.close()
    const again = await nodes.open({ directory })
    const lost = parseContentCid(cidsIn(again)[0] ?? '')
    if (lost.ok) damage(directory, lost.value)
    await again.verify()
    expect(await again.gc({ keep: 'all' })).toMatchObject({ contents: 0, blocks: 2 })
  })
})

describe('a process that is killed while it puts', () => {
  it('leaves no half block, and all that was acknowledged', async () => {
    const directory = nodes.folder()
    const writer = fileURLToPath(new URL('../../../setup/content-writer.ts', import.meta.url))
    for (const cutAt of [1, 5, 9]) {
      const child = spawn(process.execPath, [writer, directory, String(cutAt)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const parts: string[] = []
      child.stdout.on('data', (part) => void parts.push(String(part)))
      const [, signal] = (await once(child, 'close')) as [null, string]
      expect(signal).toBe('SIGKILL')
      const lines = parts.join('').split('\n').filter(Boolean)
      expect(lines.length > 0).toBe(cutAt > 1)
      const store = await nodes.open({ directory })
      for (const line of lines) {
        const cid = parseContentCid(line)
        if (cid.ok) await store.get(cid.value, ALL)
      }
      expect((await store.verify()).damaged).toEqual([])
      for (const path of blockPaths(directory)) {
        const name = Buffer.from(nodeCrypto.sha256(readFileSync(path))).toString('hex')
        expect(path.endsWith(name)).toBe(true)
      }
      expect(readdirSync(join(directory, 'parts'))).toEqual([])
      await store.close()
    }
  })
})
