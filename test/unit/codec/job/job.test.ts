import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { cidOf, RAW } from '../../../../src/codec/cid.ts'
import { checkJob, inputBytes } from '../../../../src/codec/job/check-job.ts'
import { taskSeed } from '../../../../src/codec/job/task-seed.ts'
import { moduleOfCapability, wasmCapability } from '../../../../src/codec/job/wasm-capability.ts'
import { name } from '../../../../src/codec/payload/fields.ts'
import type { Job } from '../../../../src/ports/job.ts'

const { sha256 } = nodeCrypto
const none = new Uint8Array(0)
const JOB: Job = {
  task: { need: 'n', attempt: 0, task_type: 't', capability: 'c', label: 'l' },
  input: none,
  seed: new Uint8Array(32),
}

function codeOf(change: Partial<Job>): string {
  const checked = checkJob({ ...JOB, ...change })
  return checked.ok ? '' : checked.error.code
}

describe('rules for jobs', () => {
  it.each(['', '.hidden', '..', 'a/b', 'a\\b', 'a b', 'é', 'x'.repeat(65), '\0'])(
    'no file may be called %j',
    (file) => {
      expect(codeOf({ files: [{ name: file, bytes: none }] })).toBe('MALFORMED')
    },
  )

  it('files have names of their own, and `input` is taken', () => {
    const files = ['a', 'a.b', '_c-9'].map((each) => ({ name: each, bytes: none }))
    expect(codeOf({ files })).toBe('')
    expect(codeOf({ files: [...files, { name: 'a', bytes: none }] })).toBe('DUPLICATE')
    expect(codeOf({ files: [{ name: 'input', bytes: none }] })).toBe('DUPLICATE')
  })

  it('inputs have a bound, together; a seed has 32 bytes; limits are integers from 1', () => {
    const half = { bytes: new Uint8Array(33_554_432) }
    expect(codeOf({ input: half.bytes, files: [{ name: 'a', ...half }] })).toBe('')
    expect(codeOf({ input: new Uint8Array(33_554_433), files: [{ name: 'a', ...half }] })).toBe('TOO_LARGE')
    expect(codeOf({ files: Array.from({ length: 65 }, (_, i) => ({ name: `f${i}`, bytes: none })) })).toBe(
      'TOO_LARGE',
    )
    expect(codeOf({ seed: new Uint8Array(31) })).toBe('MALFORMED')
    expect(codeOf({ limits: { gasMax: 0 } })).toBe('MALFORMED')
    expect(codeOf({ limits: { wallMsMax: 1.5 } })).toBe('MALFORMED')
    expect(inputBytes({ input: new Uint8Array(3), files: [{ name: 'a', bytes: new Uint8Array(4) }] })).toBe(7)
  })
})

describe('a module as a capability', () => {
  it('is named by its CID, in a name that a NEED may carry, and found again', () => {
    const cid = cidOf(Uint8Array.of(1), sha256, RAW)
    expect(name.safeParse(wasmCapability(cid)).success).toBe(true)
    expect(moduleOfCapability(wasmCapability(cid))?.toString()).toBe(cid.toString())
  })

  it('is none where the CID is of something else, or none', () => {
    const other = cidOf(Uint8Array.of(1), sha256)
    expect([`wasm/${other.toString()}`, 'wasm/', 'wasm/x', 'text/stats'].map(moduleOfCapability)).toEqual(
      Array(4).fill(undefined),
    )
  })
})

describe('the seed of a task', () => {
  it('is of the need alone: 32 bytes, another for another need', () => {
    expect(taskSeed('one', sha256)).toEqual(taskSeed('one', sha256))
    expect(taskSeed('one', sha256)).toHaveLength(32)
    expect(taskSeed('one', sha256)).not.toEqual(taskSeed('two', sha256))
  })
})
