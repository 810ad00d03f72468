import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { openHomeLock } from '../../../../src/adapters/home-lock/home-lock.ts'
import { formatOwner, isAlive, ownOwner } from '../../../../src/adapters/home-lock/owner.ts'

const HOLDER = fileURLToPath(new URL('../../../setup/lock-holder.ts', import.meta.url))
const hasProc = existsSync('/proc/self/stat')
const root = mkdtempSync(join(tmpdir(), 'canswarm-lock-'))
let homes = 0

function newHome(): string {
  const home = join(root, String(++homes))
  mkdirSync(home)
  return home
}

/** A process that tries to lock a home. */
class Holder {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: AsyncIterator<string>

  constructor(home: string) {
    const env = { ...process.env, NODE_COMPILE_CACHE: join(root, 'compiled') }
    this.#child = spawn(process.execPath, [HOLDER, home], { env, stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
    holders.add(this)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  async says(): Promise<string> {
    const line = await this.#lines.next()
    return String(line.value)
  }

  go(): void {
    this.#child.stdin.write('go\n')
  }

  async kill(): Promise<void> {
    holders.delete(this)
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }
}

const holders = new Set<Holder>()
afterEach(async () => {
  for (const holder of holders) await holder.kill()
})
afterAll(() => rmSync(root, { recursive: true }))

async function holding(home: string): Promise<Holder> {
  const holder = new Holder(home)
  expect(await holder.says()).toBe('ready')
  holder.go()
  expect(await holder.says()).toBe('won')
  return holder
}

describe('openHomeLock', () => {
  it('refuses a second holder and names the pid of the first', async () => {
    const home = newHome()
    const holder = await holding(home)
    expect(() => openHomeLock(home)).toThrow(
      expect.objectContaining({ code: 'home-locked', message: `process ${holder.pid} uses ${home}` }),
    )
  })

  it('refuses a second holder in the same process', () => {
    const home = newHome()
    const lock = openHomeLock(home)
    expect(() => openHomeLock(home)).toThrow(expect.objectContaining({ code: 'home-locked' }))
    lock.release()
  })

  it('lets another have it once it is released, and releases once', () => {
    const home = newHome()
    const first = openHomeLock(home)
    first.release()
    const second = openHomeLock(home)
    first.release()
    expect(() => openHomeLock(home)).toThrow(expect.objectContaining({ code: 'home-locked' }))
    second.release()
    expect(readdirSync(home)).toEqual([])
  })

  it('takes over from a process that was killed', async () => {
    const home = newHome()
    const holder = await holding(home)
    await holder.kill()
    const lock = openHomeLock(home)
    expect(JSON.parse(readFileSync(join(home, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid })
    lock.release()
  })

  it.runIf(hasProc)('takes over from a process whose pid another has now', () => {
    const home = newHome()
    const self = ownOwner()
    writeFileSync(join(home, 'lock'), formatOwner({ ...self, started: `${self.started}1` }))
    openHomeLock(home).release()
    writeFileSync(join(home, 'lock'), formatOwner({ ...self, boot: 'before the machine was started anew' }))
    openHomeLock(home).release()
    writeFileSync(join(home, 'lock'), formatOwner(self))
    expect(() => openHomeLock(home)).toThrow(expect.objectContaining({ code: 'home-locked' }))
  })

  it('leaves the lock to whoever has it when it is released late', async () => {
    const home = newHome()
    const lock = openHomeLock(home)
    rmSync(join(home, 'lock'))
    const holder = await holding(home)
    lock.release()
    expect(JSON.parse(readFileSync(join(home, 'lock'), 'utf8'))).toMatchObject({ pid: holder.pid })
  })

  it('takes over beside a process that is writing its name just now', async () => {
    const home = newHome()
    const dead = await holding(home)
    await dead.kill()
    writeFileSync(join(home, 'lock.draft-of-another'), '')
    const lock = openHomeLock(home)
    expect(readdirSync(home).sort()).toEqual(['lock', 'lock.draft-of-another'])
    lock.release()
  })

  it('lets one of several processes win that race for a stale lock', async () => {
    for (let round = 0; round < 4; round++) {
      const home = newHome()
      const dead = await holding(home)
      await dead.kill()
      const racers = Array.from({ length: 6 }, () => new Holder(home))
      for (const racer of racers) expect(await racer.says()).toBe('ready')
      for (const racer of racers) racer.go()
      const answers = await Promise.all(racers.map((racer) => racer.says()))
      expect(answers.filter((answer) => answer === 'won')).toHaveLength(1)
      expect(answers.filter((answer) => answer.startsWith('home-locked: process '))).toHaveLength(5)
      for (const racer of racers) await racer.kill()
    }
  })

  it('says that the home is missing, or what else failed', () => {
    expect(() => openHomeLock(join(root, 'nowhere'))).toThrow(
      expect.objectContaining({ code: 'home-missing' }),
    )
    const file = join(root, 'file')
    writeFileSync(file, '')
    expect(() => openHomeLock(file)).toThrow(expect.objectContaining({ code: 'store-io' }))
  })
})

describe.runIf(hasProc)('isAlive', () => {
  it('is true of this process, false of one that ended and of one that nobody waited for yet', async () => {
    const self = ownOwner()
    expect(isAlive(self)).toBe(true)
    const child = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    const zombie = Number(line)
    await untilZombie(zombie)
    expect(isAlive({ pid: zombie, nonce: self.nonce })).toBe(false)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(isAlive({ pid: child.pid ?? 0, nonce: self.nonce })).toBe(false)
  })
})

/** The child of a process that never waits for it stays as a zombie. */
async function untilZombie(pid: number): Promise<void> {
  while (!readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '))
    await new Promise((done) => setImmediate(done))
}
