import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** Which process holds a home. Two processes of one pid differ in `started` or `boot`. */
export interface Owner {
  readonly pid: number
  /** Start time in clock ticks since boot, where the system tells it. */
  readonly started?: string | undefined
  /** Id of the boot that `started` counts from. */
  readonly boot?: string | undefined
  /** Random: no two attempts share it, so a lock that was replaced never comes back. */
  readonly nonce: string
}

/** This process, with a nonce of its own for each attempt. */
export function ownOwner(): Owner {
  const { pid } = process
  return { pid, started: statOf(pid)?.started, boot: bootId(), nonce: randomBytes(16).toString('hex') }
}

/** Undefined for what is no owner's text. */
export function parseOwner(text: string): Owner | undefined {
  const value = parseJson(text)
  if (typeof value !== 'object' || value === null) return undefined
  const { pid, started, boot, nonce } = value as Record<string, unknown>
  if (!Number.isSafeInteger(pid) || (pid as number) < 1) return undefined
  if (typeof nonce !== 'string' || !/^[0-9a-f]{32}$/.test(nonce)) return undefined
  if (!isOptionalText(started) || !isOptionalText(boot)) return undefined
  return { pid: pid as number, started, boot, nonce }
}

export function formatOwner(owner: Owner): string {
  return `${JSON.stringify(owner)}\n`
}

/**
 * True while that very process runs: same pid, same start time, same boot, and not a zombie. Where the system
 * tells no start time, any process of that pid counts. Sees only processes of this machine and pid namespace.
 */
export function isAlive({ pid, started, boot }: Owner): boolean {
  const now = bootId()
  if (boot !== undefined && now !== undefined && boot !== now) return false
  const stat = statOf(pid)
  if (stat === undefined) return exists(pid)
  return !stat.isDead && (started === undefined || stat.started === started)
}

/** Source: proc(5), /proc/pid/stat: the state is field 3, the start time field 22. */
function statOf(pid: number): { readonly started: string | undefined; readonly isDead: boolean } | undefined {
  const text = read(`/proc/${pid}/stat`)
  // The name, field 2, may hold blanks and brackets: what follows its last bracket is regular.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields === undefined
    ? undefined
    : { started: fields[19], isDead: fields[0] === 'Z' || fields[0] === 'X' }
}

function bootId(): string | undefined {
  return read('/proc/sys/kernel/random/boot_id')?.trim()
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // EPERM: it runs, as another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined // no such process, or a system without /proc
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // no owner
  }
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}
