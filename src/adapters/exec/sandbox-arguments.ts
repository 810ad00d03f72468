/** A place of the machine that the sandbox shows: as it is, or as the link that it is. */
export interface SystemPath {
  readonly path: string
  /** Where it leads, when it is a symbolic link. */
  readonly link?: string
}

export interface SandboxOptions {
  /** Programs and libraries of the machine, read-only. */
  readonly system: readonly SystemPath[]
  /** What else may be read, at the path that it has outside: a command's own files. */
  readonly readable: readonly string[]
  /** The job's folders outside, and where they are inside. Inputs are read-only. */
  readonly inputs: { readonly outside: string; readonly inside: string }
  readonly output: { readonly outside: string; readonly inside: string }
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>
  /** Room in `/tmp`, which is in memory. */
  readonly temporaryBytesMax: number
  /**
   * True for a privileged caller: no user namespace is made, and the sandboxed program itself changes to a user that
   * nobody is. False: a user namespace, in which the caller's user is nobody in particular.
   */
  readonly isPrivileged: boolean
  /** Where bubblewrap tells what became of the program: a descriptor's number. */
  readonly statusDescriptor: number
}

/** What a program that changes its user needs to keep until then. */
const CAPABILITIES = ['CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP']
/** A user that owns nothing. */
const NOBODY = '65534'

/**
 * Arguments of bubblewrap, without the program: a root that holds programs and libraries read-only and nothing else
 * of the machine, `/tmp` of its own, the job's two folders, no network, namespaces of its own for processes, IPC,
 * host name and control groups; killed with whoever started it.
 */
export function sandboxArguments(options: SandboxOptions): readonly string[] {
  const { system, readable, inputs, output, environment, temporaryBytesMax } = options
  const shown = readable.filter((path) => !system.some((root) => isBelow(path, root.path)))
  return [
    ...namespaces(options.isPrivileged),
    '--die-with-parent',
    '--json-status-fd',
    String(options.statusDescriptor),
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    '--perms',
    '1777',
    '--size',
    String(temporaryBytesMax),
    '--tmpfs',
    '/tmp',
    ...foldersAbove([...system.map(({ path }) => path), ...shown, inputs.inside, output.inside]).flatMap(
      (folder) => ['--perms', '0755', '--dir', folder],
    ),
    ...system.flatMap(({ path, link }) =>
      link === undefined ? ['--ro-bind', path, path] : ['--symlink', link, path],
    ),
    ...shown.flatMap((path) => ['--ro-bind', path, path]),
    '--ro-bind',
    inputs.outside,
    inputs.inside,
    '--bind',
    output.outside,
    output.inside,
    '--remount-ro',
    '/',
    '--chdir',
    output.inside,
    '--clearenv',
    ...Object.entries(environment).flatMap(([name, value]) => ['--setenv', name, value]),
    '--',
  ]
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

/** Each once, the higher ones first: bubblewrap alone would make some that nobody but their owner may pass. */
function foldersAbove(paths: readonly string[]): readonly string[] {
  const folders = paths.flatMap((path) => {
    const parts = path.split('/').slice(1, -1)
    return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)
  })
  return [...new Set(folders)].filter((folder) => folder !== '/tmp').sort()
}

function namespaces(isPrivileged: boolean): readonly string[] {
  const apart = ['--unshare-pid', '--unshare-net', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try']
  return isPrivileged
    ? [...apart, '--cap-drop', 'ALL', ...CAPABILITIES.flatMap((each) => ['--cap-add', each])]
    : [...apart, '--unshare-user', '--uid', NOBODY, '--gid', NOBODY]
}

/** Arguments of `setpriv`: the program as user `uid`, without capabilities, and no way back to any. */
export function userArguments(uid: number, program: readonly string[]): readonly string[] {
  return [
    `--reuid=${uid}`,
    `--regid=${uid}`,
    '--clear-groups',
    '--bounding-set=-all',
    '--inh-caps=-all',
    '--no-new-privs',
    ...program,
  ]
}
