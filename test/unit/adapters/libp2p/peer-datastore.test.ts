import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { Key } from 'interface-datastore'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PeerDatastore } from '../../../../src/adapters/libp2p/peer-datastore.ts'
import { decodePeerFile, encodePeerFile } from '../../../../src/adapters/libp2p/peer-file.ts'
import { ManualClock } from '../../../setup/manual-clock.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'canswarm-peers-'))
})
afterEach(() => rm(folder, { recursive: true }))

const failures: unknown[] = []
const open = (clock = new ManualClock(), path: string | undefined = join(folder, 'peers')) =>
  PeerDatastore.open(path, clock, (error) => failures.push(error))

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('the peer file', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.uint8Array({ maxLength: 100 })), (record) => {
        const entries = new Map(Object.entries(record).filter(([key]) => key.isWellFormed()))
        expect(decodePeerFile(encodePeerFile(entries))).toEqual(entries)
      }),
    )
  })

  it('damaged anywhere, or cut, is no peer file', () => {
    const whole = encodePeerFile(new Map([['/peers/a', bytes('value')]]))
    for (let at = 0; at < whole.length; at += 1) {
      const damaged = whole.map((byte, index) => (index === at ? byte ^ 1 : byte))
      expect(decodePeerFile(damaged)).toBeUndefined()
      expect(decodePeerFile(whole.subarray(0, at))).toBeUndefined()
    }
  })
})

describe('the peer datastore', () => {
  it('is there again after a restart; records of the DHT are not', async () => {
    const store = await open()
    store.put(new Key('/peers/a'), bytes('one'))
    store.put(new Key('/peers/b'), bytes('two'))
    store.put(new Key('/dht/record/c'), bytes('three'))
    store.delete(new Key('/peers/b'))
    await store.close()
    const again = await open()
    expect(again.get(new Key('/peers/a'))).toEqual(bytes('one'))
    expect(again.has(new Key('/peers/b'))).toBe(false)
    expect(again.has(new Key('/dht/record/c'))).toBe(false)
    expect(() => again.get(new Key('/peers/b'))).toThrow(expect.objectContaining({ name: 'NotFoundError' }))
  })

  it('writes a second after a change, once for all changes of that second', async () => {
    const clock = new ManualClock()
    const store = await open(clock)
    store.put(new Key('/peers/a'), bytes('one'))
    clock.advance(999)
    expect(await readdir(folder)).toEqual([])
    store.put(new Key('/peers/a'), bytes('two'))
    clock.advance(1)
    await store.close()
    expect(decodePeerFile(new Uint8Array(await readFile(join(folder, 'peers'))))).toEqual(
      new Map([['/peers/a', bytes('two')]]),
    )
    expect(await readdir(folder)).toEqual(['peers'])
  })

  it('begins empty with a damaged file', async () => {
    await writeFile(join(folder, 'peers'), 'nonsense')
    const store = await open()
    expect(store.has(new Key('/peers/a'))).toBe(false)
    store.put(new Key('/peers/a'), bytes('one'))
    await store.close()
    expect((await open()).has(new Key('/peers/a'))).toBe(true)
  })

  it('tells of a disk that does not take it, and goes on', async () => {
    failures.length = 0
    const store = await open(new ManualClock(), join(folder, 'missing', 'peers'))
    store.put(new Key('/peers/a'), bytes('one'))
    await store.close()
    expect(failures).toHaveLength(1)
    expect(store.has(new Key('/peers/a'))).toBe(true)
  })

  it('keeps 4096 entries, the newest, and none above 64 KiB; the DHT takes no room from peers', async () => {
    const store = await open(new ManualClock(), undefined)
    for (let at = 0; at < 5000; at += 1) {
      store.put(new Key(`/peers/${at}`), bytes('x'))
      store.put(new Key(`/dht/${at}`), bytes('x'))
    }
    store.put(new Key('/peers/large'), new Uint8Array(65_537))
    let count = 0
    for await (const key of store.queryKeys({ prefix: '/peers/' })) {
      expect(key.toString()).not.toBe('/peers/large')
      count += 1
    }
    expect(count).toBe(4096)
    expect(store.has(new Key('/peers/4999'))).toBe(true)
    expect(store.has(new Key('/peers/0'))).toBe(false)
  })

  it('keeps 16 MiB at most', async () => {
    const store = await open(new ManualClock(), undefined)
    for (let at = 0; at < 300; at += 1) store.put(new Key(`/peers/${at}`), new Uint8Array(65_536))
    let sum = 0
    for await (const { value } of store.query({ prefix: '/peers/' })) sum += value.length
    expect(sum).toBeLessThanOrEqual(16_777_216)
    expect(sum).toBeGreaterThan(16_000_000)
    expect(store.has(new Key('/peers/299'))).toBe(true)
  })

  it('answers queries by prefix, filter, order, offset and limit; batches apply as a whole', async () => {
    const store = await open(new ManualClock(), undefined)
    const batch = store.batch()
    for (const name of ['c', 'a', 'b', 'd']) batch.put(new Key(`/x/${name}`), bytes(name))
    batch.delete(new Key('/x/d'))
    expect(store.has(new Key('/x/a'))).toBe(false)
    await batch.commit()
    const found: string[] = []
    const orders = [
      (a: { key: Key }, b: { key: Key }) => (a.key.toString() < b.key.toString() ? -1 : 1),
    ] as const
    for await (const { key } of store.query({ prefix: '/x', orders: [...orders], offset: 1, limit: 1 }))
      found.push(key.toString())
    expect(found).toEqual(['/x/b'])
  })
})
