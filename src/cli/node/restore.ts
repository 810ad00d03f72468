import { existsSync, readdirSync } from 'node:fs'
import { FaultError } from '../../model/fault.ts'
import { backupFlaw, isForgetful, restoreFiles } from '../../node/backup-files.ts'
import { requireGenesis } from '../../node/network.ts'
import { defineCommand } from '../command.ts'
import { usageError } from '../failure.ts'
import { report } from '../report.ts'

const TODO = 'name a directory that "canswarm backup" wrote, or another copy of it'

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
    const flaw = backupFlaw(directory)
    if (flaw !== undefined) throw usageError(`${directory} cannot be restored: ${flaw}`, TODO)
    if (existsSync(home) && readdirSync(home).length > 0)
      throw new FaultError('home-exists', `${home} is there already, and not empty`)
    const { net, genesis } = requireGenesis(directory)
    const voted = isForgetful(directory)
    const follows = voted && genesis.voters.length > 1
    await restoreFiles(directory, home, follows ? OF_VOTERS : [])
    const data = { home, from: directory, network: net.toString(), voted, follows }
    return report(
      'canswarm.restore/1',
      data,
      `${home} is as ${directory}: ${NEXT[voted ? (follows ? 'follows' : 'alone') : 'runs']}`,
    )
  },
})

/** What the others have, as far as it goes by now; begun anew by who follows them. */
const OF_VOTERS = ['record', 'slots.bin']

const NEXT = {
  runs: '"canswarm start" runs it',
  follows:
    '"canswarm start" runs it; it has forgotten what it promised as a voter, so that it follows the others and votes no more',
  alone:
    'its keys, journal, content and records are there to be read; it was the only voter, whose network cannot go on from a copy',
} as const
