import { cpSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { FaultError } from '../../model/fault.ts'
import type { BackupMaker } from '../../verbs/services.ts'
import { isWithin, writeBackup } from '../backup-files.ts'
import { homePaths } from '../home.ts'

export interface BackupPartOptions {
  readonly home: string
  /** Logs are on disk as far as they are applied. */
  readonly flush: () => void
  /** As `ContentStore.copyIndex`. */
  readonly copyIndex: (directory: string) => void
}

/** Of this process alone. */
const LEFT_OUT = new Set(['lock', 'api.sock', 'api.token', 'jobs'])

/**
 * A consistent copy of a running node's home: keys, settings, journal, logs and content, all of which grow at their end only,
 * or are written whole. Of the raft store there is but its witness: a voter that came back with an old store could promise twice
 * what it promised before (raft-host-catalogue B5).
 */
export function backupPart({ home, flush, copyIndex }: BackupPartOptions): BackupMaker {
  return {
    async backup(directory) {
      if (isWithin(directory, home))
        throw new FaultError('home-exists', `${directory} is in the home that is to be copied`)
      return writeBackup(directory, (building) => {
        const { content } = homePaths(building)
        mkdirSync(content, { recursive: true, mode: 0o700 })
        flush()
        copyIndex(content)
        for (const name of readdirSync(home).filter((one) => !LEFT_OUT.has(one)))
          copyRest(home, building, name)
      })
    },
  }
}

function copyRest(home: string, directory: string, name: string): void {
  const filter = (source: string): boolean =>
    !/\.sqlite(?:-wal|-shm)?$/u.test(source) && !source.endsWith('.part')
  cpSync(join(home, name), join(directory, name), { recursive: true, filter })
}
