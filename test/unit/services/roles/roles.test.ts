import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { openExecRunner } from '../../../../src/adapters/exec/exec-runner.ts'
import { systemClock } from '../../../../src/adapters/system/clock.ts'
import { CID } from '../../../../src/codec/cid.ts'
import type { Payload } from '../../../../src/codec/payload/verbs.ts'
import type { Runner, RunOutcome } from '../../../../src/ports/runner.ts'
import type { NeedNews } from '../../../../src/services/roles/requester.ts'
import {
  capabilityOf,
  credits,
  FunctionRunner,
  hashing,
  lying,
  needOfKey,
  type Player,
  type PlayerOptions,
  Troupe,
} from '../../../setup/troupe.ts'

const { sha256 } = nodeCrypto
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const JUDGES = ['judge 0', 'judge 1', 'judge 2', 'judge 3']

/** Looks at every result, whatever the bond. */
const CHALLENGER = { bondMax: 10_000_000_000n, sharePpm: 1_000_000 }

const troupes: Troupe[] = []
afterEach(async () => {
  for (const { players } of troupes.splice(0)) await Promise.all(players.map((player) => player.stop()))
})

/** A requester, verifiers that hash, and these workers. */
function assemble(
  workers: readonly PlayerOptions[],
  judges: readonly string[] = JUDGES,
  program: () => Runner = hashing,
) {
  const names = workers.map((_, at) => `worker ${at}`)
  const troupe = new Troupe(judges, ['requester', ...names])
  troupes.push(troupe)
  const requester = troupe.join('requester', { switches: { worker: false, verifier: false } })
  const judging = judges.map((name) =>
    troupe.join(name, {
      capabilities: [capabilityOf(program(), { works: false })],
      switches: { worker: false },
    }),
  )
  const working = workers.map((options, at) => troupe.join(`worker ${at}`, options))
  return { troupe, requester, judging, working }
}

const worker = (runner = hashing(), price = 500_000n): PlayerOptions => ({
  capabilities: [capabilityOf(runner, { judges: false }, { price })],
})

async function post(troupe: Troupe, player: Player, payload: Payload<'NEED'>): Promise<string> {
  await troupe.until(() => registered(troupe))
  const said = await player.requester.post(payload)
  if (!said.ok) throw new Error(said.error.message)
  return said.value.id
}

/** Workers have their manifests in force. */
function registered({ players, stage }: Troupe): boolean {
  return players.every(
    ({ name, did }) =>
      !name.startsWith('worker') || stage.hub.records.get('agents', did)?.manifest !== undefined,
  )
}

const isSettled = (troupe: Troupe, need: string) => () => troupe.needOf(need)?.over !== undefined

describe('a need', () => {
  it.each(['simple', 'complex'] as const)('of class %s goes from NEED to its result', async (task_class) => {
    const { troupe, requester, working } = assemble([worker()])
    const payload = needOfKey('a', { task_class, budget: credits(20) })
    const need = await post(troupe, requester, payload)
    const news: NeedNews[] = []
    const following = (async () => {
      for await (const one of requester.requester.follow(need, 'a')) news.push(one)
    })()
    await troupe.until(isSettled(troupe, need))
    await following
    expect(troupe.needOf(need)?.state).toBe('SETTLED')
    expect(news.at(-1)).toMatchObject({ kind: 'over', state: 'SETTLED' })
    const states = news.flatMap((one) => (one.kind === 'state' ? [one.progress.state] : []))
    expect(states).toEqual(expect.arrayContaining(['OPEN', 'CLAIMED', 'FINAL']))
    expect(await requester.requester.result(need)).toEqual(sha256(utf8('a')))
    expect(working[0]?.said('COMMIT')).toHaveLength(1)
    expect(requester.requester.posted('a')).toBe(need)
  })

  it('whose result is large is delivered through the content store', async () => {
    const large = () => new FunctionRunner(() => new Uint8Array(200_000).fill(7))
    const { troupe, requester } = assemble([worker(large())], JUDGES, large)
    const need = await post(troupe, requester, needOfKey('a'))
    await troupe.until(isSettled(troupe, need))
    expect(troupe.needOf(need)?.state).toBe('SETTLED')
    expect((await requester.requester.result(need)).length).toBe(200_000)
  })

  it('that costs more than there is is refused, and the requester is told', async () => {
    const { troupe } = assemble([worker()])
    const poor = troupe.join('poor', { switches: { worker: false, verifier: false } })
    const need = await post(troupe, poor, needOfKey('a'))
    const news = poor.requester.follow(need, 'a')
    expect((await news.next()).value).toMatchObject({ kind: 'refused', code: 'INSUFFICIENT_FUNDS' })
    expect((await news.next()).done).toBe(true)
  })

  it('can be taken back while it is OPEN', async () => {
    const { troupe, requester } = assemble([])
    const need = await post(troupe, requester, needOfKey('a'))
    await troupe.until(() => troupe.needOf(need)?.state === 'OPEN')
    requester.roles.cancel(need)
    await troupe.until(isSettled(troupe, need))
    expect(troupe.needOf(need)?.state).toBe('CANCELLED')
    expect(requester.said('CANCEL')).toHaveLength(1)
  })

  it('waits for the needs that it requires, whose results are files of its task', async () => {
    const runner = hashing()
    const { troupe, requester } = assemble([worker(runner)])
    const first = await post(troupe, requester, needOfKey('a'))
    const second = await post(troupe, requester, needOfKey('b', { requires: [CID.parse(first)] }))
    await troupe.until(isSettled(troupe, second))
    expect(troupe.needOf(first)?.state).toBe('SETTLED')
    const job = runner.jobs.find(({ task }) => task.need === second)
    expect(job?.files).toEqual([{ name: first, bytes: sha256(utf8('a')) }])
  })
})

describe('a worker', () => {
  it('that lies is rejected, and the next one delivers', async () => {
    const { troupe, requester, working } = assemble([worker(lying(), 100_000n), worker(hashing(), 900_000n)])
    const need = await post(troupe, requester, needOfKey('a'))
    await troupe.until(isSettled(troupe, need))
    expect(troupe.needOf(need)).toMatchObject({ state: 'SETTLED', attempt: 1 })
    expect(working.map((one) => one.said('COMMIT').length)).toEqual([1, 1])
    expect(await requester.requester.result(need)).toEqual(sha256(utf8('a')))
  })

  it('whose job crashes yields, and says why', async () => {
    const crash: RunOutcome = {
      kind: 'failed',
      exit: { kind: 'code', code: 3 },
      stderr: '',
      usage: { bytes: 0, wallMs: 0 },
    }
    const failing = worker(new FunctionRunner(() => crash), 100_000n)
    const { troupe, requester, working } = assemble([failing, worker(hashing(), 900_000n)])
    const need = await post(troupe, requester, needOfKey('a'))
    await troupe.until(isSettled(troupe, need))
    expect(troupe.needOf(need)).toMatchObject({ state: 'SETTLED', attempt: 1 })
    expect(working[0]?.said('YIELD')[0]?.body.payload).toMatchObject({ reason: 'ended with code 3' })
    expect(working[0]?.roles.status('agent')).toMatchObject({ failed: 1, lastError: 'ended with code 3' })
  })

  it('that is restarted in the middle goes on, and delivers once', async () => {
    const gate = new Gate()
    const runner = new FunctionRunner(({ input }, signal) => gate.pass(sha256(input), signal))
    const { troupe, requester, working } = assemble([worker(runner)])
    const need = await post(troupe, requester, needOfKey('a'))
    const [one] = working
    if (one === undefined) throw new Error('a worker')
    one.waits = () => gate.waiting > 0
    await troupe.until(() => gate.waiting > 0)
    await one.restart()
    await troupe.until(() => gate.waiting > 0)
    gate.open()
    await troupe.until(isSettled(troupe, need))
    expect(troupe.needOf(need)).toMatchObject({ state: 'SETTLED', attempt: 0 })
    expect(runner.jobs).toHaveLength(2)
    expect(one.said('COMMIT')).toHaveLength(1)
    expect(one.said('PROPOSE')).toHaveLength(1)
  })

  it('beats while its job runs, and keeps the lease as long as that takes', async () => {
    const gate = new Gate()
    const runner = new FunctionRunner(({ input }, signal) => gate.pass(sha256(input), signal))
    const { troupe, requester, working } = assemble([worker(runner)])
    const need = await post(troupe, requester, needOfKey('a'))
    const [one] = working
    if (one === undefined) throw new Error('a worker')
    one.waits = () => gate.waiting > 0
    await troupe.until(() => gate.waiting > 0)
    for (let slot = 0; slot < 120; slot++) await troupe.step() // three times the lease
    expect(troupe.needOf(need)).toMatchObject({ state: 'CLAIMED', attempt: 0 })
    expect(one.said('HEARTBEAT').length).toBeGreaterThan(20)
    gate.open()
    await troupe.until(isSettled(troupe, need))
    expect(troupe.needOf(need)?.state).toBe('SETTLED')
  })

  it('whose capability is taken away gives back what it holds, and its job is stopped', async () => {
    const gate = new Gate()
    const runner = new FunctionRunner(({ input }, signal) => gate.pass(sha256(input), signal))
    const { troupe, requester, working } = assemble([worker(runner, 100_000n), worker(hashing(), 900_000n)])
    const need = await post(troupe, requester, needOfKey('a'))
    const [one] = working
    if (one === undefined) throw new Error('a worker')
    one.waits = () => gate.waiting > 0
    await troupe.until(() => gate.waiting > 0)
    one.roles.detach('agent')
    await troupe.until(() => gate.stopped === 1)
    expect(isSettled(troupe, need)()).toBe(false)
    await troupe.until(isSettled(troupe, need))
    expect(one.said('YIELD')).toHaveLength(1)
    expect(troupe.needOf(need)).toMatchObject({ state: 'SETTLED', attempt: 1 })
  })

  it('bids for no more than it has room for', async () => {
    const one = { capabilities: [capabilityOf(hashing(), { judges: false, parallelMax: 1, queueMax: 1 })] }
    const { troupe, requester, working } = assemble([one])
    await troupe.until(() => registered(troupe))
    const keys = ['a', 'b', 'c', 'd', 'e']
    await Promise.all(keys.map((key) => requester.requester.post(needOfKey(key))))
    const isBid = () => (working[0]?.said('PROPOSE').length ?? 0) > 0
    await troupe.until(isBid)
    await troupe.step()
    expect(working[0]?.said('PROPOSE')).toHaveLength(2)
  })

  it('runs a command, and verifiers theirs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'roles-exec-'))
    const runner = openExecRunner({
      command: ['sh', '-c', 'read task; echo done'],
      isolation: 'none',
      least: 'none',
      unsafe: true,
      limits: {
        wallMsMax: 60_000,
        cpuMsMax: 60_000,
        memoryBytesMax: 536_870_912,
        processesMax: 64,
        openFilesMax: 64,
        outputBytesMax: 65_536,
      },
      environment: {},
      readable: [],
      folder,
      jobsMax: 4,
      clock: systemClock,
    })
    const troupe = new Troupe(JUDGES, ['requester', 'worker 0'])
    troupes.push(troupe)
    const requester = troupe.join('requester', { switches: { worker: false, verifier: false } })
    for (const name of JUDGES) {
      troupe.join(name, {
        capabilities: [capabilityOf(runner, { works: false })],
        switches: { worker: false },
      })
    }
    troupe.join('worker 0', {
      capabilities: [capabilityOf(runner, { judges: false }, { isolation: 'none' })],
    })
    const need = await post(troupe, requester, needOfKey('a'))
    await troupe.until(isSettled(troupe, need))
    expect(troupe.needOf(need)?.state).toBe('SETTLED')
    expect(new TextDecoder().decode(await requester.requester.result(need))).toBe('done\n')
    await runner.close()
    rmSync(folder, { recursive: true, force: true })
  })
})

describe('a verifier', () => {
  it('that is restarted does not say twice what it said, whatever its program says now', async () => {
    const { troupe, requester, judging } = assemble([worker()])
    const need = await post(troupe, requester, needOfKey('a', { budget: credits(20), task_class: 'complex' }))
    const bound = () => judging.filter((one) => one.said('ATTEST_COMMIT').length > 0)
    await troupe.until(() => bound().length > 0)
    await Promise.all(judging.map((one) => one.restart()))
    await troupe.until(isSettled(troupe, need))
    expect(troupe.needOf(need)?.state).toBe('SETTLED')
    for (const one of judging) {
      expect(one.said('ATTEST_COMMIT').length).toBeLessThanOrEqual(1)
      expect(one.said('ATTEST').length).toBeLessThanOrEqual(1)
    }
  })

  it('that registers itself is seated', async () => {
    const troupe = new Troupe(['judge 0'], ['requester', 'worker 0', 'newcomer'])
    troupes.push(troupe)
    const newcomer = troupe.join('newcomer', {
      capabilities: [capabilityOf(hashing(), { works: false })],
      switches: { worker: false },
      stake: 1_000_000_000n,
    })
    await troupe.until(() => troupe.stage.hub.records.get('agents', newcomer.did)?.isActive === true)
    expect(newcomer.said('REGISTER')).toHaveLength(1)
    expect(troupe.stage.hub.records.get('accounts', newcomer.did)?.stake).toBe(1_000_000_000n)
  })

  it('that has no program for a need finds its result unavailable', async () => {
    const troupe = new Troupe(['judge 0'], ['requester', 'worker 0'])
    troupes.push(troupe)
    const requester = troupe.join('requester', { switches: { worker: false, verifier: false } })
    const judge = troupe.join('judge 0', { switches: { worker: false } })
    troupe.join('worker 0', worker())
    const need = await post(troupe, requester, needOfKey('a'))
    await troupe.until(() => judge.said('ATTEST').length > 0)
    expect(judge.said('ATTEST')[0]?.body.payload).toMatchObject({ verdict: 'unavailable' })
    expect(troupe.needOf(need)?.state).not.toBe('FINAL')
  })
})

describe('a challenger', () => {
  it('finds a wrong result that seats have waved through', async () => {
    const nodding = lying()
    const troupe = new Troupe(JUDGES, ['requester', 'worker 0', 'worker 1', 'doubter'])
    troupes.push(troupe)
    const requester = troupe.join('requester', { switches: { worker: false, verifier: false } })
    const judges = JUDGES.map((name) =>
      troupe.join(name, {
        capabilities: [capabilityOf(nodding, { works: false })],
        switches: { worker: false },
      }),
    )
    troupe.join('worker 0', worker(lying(), 100_000n))
    const doubter = troupe.join('doubter', {
      capabilities: [capabilityOf(hashing(), { works: false, judges: false, challenges: true })],
      switches: { worker: false, verifier: false, challenger: CHALLENGER },
    })
    const need = await post(troupe, requester, needOfKey('a', { budget: credits(20) }))
    await troupe.until(() => doubter.said('CHALLENGE').length > 0)
    await troupe.until(
      () => judges.some((one) => one.said('VERDICT').length > 0) || isSettled(troupe, need)(),
    )
    const verdicts = judges.flatMap((one) => one.said('VERDICT'))
    expect(doubter.said('CHALLENGE_COMMIT')).toHaveLength(1)
    for (const { body } of verdicts) expect(body.payload).toMatchObject({ outcome: 'rejected' })
  })

  it('is right where the seats of the challenge do the work as it does: they know the result that travelled in its COMMIT', async () => {
    let areLying = true
    const turning = () =>
      new FunctionRunner(({ input }) => (areLying ? sha256(sha256(input)) : sha256(input)))
    const troupe = new Troupe(JUDGES, ['requester', 'worker 0', 'worker 1', 'doubter'])
    troupes.push(troupe)
    // Nobody keeps the result.
    const requester = troupe.join('requester', { switches: { worker: false, verifier: false } })
    requester.requester.stop()
    const judges = JUDGES.map((name) =>
      troupe.join(name, {
        capabilities: [capabilityOf(turning(), { works: false })],
        switches: { worker: false },
      }),
    )
    troupe.join('worker 0', worker(lying(), 100_000n))
    troupe.join('worker 1', worker(hashing(), 900_000n))
    const doubter = troupe.join('doubter', {
      capabilities: [capabilityOf(hashing(), { works: false, judges: false, challenges: true })],
      switches: { worker: false, verifier: false, challenger: CHALLENGER },
    })
    const need = await post(troupe, requester, needOfKey('a', { budget: credits(20) }))
    await troupe.until(() => doubter.said('CHALLENGE').length > 0)
    areLying = false
    await troupe.until(isSettled(troupe, need))
    const verdicts = judges.flatMap((one) => one.said('VERDICT'))
    expect(verdicts.map(({ body }) => body.payload)).toMatchObject([{ outcome: 'upheld' }])
    expect(troupe.needOf(need)).toMatchObject({ state: 'SETTLED', attempt: 1, upheld: 1 })
  })

  it('leaves alone what none of its agents is there to challenge, though they could judge it', async () => {
    const nodding = lying()
    const troupe = new Troupe(JUDGES, ['requester', 'worker 0', 'bystander'])
    troupes.push(troupe)
    const requester = troupe.join('requester', { switches: { worker: false, verifier: false } })
    for (const name of JUDGES) {
      const capabilities = [capabilityOf(nodding, { works: false })]
      troupe.join(name, { capabilities, switches: { worker: false } })
    }
    troupe.join('worker 0', worker(lying(), 100_000n))
    const bystander = troupe.join('bystander', {
      capabilities: [capabilityOf(hashing(), { works: false })],
      switches: { worker: false, verifier: false, challenger: CHALLENGER },
    })
    const need = await post(troupe, requester, needOfKey('a', { budget: credits(20) }))
    await troupe.until(isSettled(troupe, need))
    expect(troupe.needOf(need)?.state).toBe('SETTLED')
    expect(bystander.said('CHALLENGE_COMMIT')).toEqual([])
  })
})

/** Holds jobs back until it is opened. */
class Gate {
  waiting = 0
  stopped = 0
  #isOpen = false
  readonly #waiters = new Set<() => void>()

  open(): void {
    this.#isOpen = true
    for (const go of this.#waiters) go()
  }

  async pass(output: Uint8Array, signal: AbortSignal | undefined): Promise<RunOutcome> {
    this.waiting += 1
    try {
      if (!this.#isOpen) await this.#held(signal)
    } finally {
      this.waiting -= 1
    }
    return { kind: 'done', output, usage: { gas: 1, bytes: output.length, wallMs: 1 } }
  }

  #held(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((go, stop) => {
      this.#waiters.add(go)
      signal?.addEventListener('abort', () => {
        this.stopped += 1
        stop(signal.reason as Error)
      })
    })
  }
}
