import { readdirSync, readFileSync } from 'node:fs'
import { killQuietly } from './child.ts'

/** A process, told apart from a later one of the same number by when it started, in ticks since the machine did. */
export interface ProcessUse {
  readonly pid: number
  readonly startTicks: number
  readonly threads: number
  /** Its own, and that of the children it has waited for. */
  readonly cpuMs: number
  readonly memoryBytes: number
}

/** Clock ticks in `/proc`, the same on every Linux that Node runs on. */
const MS_PER_TICK = 10

/**
 * All processes of a job: `root`, those below it, and those of `known` that still live, which were below it once.
 * Some may end while it looks: they are left out.
 */
export function processesOf(root: number, known: Iterable<ProcessUse>): readonly ProcessUse[] {
  const seen = new Map<number, ProcessUse>()
  const waiting = [root]
  for (const { pid, startTicks } of known) {
    if (pid !== root && readProcess(pid)?.startTicks === startTicks) waiting.push(pid)
  }
  for (let pid = waiting.shift(); pid !== undefined; pid = waiting.shift()) {
    const use = seen.has(pid) ? undefined : readProcess(pid)
    if (use === undefined) continue
    seen.set(pid, use)
    waiting.push(...childrenOf(pid))
  }
  return [...seen.values()]
}

/** Ends those that still live. */
export function killProcesses(known: Iterable<ProcessUse>): void {
  for (const { pid, startTicks } of known) {
    if (readProcess(pid)?.startTicks === startTicks) killQuietly(pid)
  }
}

function readProcess(pid: number): ProcessUse | undefined {
  const stat = readText(`/proc/${pid}/stat`)
  const status = readText(`/proc/${pid}/status`)
  return stat === undefined || status === undefined ? undefined : parseProcess(stat, status)
}

/**
 * Reads two files of a process, as Linux writes them. Source: proc(5), "/proc/[pid]/stat" (field 1; fields 14 to 17 and
 * 22, in ticks, counted behind the name, which may hold anything), "/proc/[pid]/status".
 */
export function parseProcess(stat: string, status: string): ProcessUse {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const number = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'mu').exec(status)?.[1] ?? 0)
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return {
    pid: Number.parseInt(stat, 10),
    startTicks: Number(fields[19]),
    threads: number('Threads'),
    cpuMs: ticks * MS_PER_TICK,
    memoryBytes: number('VmRSS') * 1_024,
  }
}

function childrenOf(pid: number): readonly number[] {
  return tasksOf(pid).flatMap((task) =>
    (readText(`/proc/${pid}/task/${task}/children`) ?? '')
      .split(' ')
      .filter((text) => text !== '')
      .map(Number),
  )
}

function tasksOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return [] // it has ended
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined // it has ended
  }
}
