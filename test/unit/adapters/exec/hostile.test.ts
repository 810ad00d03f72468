import { readdirSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import type { Isolation } from '../../../../src/model/isolation.ts'
import { type Changes, FOLDER, JOB, living, runnerOf, sandboxIsMissing, sh, textOf } from './run.ts'

const MISSING = await sandboxIsMissing()
if (MISSING !== '') console.warn(`sandboxes are not tested: ${MISSING}`)
const LEVELS: readonly Isolation[] = MISSING === '' ? ['none', 'sandbox'] : ['none']

let marks = 0
/** A time to sleep that no other process sleeps. */
const sleepOf = (): string => `1000.${process.pid}${marks++}`

/** Nothing is left: no process, no file. */
async function expectNothingLeft(mark: string): Promise<void> {
  await vi.waitFor(() => expect(living(mark)).toEqual([]), { timeout: 20_000, interval: 10 })
  expect(readdirSync(FOLDER)).toEqual([])
}

describe.each(LEVELS)('a hostile command, level %s', (level) => {
  const run = (script: string, limits: Changes['limits'] = {}, signal?: AbortSignal) =>
    sh(script, level, { limits }, signal)

  it('that ignores SIGTERM ends with its wall time', async () => {
    const mark = sleepOf()
    const outcome = await run(`trap '' TERM HUP INT; sleep ${mark}; sleep ${mark}`, { wallMsMax: 300 })
    expect(outcome).toMatchObject({ kind: 'limited', limit: 'wall' })
    await expectNothingLeft(mark)
  })

  it('that uses the processor, alone or by turns of many, ends with its share', async () => {
    const limits = { cpuMsMax: 200 }
    expect(await run('while :; do :; done', limits)).toMatchObject({ kind: 'limited', limit: 'cpu' })
    const many = 'for i in 1 2 3 4; do (while :; do :; done) & done; wait'
    expect(await run(many, limits)).toMatchObject({ kind: 'limited', limit: 'cpu' })
  })

  it('that takes memory ends with its share', async () => {
    const script = 'const a = []; setInterval(() => a.push(Buffer.alloc(8000000, 1)), 5)'
    const limits = { memoryBytesMax: 268_435_456 }
    const outcome = await runnerOf([process.execPath, '-e', script], level, { limits }).run(JOB)
    expect(outcome).toMatchObject({ kind: 'limited', limit: 'memory' })
  })

  it('that starts process after process is held to its number', async () => {
    const mark = sleepOf()
    const script = `i=0; while [ $i -lt 200 ]; do sleep ${mark} & i=$((i+1)); done; wait`
    const outcome = await run(script, { processesMax: 24 })
    // Where the kernel counts, starting another fails; where it does not, the watch ends them all.
    expect(outcome.kind === 'limited' ? outcome.limit : outcome.kind).toMatch(/^(?:processes|failed)$/u)
    await expectNothingLeft(mark)
  })

  it('that writes without end to its output, or to a file, or to many, ends at the bound', async () => {
    const limited = { kind: 'limited', limit: 'output' }
    expect(await run('yes')).toMatchObject(limited)
    expect(await run('exec yes > big')).toMatchObject(limited)
    const many = 'i=0; while :; do head -c 60000 /dev/zero > f$i; i=$((i+1)); done'
    expect(await run(many)).toMatchObject(limited)
  })

  it('that writes without end to standard error is read to the end, and 4,096 bytes are kept', async () => {
    const outcome = await run('yes 0123456 | head -c 4000000 >&2; echo last words >&2; exit 7')
    expect(outcome).toMatchObject({ kind: 'failed', exit: { kind: 'code', code: 7 } })
    const stderr = outcome.kind === 'failed' ? outcome.stderr : ''
    expect([stderr.length, stderr.slice(-11)]).toEqual([4_096, 'last words\n'])
  })

  it('whose grandchild keeps the output open is over when it is over, and the grandchild too', async () => {
    const mark = sleepOf()
    expect(textOf(await run(`sleep ${mark} & echo done`))).toBe('done\n')
    await expectNothingLeft(mark)
  })

  it('whose grandchild makes a session of its own leaves nothing behind', async () => {
    const mark = sleepOf()
    // Long enough for a look.
    expect(textOf(await run(`setsid sleep ${mark} & sleep 0.5; echo done`))).toBe('done\n')
    await expectNothingLeft(mark)
  })

  it('that does not read its input, or closes it, is done all the same', async () => {
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => run('exec <&-; echo done')))
    expect(outcomes.map(textOf)).toEqual(Array(6).fill('done\n'))
  })

  it('aborted, is killed with all that it started, and the reason comes back as it was', async () => {
    const mark = sleepOf()
    const reason = new Error('no longer wanted')
    const stop = new AbortController()
    const pending = run(`trap '' TERM; sleep ${mark} & sleep ${mark}`, {}, stop.signal)
    await vi.waitFor(() => expect(living(mark).length).toBeGreaterThan(1), { timeout: 20_000, interval: 10 })
    stop.abort(reason)
    await expect(pending).rejects.toBe(reason)
    await expectNothingLeft(mark)
    await expect(run('echo', {}, AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  it('that locks its folder away leaves nothing behind', async () => {
    const outcome = await run('mkdir -p a/b; echo x > a/b/c; chmod 000 a/b a; chmod 000 .; echo done')
    expect(textOf(outcome)).toBe('done\n')
    expect(readdirSync(FOLDER)).toEqual([])
  })

  it('that is ended by a signal has failed by that signal', async () => {
    expect(await run('kill -SEGV $$')).toMatchObject({
      kind: 'failed',
      exit: { kind: 'signal', signal: 'SIGSEGV' },
    })
  })
})
