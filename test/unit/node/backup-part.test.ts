import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../src/adapters/crypto/node-crypto.ts'
import { openContentStore } from '../../../src/adapters/helia/open-content-store.ts'
import { isStoreGone } from '../../../src/adapters/sqlite/sqlite-disk.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import { backupPart } from '../../../src/node/daemon/backup-part.ts'
import { homePaths } from '../../../src/node/home.ts'
import { scratch } from '../../setup/canswarm.ts'

function storeOf(home: string) {
  return openContentStore({
    directory: homePaths(home).content,
    sha256: nodeCrypto.sha256,
    clock: systemClock,
  })
}

describe('a backup of a running node', () => {
  it('has the content with what is pinned of it, though the store is open', async () => {
    using place = scratch()
    const [home, copy] = [join(place.path, 'home'), join(place.path, 'copy')]
    mkdirSync(home)
    const store = await storeOf(home)
    const cid = await store.put(new TextEncoder().encode('kept'))
    await store.pin(cid, 'need/1')
    const copyIndex = (directory: string) => store.copyIndex(directory)
    await backupPart({ home, flush: () => undefined, copyIndex }).backup(copy)
    await store.close()
    const restored = await storeOf(copy)
    expect([restored.usage().contents, restored.pinsOf('need/1').map(String)]).toEqual([1, [String(cid)]])
    expect(new TextDecoder().decode(await restored.get(cid, { bytesMax: 100, timeoutMs: 100 }))).toBe('kept')
    await restored.close()
  })

  it('has of the raft store its witness alone, and nothing of the process', async () => {
    using place = scratch()
    const [home, copy] = [join(place.path, 'home'), join(place.path, 'copy')]
    mkdirSync(join(home, 'raft'), { recursive: true })
    const files = [
      'raft/turns.sqlite',
      'raft/turns.sqlite-wal',
      'raft/turns.witness',
      'lock',
      'api.token',
      'genesis.json',
    ]
    for (const name of files) writeFileSync(join(home, name), name)
    await backupPart({ home, flush: () => undefined, copyIndex: () => undefined }).backup(copy)
    expect(readdirSync(copy).toSorted()).toEqual(['blocks', 'genesis.json', 'raft'])
    expect(readdirSync(join(copy, 'raft'))).toEqual(['turns.witness'])
    expect([isStoreGone(join(home, 'raft')), isStoreGone(join(copy, 'raft'))]).toEqual([false, true])
  })

  it('is not written over what is there', async () => {
    using place = scratch()
    writeFileSync(join(place.path, 'mine'), '')
    const backups = backupPart({ home: place.path, flush: () => undefined, copyIndex: () => undefined })
    await expect(backups.backup(place.path)).rejects.toThrow(/not empty/u)
  })
})
