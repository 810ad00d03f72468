import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll } from 'vitest'
import { openSqliteDisk } from '../../src/adapters/sqlite/sqlite-disk.ts'
import type { TurnStore } from '../../src/ports/turn-store.ts'
import { openTurnStore } from '../../src/services/turn-store/turn-store.ts'
import { SimulatedDisk } from '../../src/sim/disk/simulated-disk.ts'
import { memoryDirectory } from '../setup/memory-directory.ts'
import { seededRandom } from '../setup/seeded-random.ts'
import { describeTurnStore } from './turn-store.ts'
import type { TurnStoreHome } from './turn-store-home.ts'

const PAGE_BYTES = 4_096
const root = memoryDirectory('turns')
let homes = 0
afterAll(() => rmSync(root, { recursive: true }))

describeTurnStore('simulated', simulatedHome, 150)
describeTurnStore('SQLite', sqliteHome, 12)

function simulatedHome(): TurnStoreHome {
  const disk = new SimulatedDisk(seededRandom(++homes), crc32)
  let store: TurnStore | undefined
  return {
    open: () => {
      store?.close()
      store = disk.openStore()
      return store
    },
    limitRoom: (bytes) => {
      disk.trouble.roomBytes = disk.content.usedBytes + bytes
      if (store === undefined) throw new Error('nothing is open')
      return store
    },
  }
}

function sqliteHome(): TurnStoreHome {
  const directory = join(root, String(++homes))
  let store: TurnStore | undefined
  const open = (pagesMax?: number) => {
    store?.close()
    const disk = openSqliteDisk({
      directory,
      random: seededRandom(homes),
      ...(pagesMax !== undefined && { pagesMax }),
    })
    store = openTurnStore(disk, crc32)
    return store
  }
  return {
    open,
    limitRoom: (bytes) => {
      if (bytes === Infinity) return open()
      const used = store?.room().usedBytes ?? 0
      return open(Math.ceil((used + bytes) / PAGE_BYTES))
    },
  }
}
