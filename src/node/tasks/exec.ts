import type { ExecLimits } from '../../adapters/exec/limits.ts'

/** What the processes of a job may use when nobody says anything. */
export const EXEC_LIMITS: ExecLimits = {
  wallMsMax: 600_000,
  cpuMsMax: 600_000,
  memoryBytesMax: 1_073_741_824,
  processesMax: 256,
  openFilesMax: 1_024,
  outputBytesMax: 16_777_216,
}
