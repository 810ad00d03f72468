/** What the processes of one job may use together. Integers from 1. */
export interface ExecLimits {
  readonly wallMsMax: number
  readonly cpuMsMax: number
  /** Resident memory, each process counted for itself. */
  readonly memoryBytesMax: number
  /** Processes and threads, the few of the runner's own among them. */
  readonly processesMax: number
  /** Of each process. */
  readonly openFilesMax: number
  readonly outputBytesMax: number
}

/** More than what may be resident: runtimes ask for memory that they never touch, Node for 570 MB when it starts. */
const DATA_SLACK_BYTES = 1_073_741_824

/**
 * Arguments of `prlimit`: what the kernel itself holds every process to, so that nothing gets far between two looks at
 * the whole. Memory is bounded as what may be written (`data`), since runtimes reserve far more address space than
 * they use.
 */
export function limitArguments(limits: ExecLimits, program: readonly string[]): readonly string[] {
  const seconds = Math.ceil(limits.cpuMsMax / 1_000)
  return [
    `--cpu=${seconds}:${seconds + 1}`,
    `--data=${limits.memoryBytesMax + DATA_SLACK_BYTES}`,
    `--nproc=${limits.processesMax}`,
    `--nofile=${limits.openFilesMax}`,
    `--fsize=${limits.outputBytesMax}`,
    '--core=0',
    ...program,
  ]
}
