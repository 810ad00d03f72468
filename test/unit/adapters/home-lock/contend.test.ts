import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { contend, letGo } from '../../../../src/adapters/home-lock/contend.ts'
import { formatOwner, type Owner } from '../../../../src/adapters/home-lock/owner.ts'

// In memory where there is such a place: thousands of homes, and nothing here is about what survives.
const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'canswarm-lock-'))
afterAll(() => rmSync(root, { recursive: true }))
let homes = 0

function newHome(): string {
  const home = join(root, String(++homes))
  mkdirSync(home)
  return home
}

function owner(pid: number): Owner {
  return { pid, started: '1', boot: 'b', nonce: pid.toString(16).padStart(32, '0') }
}

/** Processes whose steps a test puts in any order, and that it can end between any two. */
class Contest {
  readonly home = newHome()
  readonly #steps = new Map<number, Generator<undefined, Owner | undefined>>()
  readonly #alive = new Set<number>()
  readonly winners = new Set<number>()
  readonly losers = new Set<number>()
  #pids = 0

  /** A lock of a process that is gone. */
  leaveStale(): void {
    writeFileSync(join(this.home, 'lock'), formatOwner(owner(++this.#pids)))
  }

  start(): number {
    const pid = ++this.#pids
    this.#alive.add(pid)
    this.#steps.set(
      pid,
      contend(this.home, owner(pid), ({ pid: other }) => this.#alive.has(other)),
    )
    return pid
  }

  get running(): readonly number[] {
    return [...this.#steps.keys()]
  }

  /** One step; at most one process that is alive may have won. */
  step(pid: number): void {
    const step = this.#steps.get(pid)?.next()
    if (step?.done !== true) return
    this.#steps.delete(pid)
    if (step.value === undefined) this.winners.add(pid)
    else this.losers.add(pid)
    expect(this.winners.size).toBeLessThanOrEqual(1)
  }

  /** Ends a process where it stands: nothing of it is cleaned up. */
  kill(pid: number): void {
    this.#alive.delete(pid)
    this.#steps.delete(pid)
    this.winners.delete(pid)
  }

  release(pid: number): void {
    letGo(this.home, owner(pid))
    this.winners.delete(pid)
    this.#alive.delete(pid)
  }

  finish(): void {
    while (this.running.length > 0) for (const pid of this.running) this.step(pid)
  }
}

const schedule = fc.array(fc.nat({ max: 99 }), { minLength: 30, maxLength: 120 })

describe('contend', () => {
  it('lets exactly one of several win, whatever the order of their steps', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5 }), fc.boolean(), schedule, (count, stale, order) => {
        const contest = new Contest()
        if (stale) contest.leaveStale()
        for (let i = 0; i < count; i++) contest.start()
        for (const pick of order) {
          const pid = contest.running[pick % Math.max(1, contest.running.length)]
          if (pid !== undefined) contest.step(pid)
        }
        contest.finish()
        expect(contest.winners.size).toBe(1)
        expect(contest.losers.size).toBe(count - 1)
      }),
      { numRuns: 300 },
    )
  })

  it('never lets two win, though processes die and others come at any moment', () => {
    const act = fc.tuple(
      fc.constantFrom('step', 'step', 'step', 'step', 'step', 'kill', 'start', 'release'),
      fc.nat(),
    )
    fc.assert(
      fc.property(fc.array(act, { minLength: 40, maxLength: 200 }), (acts) => {
        const contest = new Contest()
        contest.leaveStale()
        for (let i = 0; i < 3; i++) contest.start()
        for (const [what, pick] of acts) {
          const { running, winners } = contest
          const any = [...running, ...winners][pick % Math.max(1, running.length + winners.size)]
          if (what === 'start') contest.start()
          else if (what === 'release') for (const pid of winners) contest.release(pid)
          else if (any !== undefined && what === 'kill') contest.kill(any)
          else if (any !== undefined) contest.step(any)
        }
        contest.finish()
        for (const pid of contest.winners) contest.kill(pid)
        const last = contest.start()
        contest.finish()
        expect([...contest.winners]).toEqual([last])
      }),
      { numRuns: 300 },
    )
  })

  it('leaves only the lock behind when it has won, also after others died half way', () => {
    const contest = new Contest()
    contest.leaveStale()
    for (let steps = 0; steps < 12; steps++) {
      const pid = contest.start()
      for (let i = 0; i < steps; i++) contest.step(pid)
      contest.kill(pid)
    }
    contest.start()
    contest.finish()
    expect(contest.winners.size).toBe(1)
    expect(readdirSync(contest.home)).toEqual(['lock'])
  })

  it('leaves nothing behind when it has lost', () => {
    const contest = new Contest()
    contest.start()
    contest.finish()
    contest.start()
    contest.finish()
    expect(contest.losers.size).toBe(1)
    expect(readdirSync(contest.home)).toEqual(['lock'])
  })

  it('refuses to judge a lock file that names no process', () => {
    const home = newHome()
    for (const text of ['', '123', '{"pid":0,"nonce":"00"}', `{"pid":7,"nonce":"${'g'.repeat(32)}"}`]) {
      writeFileSync(join(home, 'lock'), text)
      expect(() => [...contend(home, owner(1), () => false)]).toThrow(
        expect.objectContaining({
          code: 'home-locked',
          message: expect.stringContaining('names no process') as string,
        }),
      )
    }
    expect(readdirSync(home)).toEqual(['lock'])
  })
})
