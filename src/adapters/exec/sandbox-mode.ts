import { getuid } from 'node:process'
import type { Clock } from '../../ports/clock.ts'
import { Child } from './child.ts'
import type { JobFolder } from './job-folder.ts'
import { launchSandboxed, type SandboxMode, type Tools } from './launch.ts'
import type { ExecLimits } from './limits.ts'
import { findProgram } from './tools.ts'

/** Ids that no distribution, service or container hands out: some for each process of ours. */
const UID_BASE = 1_600_000_000
const UIDS_A_PROCESS = 1_000
const PROCESSES = 400_000

const PROBE_LIMITS: ExecLimits = {
  wallMsMax: 10_000,
  cpuMsMax: 5_000,
  memoryBytesMax: 268_435_456,
  processesMax: 16,
  openFilesMax: 64,
  outputBytesMax: 4_096,
}

/** User that the job at `slot` runs as, when we may give it one of its own: its processes are counted by it. */
export function uidOfSlot(slot: number): number {
  return UID_BASE + (process.pid % PROCESSES) * UIDS_A_PROCESS + (slot % UIDS_A_PROCESS)
}

/**
 * Finds out, by trying, how a sandbox can be made on this machine; or a text that says what is missing. `folder`: to
 * try with.
 */
export async function findSandboxMode(
  tools: Tools,
  folder: JobFolder,
  clock: Clock,
): Promise<SandboxMode | string> {
  const bubblewrap = findProgram('bwrap')
  if (bubblewrap === undefined) return 'bwrap (bubblewrap) is not installed'
  const reasons: string[] = []
  for (const mode of modesHere(tools, bubblewrap)) {
    const reason = await whyNot(tools, mode, folder, clock)
    if (reason === undefined) return mode
    reasons.push(reason)
  }
  return `namespaces are not to be had here: ${reasons.join('; ')}`
}

/** With rights of our own first: then each job is a user of its own. */
function modesHere({ setpriv }: Tools, bubblewrap: string): readonly SandboxMode[] {
  const ordinary = { bubblewrap, uid: undefined }
  return getuid?.() === 0 && setpriv !== undefined
    ? [{ bubblewrap, uid: uidOfSlot(0) }, ordinary]
    : [ordinary]
}

async function whyNot(
  tools: Tools,
  mode: SandboxMode,
  folder: JobFolder,
  clock: Clock,
): Promise<string | undefined> {
  const job = { command: ['true'], limits: PROBE_LIMITS, folder, environment: {}, readable: [] }
  const { program, args, environment } = launchSandboxed(tools, mode, job)
  const command = { program, args, environment, folder: '/', stdin: '', stdoutBytesMax: 1, hasStatus: true }
  const child = new Child(command, clock, () => {})
  const cancel = clock.after(PROBE_LIMITS.wallMsMax, () => child.kill())
  const exit = await child.ended()
  cancel()
  return exit.kind === 'code' && exit.code === 0 ? undefined : child.stderr.trim() || 'no reason given'
}
