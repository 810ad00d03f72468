import { spawn } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { Child } from '../../../../src/adapters/exec/child.ts'
import { makeJobFolder, removeJobFolder } from '../../../../src/adapters/exec/job-folder.ts'
import { launchSandboxed } from '../../../../src/adapters/exec/launch.ts'
import { findProgram } from '../../../../src/adapters/exec/tools.ts'
import { systemClock } from '../../../../src/adapters/system/clock.ts'
import type { Isolation } from '../../../../src/model/isolation.ts'
import { type Changes, FOLDER, JOB, LIMITS, living, runnerOf, sandboxIsMissing, sh, textOf } from './run.ts'

const MISSING = await sandboxIsMissing()
if (MISSING !== '') console.warn(`sandboxes are not tested: ${MISSING}`)
const LEVELS: readonly Isolation[] = MISSING === '' ? ['none', 'sandbox'] : ['none']
const OWNER = fileURLToPath(new URL('../../../setup/exec-owner.ts', import.meta.url))

const bytes = (text: string) => new TextEncoder().encode(text)

describe.each(LEVELS)('a command, level %s', (level) => {
  it('reads its task as JSON and its inputs as files, and what it prints is the result', async () => {
    const script = `
      const { task, input, files, output, seed } = JSON.parse(fs.readFileSync(0, 'utf8'))
      const read = ({ path }) => fs.readFileSync(path, 'utf8')
      console.log(JSON.stringify([task, input.size, read(input), files.map((f) => [f.name, read(f)]), seed.length]))`
    const files = [{ name: 'more.txt', bytes: bytes('and more') }]
    const outcome = await runnerOf([process.execPath, '-e', script], level).run({ ...JOB, files })
    expect(JSON.parse(textOf(outcome))).toEqual([JOB.task, 5, 'hello', [['more.txt', 'and more']], 64])
    expect(outcome).toMatchObject({ usage: { bytes: 5 + 8 + textOf(outcome).length } })
  })

  it('may leave its result as the file that the task names', async () => {
    const outcome = await sh('echo printed; printf left > output', level)
    expect(textOf(outcome)).toBe('left')
  })

  it('leaves no result by a link, a folder or a pipe in its place, nor by one that is too large', async () => {
    const none = { kind: 'failed', exit: { kind: 'no-output' } }
    for (const script of ['ln -s /etc/passwd output', 'mkdir output', 'mkfifo output', 'true']) {
      expect(await sh(script, level), script).toMatchObject(none)
    }
    const larger = await sh('head -c 70000 /dev/zero > a; cat a a > output', level, {
      limits: { outputBytesMax: 75_000 },
    })
    expect(larger.kind).not.toBe('done')
  })

  it('gets no variable but a fixed few and those of the allow-list', async () => {
    const outcome = await sh('env', level, { environment: { MODEL: 'small' } })
    const names = textOf(outcome)
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0])
    expect(new Set(names)).toEqual(new Set(['HOME', 'LANG', 'MODEL', 'PATH', 'PWD', 'TMPDIR', 'TZ']))
  })

  it('runs in a directory that nobody else can enter and that is gone afterwards', async () => {
    const listed = runnerOf(['sh', '-c', 'sleep 0.2; echo done'], level).run(JOB)
    await vi.waitFor(() => expect(readdirSync(FOLDER)).toHaveLength(1), { timeout: 20_000, interval: 5 })
    expect(statSync(join(FOLDER, readdirSync(FOLDER)[0] ?? '')).mode & 0o777).toBe(0o700)
    expect(textOf(await listed)).toBe('done\n')
    expect(readdirSync(FOLDER)).toEqual([])
  })

  it('has failed when it says so, or is not there', async () => {
    expect(await sh('echo partly; echo why >&2; exit 3', level)).toMatchObject({
      kind: 'failed',
      exit: { kind: 'code', code: 3 },
      stderr: 'why\n',
    })
    expect(await runnerOf(['no-such-program'], level).run(JOB)).toEqual({
      kind: 'refused',
      code: 'missing',
      why: 'no-such-program is no program here',
    })
  })

  it('cannot open more files than it may', async () => {
    const script = `
      let count = 0
      try { for (;; count++) fs.openSync('/dev/null') } catch (error) { console.log(error.code, count < 64) }`
    expect(textOf(await runnerOf([process.execPath, '-e', script], level).run(JOB))).toBe('EMFILE true\n')
  })

  it('dies with the node that started it', async () => {
    const mark = `1000.${process.pid}9`
    const owner = spawn(
      process.execPath,
      [OWNER, level, join(FOLDER, '..', `owner-${process.pid}`), `exec sleep ${mark}`],
      { stdio: 'inherit' },
    )
    const ended = new Promise((resolve) => owner.once('exit', resolve))
    await vi.waitFor(() => expect(living(`sleep\0${mark}`).length).toBe(1), { timeout: 30_000, interval: 10 })
    owner.kill('SIGKILL')
    await ended
    await vi.waitFor(() => expect(living(`sleep\0${mark}`)).toEqual([]), { timeout: 20_000, interval: 10 })
    rmSync(join(FOLDER, '..', `owner-${process.pid}`), { recursive: true })
  })

  it('is refused while as many run as may, and once the runner is closed', async () => {
    const runner = runnerOf(['sleep', '1000'], level, { jobsMax: 1 })
    const running = runner.run(JOB)
    expect(await runner.run(JOB)).toMatchObject({ kind: 'refused', code: 'busy' })
    const [outcome] = await Promise.allSettled([running, runner.close()])
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'worker' } })
    expect(await runner.run(JOB)).toMatchObject({ kind: 'refused', code: 'closed' })
  })
})

describe('levels of isolation', () => {
  const refusal = async (level: Isolation, changes: Changes, isolation?: Isolation) => {
    const outcome = await runnerOf(['true'], level, changes).run({
      ...JOB,
      ...(isolation === undefined ? {} : { isolation }),
    })
    return outcome.kind === 'refused' ? `${outcome.code}: ${outcome.why}` : outcome.kind
  }

  it('none needs the word unsafe', async () => {
    expect(await refusal('none', { unsafe: false })).toBe('unsafe: level none needs the word unsafe')
  })

  it("below the operator's least, or the requester's, a job is refused and not run", async () => {
    expect(await refusal('none', { least: 'sandbox' })).toMatch(/^isolation: .*level none.* sandbox$/u)
    expect(await refusal('none', {}, 'sandbox')).toMatch(/^isolation: .*level none.* sandbox$/u)
    expect(await refusal('sandbox', {}, 'vm')).toMatch(/^isolation: .*level sandbox.* vm$/u)
    expect(await refusal('none', { least: 'vm' }, 'none')).toMatch(/^isolation: /u)
  })

  it('vm is refused by name, with what is missing', async () => {
    expect(await refusal('vm', {}, 'vm')).toMatch(
      /^missing: level vm needs .*a runner for virtual machines in this version$/u,
    )
  })

  it('a job against the rules is refused before anything is made', async () => {
    const outcome = await runnerOf(['true'], 'none').run({ ...JOB, seed: new Uint8Array(1) })
    expect(outcome).toMatchObject({ kind: 'refused', code: 'job' })
  })
})

describe.skipIf(MISSING !== '')('a sandbox', () => {
  it('has no network, not even to this machine', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const script = `
      const links = fs.readFileSync('/proc/net/dev', 'utf8').split('\\n').slice(2, -1).map((l) => l.split(':')[0].trim())
      require('net').connect(${port}, '127.0.0.1').on('error', (e) => console.log(e.code, links.join()))
        .on('connect', () => { console.log('connected'); process.exit() })`
    expect(textOf(await runnerOf([process.execPath, '-e', script], 'sandbox').run(JOB))).toBe(
      'ECONNREFUSED lo\n',
    )
    server.close()
  })

  it('shows programs and libraries, its own command, and nothing else of the machine', async () => {
    const secret = join(FOLDER, '..', `secret-${process.pid}`)
    writeFileSync(secret, 'x', { mode: 0o644 })
    const script = `for f in ${secret} /etc/passwd /etc/shadow /root /home /var /sys; do [ -e $f ] && echo $f; done; ls /`
    const outcome = textOf(await sh(script, 'sandbox'))
      .trim()
      .split('\n')
    const allowed = [
      'bin',
      'dev',
      'etc',
      'lib',
      'lib32',
      'lib64',
      'libx32',
      'proc',
      'sbin',
      'task',
      'tmp',
      'usr',
    ]
    const own = process.execPath.split('/')[1] ?? ''
    expect(outcome.filter((name) => ![...allowed, own].includes(name))).toEqual([])
    expect(existsSync(secret)).toBe(true)
    rmSync(secret)
  })

  it('can change nothing but its own folder and its own /tmp', async () => {
    const script = `
      for f in /usr/x /bin/x /x /etc/x /task/x /task/in/x ${process.execPath}; do
        (echo x > $f) 2>/dev/null && echo $f
      done
      echo x > /tmp/x && echo x > /task/out/x && rm /tmp/x /task/out/x
      rm -f /task/in/input; cat /task/in/input`
    expect(textOf(await sh(script, 'sandbox'))).toBe('hello')
  })

  it('knows no other process, no other host name or user, has no rights and no way to any', async () => {
    const script = `
      grep -E '^(NoNewPrivs|CapPrm|CapEff|CapBnd):' /proc/self/status | tr -s '\\t0' ' 0' | sort
      [ "$(id -u)" = 0 ] && echo root; ls /proc | grep -c '^[0-9]*$'; cat /proc/1/environ 2>/dev/null | head -c 100`
    const lines = textOf(await sh(script, 'sandbox'))
      .trim()
      .split('\n')
    expect(lines.slice(0, 3).map((line) => line.replace(/^CapBnd: .*$/u, 'CapBnd: 0'))).toEqual([
      'CapBnd: 0',
      'CapEff: 0',
      'CapPrm: 0',
    ])
    expect(lines[3]).toBe('NoNewPrivs: 1')
    expect(Number(lines[4])).toBeLessThan(8)
    expect(lines).toHaveLength(5)
  })

  it('has room for so much in /tmp, and no more', async () => {
    const script = 'head -c 1000000000 /dev/zero > /tmp/x; stat -c %s /tmp/x'
    const limits = { outputBytesMax: 1_000_000_000 }
    expect(Number(textOf(await sh(script, 'sandbox', { limits })))).toBeLessThanOrEqual(67_108_864)
  })

  it('is made without any rights of the caller too, by a user namespace', async () => {
    const folder = await makeJobFolder(FOLDER, JOB, undefined)
    const tools = { prlimit: '/usr/bin/prlimit', setpriv: undefined }
    const mode = { bubblewrap: findProgram('bwrap') ?? '', uid: undefined }
    const command = ['sh', '-c', 'id -u; cat /task/in/input; echo x > /task/out/x']
    const launch = launchSandboxed(tools, mode, {
      command,
      limits: LIMITS,
      folder,
      environment: {},
      readable: [],
    })
    const child = new Child({ ...launch, folder: '/', stdin: '', stdoutBytesMax: 100 }, systemClock, () => {})
    expect(await child.ended()).toEqual({ kind: 'code', code: 0 })
    expect(new TextDecoder().decode(child.stdout)).toBe('65534\nhello')
    await removeJobFolder(folder)
  })

  it('that cannot be made is a refusal, with the reason', async () => {
    const outcome = await sh('echo', 'sandbox', { readable: ['/no/such/file'] })
    expect(outcome).toMatchObject({ kind: 'refused', code: 'missing' })
    expect(outcome.kind === 'refused' && outcome.why).toContain('/no/such/file')
  })
})
