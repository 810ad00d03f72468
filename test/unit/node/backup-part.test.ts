import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../src/adapters/crypto/node-crypto.ts'
import { openContentStore } from '../../../src/adapters/helia/open-content-store.ts'
import { isStoreGone } from '../../../src/adapters/sqlite/sqlite-disk.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import { backupFlaw, restoreFiles } from '../../../src/node/backup-files.ts'
import { backupPart } from '../../../src/node/daemon/backup-part.ts'
import { homePaths } from '../../../src/node/home.ts'
import type { ContentStore } from '../../../src/ports/content-store.ts'
import { scratch } from '../../setup/canswarm.ts'

function storeOf(home: string) {
  return openContentStore({
    directory: homePaths(home).content,
    sha256: nodeCrypto.sha256,
    clock: systemClock,
  })
}

/** A content store without content. */
function contentOf(copied: () => void): Pick<ContentStore, 'whileCopied'> {
  return {
    async whileCopied(_, copy) {
      copied()
      await copy(Promise.resolve())
    },
  }
}

/** Empty for what was closed meanwhile. */
function readlinkOr(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

const NOTHING = contentOf(() => undefined)
const MEBIBYTE = 1_048_576

describe('a backup of a running node', () => {
  it('is of one moment, whatever is added, replaced and taken away while it is written', async () => {
    using place = scratch()
    const [home, copy] = [join(place.path, 'home'), join(place.path, 'copy')]
    const [log, ledger, state, key] = ['record/hub.log', 'ledger.jsonl', 'followed/1.state', 'key'].map(
      (name) => join(home, name),
    ) as [string, string, string, string]
    for (const folder of ['record', 'followed', 'blocks/ab'])
      mkdirSync(join(home, folder), { recursive: true })
    for (const path of [log, ledger, state]) writeFileSync(path, 'a'.repeat(MEBIBYTE))
    writeFileSync(key, 'old')
    const written = backupPart({
      home,
      flush: () => appendFileSync(log, 'flushed'),
      content: NOTHING,
    }).backup(copy)
    for (const path of [log, ledger]) appendFileSync(path, 'b'.repeat(MEBIBYTE))
    renameSync(ledger, `${ledger}.1`)
    writeFileSync(ledger, 'c')
    for (const path of [state, key]) {
      writeFileSync(`${path}.part`, 'new')
      renameSync(`${path}.part`, path)
    }
    await written
    const before = 'a'.repeat(MEBIBYTE)
    expect(readFileSync(join(copy, 'record/hub.log'), 'utf8')).toBe(`${before}flushed`)
    expect(readFileSync(join(copy, 'ledger.jsonl'), 'utf8')).toBe(before)
    expect(readFileSync(join(copy, 'followed/1.state'), 'utf8')).toBe(before)
    expect(readFileSync(join(copy, 'key'), 'utf8')).toBe('old')
    expect(readdirSync(copy).toSorted()).toEqual([
      'backup.json',
      'blocks',
      'followed',
      'key',
      'ledger.jsonl',
      'record',
    ])
    expect(backupFlaw(copy)).toBeUndefined()
  })

  it('has what lies on another disk, by a link', async () => {
    using place = scratch()
    const [home, disk] = [join(place.path, 'home'), join(place.path, 'disk')]
    for (const folder of [join(home, 'blocks'), disk]) mkdirSync(folder, { recursive: true })
    writeFileSync(join(disk, '1'), 'a')
    writeFileSync(join(disk, '2'), 'a'.repeat(MEBIBYTE))
    symlinkSync(disk, join(home, 'journal'))
    const copy = join(place.path, 'copy')
    await backupPart({ home, flush: () => undefined, content: NOTHING }).backup(copy)
    expect(readdirSync(join(copy, 'journal'))).toEqual(['1', '2'])
    expect(readFileSync(join(copy, 'journal/2')).length).toBe(MEBIBYTE)
  })

  it.skipIf(!existsSync('/proc/self/fd'))('keeps nothing open where a file cannot be copied', async () => {
    using place = scratch()
    const home = join(place.path, 'home')
    mkdirSync(join(home, 'blocks'), { recursive: true })
    writeFileSync(join(home, 'a.log'), 'a'.repeat(MEBIBYTE))
    writeFileSync(join(home, 'b'), 'b')
    // Something else is where the small file is to be.
    const flush = (): void => {
      const building = readdirSync(place.path).find((name) => name.startsWith('copy.half-')) ?? ''
      mkdirSync(join(place.path, building, 'b'))
    }
    const opened = () =>
      readdirSync('/proc/self/fd').filter((fd) => {
        const to = readlinkOr(join('/proc/self/fd', fd))
        return to.startsWith(home)
      })
    const written = backupPart({ home, flush, content: NOTHING }).backup(join(place.path, 'copy'))
    await expect(written).rejects.toMatchObject({ code: 'store-io' })
    expect(opened()).toEqual([])
  })

  it('leaves nothing behind where whoever asked for it is gone', async () => {
    using place = scratch()
    const [home, copy] = [join(place.path, 'home'), join(place.path, 'copy')]
    mkdirSync(join(home, 'blocks'), { recursive: true })
    for (const name of ['a.log', 'b.log']) writeFileSync(join(home, name), 'a'.repeat(8 * MEBIBYTE))
    const ending = new AbortController()
    const backups = backupPart({ home, flush: () => undefined, content: NOTHING })
    const written = backups.backup(copy, ending.signal)
    ending.abort()
    await expect(written).rejects.toThrow(/backup/u)
    expect(readdirSync(place.path)).toEqual(['home'])
    await backups.backup(copy)
    expect(backupFlaw(copy)).toBeUndefined()
  })

  it('has all blocks of its index: none is removed until it is written', async () => {
    using place = scratch()
    const [home, copy] = [join(place.path, 'home'), join(place.path, 'copy')]
    mkdirSync(home)
    const store = await storeOf(home)
    const cids = []
    for (let n = 0; n < 20; n++) cids.push(await store.put(new TextEncoder().encode(`content ${n}`)))
    const written = backupPart({ home, flush: () => undefined, content: store }).backup(copy)
    const collected = store.gc({ keep: 'recent', ms: 0 })
    await written
    expect((await collected).contents).toBe(20)
    await store.close()
    const restored = await storeOf(copy)
    expect(await restored.verify()).toEqual({ blocks: 20, damaged: [], incomplete: [] })
    expect(await Promise.all(cids.map((cid) => restored.has(cid)))).not.toContain(false)
    await restored.close()
  })

  it('has the content with what is pinned of it, though the store is open', async () => {
    using place = scratch()
    const [home, copy] = [join(place.path, 'home'), join(place.path, 'copy')]
    mkdirSync(home)
    const store = await storeOf(home)
    const cid = await store.put(new TextEncoder().encode('kept'))
    await store.pin(cid, 'need/1')
    await backupPart({ home, flush: () => undefined, content: store }).backup(copy)
    await store.close()
    const restored = await storeOf(copy)
    expect([restored.usage().contents, restored.pinsOf('need/1').map(String)]).toEqual([1, [String(cid)]])
    expect(new TextDecoder().decode(await restored.get(cid, { bytesMax: 100, timeoutMs: 100 }))).toBe('kept')
    await restored.close()
  })

  it('has of the raft store its witness alone, and nothing of the process', async () => {
    using place = scratch()
    const [home, copy] = [join(place.path, 'home'), join(place.path, 'copy')]
    for (const folder of ['blocks', 'raft']) mkdirSync(join(home, folder), { recursive: true })
    const files = [
      'raft/turns.sqlite',
      'raft/turns.sqlite-wal',
      'raft/turns.witness',
      'lock',
      'api.token',
      'genesis.json',
    ]
    for (const name of files) writeFileSync(join(home, name), name)
    await backupPart({ home, flush: () => undefined, content: NOTHING }).backup(copy)
    expect(readdirSync(copy).toSorted()).toEqual(['backup.json', 'blocks', 'genesis.json', 'raft'])
    expect(readdirSync(join(copy, 'raft'))).toEqual(['turns.witness'])
    expect([isStoreGone(join(home, 'raft')), isStoreGone(join(copy, 'raft'))]).toEqual([false, true])
  })

  it('is not written over what is there, nor into the home itself', async () => {
    using place = scratch()
    const [home, taken] = [join(place.path, 'home'), join(place.path, 'taken')]
    for (const one of [home, taken]) mkdirSync(one)
    writeFileSync(join(taken, 'mine'), '')
    const backups = backupPart({ home, flush: () => undefined, content: NOTHING })
    await expect(backups.backup(taken)).rejects.toThrow(/not empty/u)
    await expect(backups.backup(join(home, 'copy'))).rejects.toThrow(/in the home/u)
    expect(readdirSync(taken)).toEqual(['mine'])
  })

  it('that cannot be written is a fault of the outside, and nothing of it is left', async () => {
    using place = scratch()
    const home = join(place.path, 'home')
    mkdirSync(home)
    const content = contentOf(() => {
      throw Object.assign(new Error('no room'), { code: 'ENOSPC' })
    })
    const full = backupPart({ home, flush: () => undefined, content })
    await expect(full.backup(join(place.path, 'copy'))).rejects.toMatchObject({ code: 'store-full' })
    writeFileSync(join(place.path, 'file'), '')
    const backups = backupPart({ home, flush: () => undefined, content: NOTHING })
    const unfit = [join(place.path, 'file'), join(place.path, 'file/below'), '/proc/none/below']
    for (const path of unfit) await expect(backups.backup(path)).rejects.toMatchObject({ code: 'store-io' })
    expect(readdirSync(place.path).toSorted()).toEqual(['file', 'home'])
  })

  it('takes nothing away that is not its own, beside its place or put there meanwhile', async () => {
    using place = scratch()
    const [home, copy] = [join(place.path, 'home'), join(place.path, 'copy')]
    for (const one of [home, `${copy}.partial`, `${copy}.half-1`]) mkdirSync(one)
    const content = contentOf(() => {
      mkdirSync(copy)
      writeFileSync(join(copy, 'mine'), '')
    })
    const backups = backupPart({ home, flush: () => undefined, content })
    await expect(backups.backup(copy)).rejects.toMatchObject({ code: 'store-io' })
    expect(readdirSync(place.path).toSorted()).toEqual(['copy', 'copy.half-1', 'copy.partial', 'home'])
    expect(readdirSync(copy)).toEqual(['mine'])
  })

  it('is whole or is not restored: every file is there, as long as it was', async () => {
    using place = scratch()
    const [home, copy, back] = ['home', 'copy', 'back'].map((name) => join(place.path, name)) as [
      string,
      string,
      string,
    ]
    for (const folder of ['blocks', 'journal']) mkdirSync(join(home, folder), { recursive: true })
    for (const name of ['genesis.json', 'journal/1', 'journal/2']) writeFileSync(join(home, name), name)
    expect(backupFlaw(home)).toContain('backup.json')
    await backupPart({ home, flush: () => undefined, content: NOTHING }).backup(copy)
    expect(backupFlaw(copy)).toBeUndefined()
    await restoreFiles(copy, back, ['genesis.json'])
    expect(readdirSync(back).toSorted()).toEqual(['blocks', 'journal'])
    expect(readdirSync(place.path).toSorted()).toEqual(['back', 'copy', 'home'])
    writeFileSync(join(copy, 'journal/2'), 'half')
    expect(backupFlaw(copy)).toContain('journal/2')
    rmSync(join(copy, 'journal/1'))
    expect(backupFlaw(copy)).toContain('1 more')
    writeFileSync(join(copy, 'backup.json'), '{')
    expect(backupFlaw(copy)).toContain('cannot be read')
  })
})
