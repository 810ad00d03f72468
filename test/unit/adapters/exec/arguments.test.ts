import { describe, expect, it } from 'vitest'
import { limitArguments } from '../../../../src/adapters/exec/limits.ts'
import { parseProcess } from '../../../../src/adapters/exec/process-table.ts'
import {
  type SandboxOptions,
  sandboxArguments,
  userArguments,
} from '../../../../src/adapters/exec/sandbox-arguments.ts'
import { LIMITS } from './run.ts'

const OPTIONS: SandboxOptions = {
  system: [{ path: '/usr' }, { path: '/bin', link: 'usr/bin' }, { path: '/etc/alternatives' }],
  readable: ['/opt/tool/run', '/usr/local/bin/node'],
  inputs: { outside: '/jobs/1/in', inside: '/task/in' },
  output: { outside: '/jobs/1/out', inside: '/task/out' },
  environment: { PATH: '/usr/bin', X: 'a b' },
  temporaryBytesMax: 4_096,
  isPrivileged: false,
  statusDescriptor: 3,
}

const line = (change: Partial<SandboxOptions> = {}): string =>
  sandboxArguments({ ...OPTIONS, ...change }).join(' ')

describe('arguments of bubblewrap', () => {
  it('make every namespace, bind the machine read-only, and die with the caller', () => {
    expect(line()).toBe(
      [
        '--unshare-pid --unshare-net --unshare-ipc --unshare-uts --unshare-cgroup-try',
        '--unshare-user --uid 65534 --gid 65534 --die-with-parent --json-status-fd 3',
        '--proc /proc --dev /dev --perms 1777 --size 4096 --tmpfs /tmp',
        '--perms 0755 --dir /etc --perms 0755 --dir /opt --perms 0755 --dir /opt/tool --perms 0755 --dir /task',
        '--ro-bind /usr /usr --symlink usr/bin /bin --ro-bind /etc/alternatives /etc/alternatives',
        '--ro-bind /opt/tool/run /opt/tool/run --ro-bind /jobs/1/in /task/in --bind /jobs/1/out /task/out',
        '--remount-ro / --chdir /task/out --clearenv --setenv PATH /usr/bin --setenv X a b --',
      ].join(' '),
    )
  })

  it('bind nothing for writing but the output folder, whatever is asked for', () => {
    const args = sandboxArguments({ ...OPTIONS, readable: ['/a', '/b/c'] })
    const writable = args.filter((each) => /^--(?:bind|dev-bind|bind-try)$/u.test(each))
    expect(writable).toEqual(['--bind'])
    expect(args).not.toContain('--share-net')
  })

  it('of a privileged caller keep the rights to change the user, and those alone', () => {
    const args = line({ isPrivileged: true })
    expect(args).toContain('--cap-drop ALL --cap-add CAP_SETUID --cap-add CAP_SETGID --cap-add CAP_SETPCAP')
    expect(args).not.toContain('--unshare-user')
    expect(userArguments(7, ['x']).join(' ')).toBe(
      '--reuid=7 --regid=7 --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs x',
    )
  })
})

describe('arguments of prlimit', () => {
  it('name every limit, processor time in whole seconds, rounded up', () => {
    const limits = { ...LIMITS, cpuMsMax: 1_001, memoryBytesMax: 1_000 }
    expect(limitArguments(limits, ['a', 'b']).join(' ')).toBe(
      '--cpu=2:3 --data=1073742824 --nproc=64 --nofile=64 --fsize=65536 --core=0 a b',
    )
  })
})

describe('what Linux says of a process', () => {
  it('is read behind a name that holds anything', () => {
    const stat =
      '4242 (a) 1 (b c) S 1 4242 4242 0 -1 4194560 9 0 0 0 11 22 33 44 20 0 3 0 987654 12 34 18446744073709551615 1 1'
    const status = 'Name:\ta\nVmRSS:\t    2048 kB\nThreads:\t3\n'
    expect(parseProcess(stat, status)).toEqual({
      pid: 4_242,
      startTicks: 987_654,
      threads: 3,
      cpuMs: 1_100,
      memoryBytes: 2_097_152,
    })
  })
})
