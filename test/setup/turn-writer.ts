/**
 * A process that writes turns until it is killed: `node turn-writer.ts <directory> [last index] [late]`. It prints the index
 * of each turn once that is stable, and exits 3 when a fault ends it. `late`: it is told of every turn, as by a slow disk.
 */
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import { openSqliteDisk } from '../../src/adapters/sqlite/sqlite-disk.ts'
import { FaultError } from '../../src/model/fault.ts'
import type { SettledOutcome, TurnStore, TurnWrites } from '../../src/ports/turn-store.ts'
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

export function openAt(directory: string, slowMs?: number): TurnStore {
  const pace = slowMs === undefined ? {} : { slowMs }
  return openTurnStore(openSqliteDisk({ directory, random: seededRandom(1), ...pace }), crc32)
}

/** Commits turns one after the other, and resolves when each is stable. */
function committer(store: TurnStore, isLate: boolean): (writes: TurnWrites) => Promise<void> {
  let settled = Promise.withResolvers<SettledOutcome>()
  store.onSettled((outcome) => settled.resolve(outcome))
  return async (writes) => {
    settled = Promise.withResolvers()
    const { kind } = store.commit(writes, isLate)
    if ((kind === 'underway') !== isLate) throw new Error(`a turn is ${kind}`)
    if (!isLate) return
    const outcome = await settled.promise
    if (outcome.kind === 'failed') throw outcome.fault
  }
}

/** Index of the last entry of group 1; 0 before it is founded. */
export function lastIndex(store: TurnStore): number {
  if (store.groups().length === 0) return 0
  const [replica] = store.readGroups([group(1)])
  if (replica?.kind !== 'sound') throw new Error(JSON.stringify(replica))
  return replica.entries.at(-1)?.index ?? replica.floor.index
}

async function write(store: TurnStore, commit: ReturnType<typeof committer>, at: number): Promise<void> {
  if (at === 1) await commit({ groups: GROUPS.map(founding) })
  else {
    await commit({
      groups: GROUPS.map((id) => ({
        group: group(id),
        entries: [entry(at, 1, dataAt(id, at))],
        hardState: hard(1, undefined, at),
      })),
    })
  }
  writeSync(1, `${at}\n`)
  if (at % 10 === 0) await rest(store, commit, at)
}

/** A checkpoint of each group, the log cut behind it, and old rows deleted. */
async function rest(store: TurnStore, commit: ReturnType<typeof committer>, at: number): Promise<void> {
  const state = new Uint8Array(5_000).fill(at)
  store.stage(GROUPS.map((id) => ({ group: group(id), at: index(at), number: 0, bytes: state })))
  await commit({
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
  const [, , directory = '', last = 'Infinity', how] = process.argv
  try {
    const store = openAt(directory, how === 'late' ? 0 : undefined)
    const commit = committer(store, how === 'late')
    for (let at = lastIndex(store) + 1; at <= Number(last); at++) await write(store, commit, at)
    store.close()
  } catch (error) {
    if (!(error instanceof FaultError)) throw error
    writeSync(2, `${error.code}: ${error.message}\n`)
    process.exitCode = EXIT_FAULT
  }
}
