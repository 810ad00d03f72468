import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { openExecRunner } from '../../../src/adapters/exec/exec-runner.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import { planTask } from '../../../src/adapters/wasm/plan-task.ts'
import { taskJob } from '../../../src/adapters/wasm/task-job.ts'
import { TaskSite, type WasmOutcome } from '../../../src/adapters/wasm/task-site.ts'
import { decodeDagJson } from '../../../src/codec/dag-json/decode.ts'
import { encodeDagJson } from '../../../src/codec/dag-json/encode.ts'
import { meterTask } from '../../../src/core/task/meter-task.ts'
import type { Isolation } from '../../../src/model/isolation.ts'
import { EXEC_LIMITS } from '../../../src/node/tasks/exec.ts'
import { WASM_LIMITS } from '../../../src/node/tasks/wasm.ts'

const WORKERS = new URL('../../../examples/workers/', import.meta.url)
const SCRIPT = fileURLToPath(new URL('text-stats.mjs', WORKERS))
const script: unknown = await import(SCRIPT)
const { textStatistics } = script as { textStatistics: (bytes: Uint8Array) => string }

const FOLDER = mkdtempSync(join(tmpdir(), 'text-stats-'))
afterAll(() => rmSync(FOLDER, { recursive: true }))

const plan = planTask(new Uint8Array(readFileSync(new URL('text-stats.wasm', WORKERS))), meterTask)
if (!plan.ok) throw new Error(plan.error.message)
const site = new TaskSite(plan.value)
const SEED = new Uint8Array(32)

function byModule(input: Uint8Array): WasmOutcome {
  return site.run(taskJob({ input, seed: SEED }, WASM_LIMITS).task)
}

function textByModule(input: Uint8Array): string {
  const outcome = byModule(input)
  return outcome.kind === 'done' ? new TextDecoder().decode(outcome.output) : outcome.kind
}

const bytesOf = (text: string) => new TextEncoder().encode(text)

describe('statistics of a text', () => {
  it('count lines, words, characters and bytes, the most frequent words first, and hash the bytes', () => {
    const bytes = bytesOf('The cat — the “Katze” – sat.\nÄpfel 42, äpfel: THE end')
    expect(JSON.parse(textStatistics(bytes))).toEqual({
      bytes: bytes.length,
      characters: 53,
      frequent: [
        { count: 3, word: 'the' },
        { count: 1, word: '42' },
        { count: 1, word: 'cat' },
        { count: 1, word: 'end' },
        { count: 1, word: 'katze' },

        { count: 1, word: 'sat' },
        { count: 1, word: 'Äpfel' },
        { count: 1, word: 'äpfel' },
      ],
      lines: 2,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      v: 1,
      words: 10,
    })
  })

  it.each([
    ['', 0],
    ['a', 1],
    ['a\n', 1],
    ['a\n\n', 2],
    ['\na', 2],
  ])('a line ends with a line feed or with the text: %j has %d', (text, lines) => {
    expect(JSON.parse(textStatistics(bytesOf(text)))).toMatchObject({ lines })
  })

  it('are canonical, and the same bytes by the script and by the module', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('the ', 'The\n', ' a b a ', '\u2003', 'é', '𝒳', '\u3000x', '\u0000', '"\\'),
    )
    const text = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(text, (value) => {
        const bytes = bytesOf(value)
        const output = textStatistics(bytes)
        expect(textByModule(bytes)).toBe(output)
        const decoded = decodeDagJson(output)
        expect(decoded.ok && encodeDagJson(decoded.value)).toBe(output)
      }),
      { numRuns: 60 },
    )
  })

  it('are the same for every length of text around the blocks of the hash, and for many words', () => {
    for (let size = 0; size < 140; size++) {
      const bytes = bytesOf('abc de\n'.repeat(20)).subarray(0, size)
      expect(textByModule(bytes)).toBe(textStatistics(bytes))
    }
    const many = bytesOf(Array.from({ length: 30_000 }, (_, at) => `w${(at * 7_919) % 9_001}`).join(' '))
    expect(textByModule(many)).toBe(textStatistics(many))
  })

  it('are refused, by both, for bytes that are no UTF-8', () => {
    const bytes = fc.array(
      fc.constantFrom(0x41, 0x80, 0xbf, 0xc1, 0xc3, 0xe0, 0xa0, 0xed, 0x9f, 0xf0, 0x90, 0xf4, 0x8f, 0xf5),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(bytes, (list) => {
        const input = Uint8Array.from(list)
        const outcome = byModule(input)
        if (outcome.kind === 'done')
          expect(textStatistics(input)).toBe(new TextDecoder().decode(outcome.output))
        else {
          expect(outcome).toMatchObject({ kind: 'exited', code: 1, stderr: 'the input is not UTF-8\n' })
          expect(() => textStatistics(input)).toThrow(TypeError)
        }
      }),
      { numRuns: 400 },
    )
  })
})

describe('the worker as a command', () => {
  it.each<Isolation>(['none', 'sandbox'])(
    'prints for its task what the module gives, each time: %s',
    async (isolation) => {
      const runner = openExecRunner({
        command: [process.execPath, SCRIPT],
        isolation,
        least: isolation,
        unsafe: isolation === 'none',
        limits: EXEC_LIMITS,
        environment: {},
        readable: [process.execPath, SCRIPT],
        folder: FOLDER,
        jobsMax: 2,
        clock: systemClock,
      })
      const task = {
        need: 'n',
        attempt: 0,
        task_type: 'text/stats',
        capability: 'text/stats',
        label: 'statistics',
      }
      const input = new Uint8Array(readFileSync(new URL('../../README.md', WORKERS)))
      const job = { task, input, seed: SEED }
      const outcomes = await Promise.all([
        runner.run(job),
        runner.run({ ...job, task: { ...task, attempt: 1 } }),
      ])
      if (outcomes[0].kind === 'refused') {
        console.warn(`sandboxes are not tested: ${outcomes[0].why}`)
        expect(isolation).toBe('sandbox')
        return
      }
      const texts = outcomes.map((each) =>
        each.kind === 'done' ? new TextDecoder().decode(each.output) : each,
      )
      expect(texts).toEqual(Array(2).fill(textByModule(input)))
    },
  )
})
