import { existsSync, statfsSync, statSync } from 'node:fs'
import { counted } from '../../model/counted.ts'
import { isForgetful } from '../../node/backup-files.ts'
import { homePaths, loadConfig } from '../../node/home.ts'
import { requireGenesis } from '../../node/network.ts'
import { NoNodeError } from '../../sdk/http.ts'
import { defineCommand } from '../command.ts'
import type { Context } from '../context.ts'
import { nodeOf } from '../daemon.ts'
import { EXIT } from '../exit.ts'
import { failureOf } from '../failure.ts'
import { report } from '../report.ts'
import { table } from '../table.ts'

/** One thing that was looked at. */
interface Finding {
  readonly name: string
  readonly state: 'ok' | 'warning' | 'wrong'
  readonly detail: string
  readonly todo?: string
}

const MIB = 1_048_576
const FREE_MIB_MIN = 512
const SLOT_AGE_MS_MAX = 60_000

export const doctor = defineCommand({
  path: 'doctor',
  about: 'Find what is wrong with this home and its node, and say how to mend it',
  examples: ['canswarm doctor', 'canswarm doctor --json'],
  arguments: [],
  options: {},
  async run(context) {
    const findings = [home(context), settings(context), network(context), keys(context), disk(context)]
    const all = [...findings, ...restored(context), ...(await node(context))]
    const rows = all.map(({ name, state, detail }) => [name, state, detail])
    const isWrong = all.some(({ state }) => state === 'wrong')
    return report(
      'canswarm.doctor/1',
      { findings: all, healthy: !isWrong },
      table(['what', 'state', 'detail'], rows),
      {
        notes: all.flatMap(({ name, todo }) => (todo === undefined ? [] : [`${name}: ${todo}`])),
        exit: isWrong ? EXIT.failed : EXIT.done,
      },
    )
  },
})

function home({ home: path }: Context): Finding {
  const name = 'home'
  if (!existsSync(path))
    return { name, state: 'wrong', detail: `${path} is not there`, todo: 'canswarm init' }
  const mode = statSync(path).mode & 0o777
  const isOpen = (mode & 0o077) !== 0
  const detail = `${path}, mode ${mode.toString(8)}`
  return isOpen
    ? { name, state: 'warning', detail, todo: `chmod 700 ${path}` }
    : { name, state: 'ok', detail }
}

function settings({ home: path, env }: Context): Finding {
  return looked('settings', () => {
    const { origins } = loadConfig(path, env)
    const own = Object.values(origins).filter((origin) => origin !== 'default').length
    return own === 1 ? '1 is not the default' : `${own} are not the default`
  })
}

function network({ home: path }: Context): Finding {
  return looked('network', () => {
    const { genesis, net } = requireGenesis(path)
    return `${genesis.label} (${genesis.class}), ${counted(genesis.voters.length, 'voter')}, ${net.toString()}`
  })
}

function keys({ home: path }: Context): Finding {
  return looked('keys', () => {
    const folder = homePaths(path).keys
    const mode = statSync(folder).mode & 0o777
    if ((mode & 0o077) !== 0) throw new Error(`${folder} has mode ${mode.toString(8)}: others can read it`)
    return `${folder}, mode ${mode.toString(8)}`
  })
}

function disk({ home: path }: Context): Finding {
  return looked('disk', () => {
    const { bavail, bsize } = statfsSync(path)
    const free = Math.floor((bavail * bsize) / MIB)
    if (free < FREE_MIB_MIN) throw new Error(`${free} MiB are free, where ${FREE_MIB_MIN} are wanted`)
    return `${free} MiB free`
  })
}

/** Of a voter alone that came out of a backup. */
function restored({ home: path }: Context): Finding[] {
  if (!isForgetful(path)) return []
  const detail =
    'restored from a backup: it forgot what it promised, follows the other voters, and votes no more'
  return [
    { name: 'vote', state: 'warning', detail, todo: 'docs/operating.md, "Backup", says what can be done' },
  ]
}

function looked(name: string, look: () => string): Finding {
  try {
    return { name, state: 'ok', detail: look() }
  } catch (error) {
    const { code, message, todo } = failureOf(error)
    const detail = code === 'defect' ? (error as Error).message : message
    return { name, state: 'wrong', detail, ...(code !== 'defect' && todo !== undefined && { todo }) }
  }
}

/** The running node, part by part. */
async function node(context: Context): Promise<Finding[]> {
  try {
    const answer = await nodeOf(context).call('status', {})
    if (!answer.ok) return [{ name: 'node', state: 'wrong', detail: answer.error.message }]
    const { did, slot, subsystems } = answer.value
    const parts = subsystems.map((part): Finding => {
      const { name, detail, todo } = part
      const state = part.state === 'failing' ? 'wrong' : part.state === 'degraded' ? 'warning' : 'ok'
      return { name, state, detail, ...(todo !== undefined && { todo }) }
    })
    return [{ name: 'node', state: 'ok', detail: did }, clock(slot.time), ...parts]
  } catch (error) {
    if (!(error instanceof NoNodeError)) throw error
    return [{ name: 'node', state: 'warning', detail: 'no node runs in this home', todo: 'canswarm start' }]
  }
}

/** Slots pass with the voters' clocks: a large difference is this machine's clock, or voters that are gone. */
function clock(slotMs: number): Finding {
  const name = 'clock'
  const apart = Math.abs(Date.now() - slotMs)
  const detail = `${apart} ms from the last slot`
  if (apart <= SLOT_AGE_MS_MAX) return { name, state: 'ok', detail }
  return {
    name,
    state: 'warning',
    detail,
    todo: 'see that the time of this machine is right, and that voters run',
  }
}
