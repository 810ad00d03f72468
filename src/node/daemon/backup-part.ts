import { cpSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { backupDatabase } from '../../adapters/sqlite/backup.ts'
import { FaultError } from '../../model/fault.ts'
import type { BackupMaker } from '../../verbs/services.ts'

/** Databases that are copied by SQLite itself, which alone knows what is consistent. */
const DATABASES = ['blocks']
/**
 * Of this process alone; and the raft store: a voter that came back with an old one could promise twice what it promised
 * before (raft-host-catalogue B5).
 */
const LEFT_OUT = new Set(['lock', 'api.sock', 'api.token', 'jobs', 'raft'])

/**
 * A consistent copy of a running node's home, but for its raft store: keys, settings, journal, logs and content. All of
 * these grow at their end only, or are written whole.
 */
export function backupPart(home: string, flush: () => void): BackupMaker {
  return {
    async backup(directory) {
      refuseOccupied(directory)
      mkdirSync(directory, { recursive: true, mode: 0o700 })
      flush()
      for (const name of DATABASES) await copyDatabases(join(home, name), join(directory, name))
      flush()
      for (const name of readdirSync(home).filter((one) => !LEFT_OUT.has(one)))
        copyRest(home, directory, name)
      return sizeOf(directory)
    },
  }
}

function refuseOccupied(directory: string): void {
  if (existsSync(directory) && readdirSync(directory).length > 0) {
    throw new FaultError('home-exists', `${directory} is there already, and not empty`)
  }
}

async function copyDatabases(from: string, to: string): Promise<void> {
  if (!existsSync(from)) return
  mkdirSync(to, { recursive: true, mode: 0o700 })
  for (const name of readdirSync(from).filter(isDatabase))
    await backupDatabase(join(from, name), join(to, name))
}

function copyRest(home: string, directory: string, name: string): void {
  const filter = (source: string): boolean =>
    !isDatabase(source) && !/-(?:wal|shm)$/u.test(source) && !source.endsWith('.part')
  cpSync(join(home, name), join(directory, name), { recursive: true, filter })
}

function isDatabase(name: string): boolean {
  return /\.(?:db|sqlite)$/u.test(name)
}

function sizeOf(directory: string): { files: number; bytes: number } {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
  return { files: files.length, bytes }
}
