import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { FaultError } from '../../model/fault.ts'
import { homePaths } from '../../node/home.ts'
import { requireGenesis } from '../../node/network.ts'
import { defineCommand } from '../command.ts'
import { usageError } from '../failure.ts'
import { report } from '../report.ts'

export const restore = defineCommand({
  path: 'restore',
  about: 'Make the home out of a backup; the node that was backed up must never run again',
  examples: [
    'canswarm restore /mnt/backup/node-1',
    'canswarm restore /mnt/backup/node-1 --home /srv/canswarm',
  ],
  arguments: [{ name: 'DIR', about: 'what "canswarm backup" wrote' }],
  options: {},
  async run({ home }, [directory]) {
    if (!existsSync(homePaths(directory).genesis)) {
      throw usageError(`${directory} is no backup: it has no genesis`, 'name what "canswarm backup" wrote')
    }
    if (existsSync(home) && readdirSync(home).length > 0) {
      throw new FaultError('home-exists', `${home} is there already, and not empty`)
    }
    const { net } = requireGenesis(directory)
    copyWhole(resolve(directory), resolve(home))
    const data = { home, from: directory, network: net.toString() }
    return report('canswarm.restore/1', data, `${home} is as ${directory}: "canswarm start" runs it`, {
      notes: [
        'a node that voted after the backup must come back under a new raft id: see "canswarm recover"',
      ],
    })
  },
})

/** It appears whole, or not at all. */
function copyWhole(from: string, home: string): void {
  const building = `${home}.restoring`
  mkdirSync(dirname(home), { recursive: true })
  rmSync(building, { recursive: true, force: true })
  cpSync(from, building, { recursive: true, preserveTimestamps: true })
  rmSync(home, { recursive: true, force: true })
  renameSync(building, home)
}
