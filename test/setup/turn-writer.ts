/**
 * A process that writes turns until it is killed: `node turn-writer.ts <directory> [last index]`. It prints the index
 * of each turn once that is stable, and exits 3 when a fault ends it.
 */
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import { openSqliteDisk } from '../../src/adapters/sqlite/sqlite-disk.ts'
import { FaultError } from '../../src/model/fault.ts'
import type { TurnStore } from '../../src/ports/turn-store.ts'
import { openTurnStore } from '../../src/services/turn-store/turn-store.ts'
import { seededRandom } from './seeded-random.ts'
import { checkpoint, entry, founding, group, hard, index } from './turn-writes.ts'

export const GROUPS = [1, 2, 3] as const
export const TURN_WRITER = fileURLToPath(import.meta.url)
export const EXIT_FAULT = 3

/** Data of an entry, by its place: up to 8 kB, so that rows and trees of pages are of all sizes. */
export function dataAt(id: number, at: number): Uint8Array {
  return new Uint8Array((at * 997 * id) % 8_192).fill(at + id)
}

export function openAt(directory: string): TurnStore {
  return openTurnStore(openSqliteDisk({ directory, random: seededRandom(1) }), crc32)
}

/** Index of the last entry of group 1; 0 before it is founded. */
export function lastIndex(store: TurnStore): number {
  if (store.groups().length === 0) return 0
  const [replica] = store.readGroups([group(1)])
  if (replica?.kind !== 'sound') throw new Error(JSON.stringify(replica))
  return replica.entries.at(-1)?.index ?? replica.floor.index
}

function write(store: TurnStore, at: number): void {
  if (at === 1) store.commit({ groups: GROUPS.map(founding) })
  else {
    store.commit({
      groups: GROUPS.map((id) => ({
        group: group(id),
        entries: [entry(at, 1, dataAt(id, at))],
        hardState: hard(1, undefined, at),
      })),
    })
  }
  writeSync(1, `${at}\n`)
  if (at % 10 === 0) rest(store, at)
}

/** A checkpoint of each group, the log cut behind it, and old rows deleted. */
function rest(store: TurnStore, at: number): void {
  const state = new Uint8Array(5_000).fill(at)
  store.stage(GROUPS.map((id) => ({ group: group(id), at: index(at), number: 0, bytes: state })))
  store.commit({
    groups: GROUPS.map((id) => ({
      group: group(id),
      checkpoint: checkpoint('own', at, 1, { chunks: 1, bytes: state.length }),
      floor: index(at - 5),
    })),
  })
  for (const id of GROUPS) {
    for (const { at: staged } of store.staged(group(id))) if (staged !== at) store.discard(group(id), staged)
  }
  store.trim({ rowsMax: 8, bytesMax: 100_000 })
}

if (process.argv[1] === TURN_WRITER) {
  flushCompileCache()
  const [, , directory = '', last = 'Infinity'] = process.argv
  try {
    const store = openAt(directory)
    for (let at = lastIndex(store) + 1; at <= Number(last); at++) write(store, at)
    store.close()
  } catch (error) {
    if (!(error instanceof FaultError)) throw error
    writeSync(2, `${error.code}: ${error.message}\n`)
    process.exitCode = EXIT_FAULT
  }
}
