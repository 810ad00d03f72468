import { decodeBucketCommand } from '../../codec/entry/bucket-command.ts'
import { decodeToBucket, decodeToHub } from '../../codec/entry/effect.ts'
import { decodeHubCommand } from '../../codec/entry/hub-command.ts'
import { decodeItem, HUB } from '../../codec/entry/item.ts'
import type { Casting } from './casting.ts'
import { castOf, type RunOptions, runPlay } from './run-play.ts'
import type { Stage } from './stage.ts'

export interface Minimised {
  readonly smallest: Pick<RunOptions, 'seed' | 'steps' | 'needs'> & { readonly casting: Casting }
  readonly violation: string
  /** Every item of every log, a line each. */
  readonly history: readonly string[]
}

/**
 * A smaller play that breaks a promise too: fewer needs, fewer people, fewer acts, as long as something is found. What it
 * breaks may be another promise than at first.
 */
export function minimise(options: RunOptions, error: unknown): Minimised {
  let smallest = { ...options, casting: options.casting ?? castOf(options.seed) }
  let violation = messageOf(error)
  let history: readonly string[] = []
  const fails = (tried: typeof smallest): boolean => {
    let stage: Stage | undefined
    try {
      runPlay({ ...tried, onStage: (made) => (stage = made) })
      return false
    } catch (broken) {
      smallest = tried
      violation = messageOf(broken)
      history = stage === undefined ? [] : historyOf(stage)
      return true
    }
  }
  fails(smallest)
  for (let isSmaller = true; isSmaller; ) isSmaller = smallerOf(smallest).some(fails)
  const { seed, steps, needs, casting } = smallest
  return { smallest: { seed, steps, needs, casting }, violation, history }
}

function* smallerOf<Options extends RunOptions & { readonly casting: Casting }>(
  options: Options,
): Generator<Options> {
  const { needs, steps, casting } = options
  if (needs > 1) yield { ...options, needs: needs - 1 }
  if (steps > 1) yield { ...options, steps: Math.floor(steps / 2) }
  for (const role of ['workers', 'verifiers', 'challengers'] as const) {
    for (const at of casting[role].keys()) {
      const fewer = (casting[role] as readonly unknown[]).filter((_, one) => one !== at)
      yield { ...options, casting: { ...casting, [role]: fewer } }
    }
  }
  if (casting.voters > 1) yield { ...options, casting: { ...casting, voters: 1 } }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

/** Slots in a row are one line. */
function historyOf({ network }: Stage): readonly string[] {
  return [HUB, ...network.buckets].flatMap((machine) => {
    const lines: string[] = []
    let slots = 0
    const flush = (): void => {
      if (slots > 0) lines.push(`${nameOf(machine)}: ${slots} slots`)
      slots = 0
    }
    for (const [at, { item, outcome }] of network.log(machine).entries()) {
      const word = wordOf(machine, item)
      if (word === 'slot' && outcome === 'applied') slots++
      else {
        flush()
        lines.push(`${nameOf(machine)} ${at} ${word}: ${outcome}`)
      }
    }
    flush()
    return lines
  })
}

function nameOf(machine: number): string {
  return machine === HUB ? 'hub' : `bucket ${machine}`
}

function wordOf(machine: number, bytes: Uint8Array): string {
  const item = decodeItem(bytes)
  if (!item.ok) return 'unreadable'
  if (item.value.kind === 'command') {
    const { command } = item.value
    const read = machine === HUB ? decodeHubCommand(command) : decodeBucketCommand(command)
    return read.ok ? read.value.kind : `a command that is ${read.error.code}`
  }
  const { source, n, body } = item.value
  const read = machine === HUB ? decodeToHub(body) : decodeToBucket(body)
  return `${read.ok ? read.value.kind : 'unreadable'} (effect ${n} of ${nameOf(source)})`
}
