import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Job } from '../../ports/job.ts'

/** Of all inputs of one job together. */
const INPUT_BYTES_MAX = 67_108_864
const FILES_MAX = 64
const SEED_BYTES = 32
/** As `JobFile.name` says. */
const FILE_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/

/** The name under which a worker finds the main input among its files; no further file has it. */
export const INPUT_FILE = 'input'

/** Holds a job against the rules for jobs. Rejects MALFORMED, DUPLICATE, TOO_LARGE. */
export function checkJob(job: Job): Result<Job, Rejection> {
  const { files = [], seed, limits = {} } = job
  if (seed.length !== SEED_BYTES) return reject('MALFORMED', `a seed has ${SEED_BYTES} bytes`, 'seed')
  if (files.length > FILES_MAX) return reject('TOO_LARGE', `a job has at most ${FILES_MAX} files`, 'files')
  const names = files.map(({ name }) => name)
  const bad = names.find((name) => !FILE_NAME.test(name))
  if (bad !== undefined) return reject('MALFORMED', `no file may be called ${JSON.stringify(bad)}`, 'files')
  if (new Set([INPUT_FILE, ...names]).size !== names.length + 1) {
    return reject('DUPLICATE', 'two files of a job have one name', 'files')
  }
  if (inputBytes(job) > INPUT_BYTES_MAX) {
    return reject('TOO_LARGE', `a job has at most ${INPUT_BYTES_MAX} bytes of input`, 'input')
  }
  const wrong = Object.entries(limits).find(([, value]) => !Number.isSafeInteger(value) || value < 1)
  return wrong === undefined
    ? ok(job)
    : reject('MALFORMED', 'a limit is an integer from 1', `limits.${wrong[0]}`)
}

/** Bytes of the main input and of every further one. */
export function inputBytes({ input, files = [] }: Pick<Job, 'input' | 'files'>): number {
  return files.reduce((sum, { bytes }) => sum + bytes.length, input.length)
}
