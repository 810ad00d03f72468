import type { JobFolders } from '../../codec/job/task-document.ts'
import { STATUS_DESCRIPTOR } from './child.ts'
import type { JobFolder } from './job-folder.ts'
import { type ExecLimits, limitArguments } from './limits.ts'
import { sandboxArguments, userArguments } from './sandbox-arguments.ts'
import { findProgram, SEARCH_PATH, systemPaths } from './tools.ts'

/** Room in a sandbox's `/tmp`; it is memory. */
const TEMPORARY_BYTES_MAX = 67_108_864

/** How a program is started so that it is held to its limits; and where it finds its folders. */
export interface Launch {
  readonly program: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly folders: JobFolders
  readonly hasStatus: boolean
}

export interface LaunchJob {
  /** Program and arguments. */
  readonly command: readonly string[]
  readonly limits: ExecLimits
  readonly folder: JobFolder
  /** Further variables. */
  readonly environment: Readonly<Record<string, string>>
  /** What a sandbox shows besides the system. */
  readonly readable: readonly string[]
}

/** Files of the programs that hold others to limits. */
export interface Tools {
  readonly prlimit: string
  /** Undefined where it is missing; needed by a privileged sandbox alone. */
  readonly setpriv: string | undefined
}

/** How a sandbox is made here: `uid` is what programs run as, where the caller is privileged; else undefined. */
export interface SandboxMode {
  readonly bubblewrap: string
  readonly uid: number | undefined
}

/** Undefined without `prlimit`: then nothing could be held to anything. */
export function findTools(): Tools | undefined {
  const prlimit = findProgram('prlimit')
  return prlimit === undefined ? undefined : { prlimit, setpriv: findProgram('setpriv') }
}

/** As our own user, in the job's folder: limits alone. The program dies with whoever started it. */
export function launchPlain({ prlimit, setpriv }: Tools, job: LaunchJob): Launch {
  const { folder, command, limits } = job
  const limited = [prlimit, ...limitArguments(limits, command)]
  const [program = '', ...args] =
    setpriv === undefined ? limited : [setpriv, '--pdeathsig', 'KILL', ...limited]
  const environment = baseEnvironment(folder.output, job.environment)
  return { program, args, environment, folders: folder, hasStatus: false }
}

const INSIDE: JobFolders = { inputs: '/task/in', output: '/task/out' }

/** In a sandbox, where the job's folders are `/task/in` and `/task/out`. */
export function launchSandboxed(tools: Tools, { bubblewrap, uid }: SandboxMode, job: LaunchJob): Launch {
  const { folder, command, limits, readable } = job
  const limited = [tools.prlimit, ...limitArguments(limits, command)]
  const program =
    uid === undefined || tools.setpriv === undefined
      ? limited
      : [tools.setpriv, ...userArguments(uid, limited)]
  const sandbox = sandboxArguments({
    system: systemPaths(),
    readable,
    inputs: { outside: folder.inputs, inside: INSIDE.inputs },
    output: { outside: folder.output, inside: INSIDE.output },
    environment: baseEnvironment('/tmp', job.environment),
    temporaryBytesMax: TEMPORARY_BYTES_MAX,
    isPrivileged: uid !== undefined,
    statusDescriptor: STATUS_DESCRIPTOR,
  })
  return {
    program: bubblewrap,
    args: [...sandbox, ...program],
    environment: {},
    folders: INSIDE,
    hasStatus: true,
  }
}

/** Nothing of our own environment: what programs cannot do without, and what the operator lets through. */
function baseEnvironment(
  home: string,
  more: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return { PATH: SEARCH_PATH, HOME: home, TMPDIR: home, LANG: 'C.UTF-8', TZ: 'UTC', ...more }
}
