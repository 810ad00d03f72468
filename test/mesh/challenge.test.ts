import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const BIN = fileURLToPath(new URL('../../bin/canswarm', import.meta.url))
/** A bound for machines that do much else: on a quiet one it takes less than a minute. */
const LONG_MS = 900_000
const CREDIT = 1_000_000n

interface Told {
  readonly directory: string
  readonly liar: string
  readonly lie: string
  readonly challenger: string
  readonly worker: string
  readonly artifact: string
  readonly attempt: number
  readonly gains_micro: Readonly<Record<string, string>>
  readonly file: string
  readonly network: string
  readonly ledger_equal: boolean
}

let told: Told | undefined
let replayed: string

/** Seven processes; the record is replayed by the demonstration itself, every check of it. */
beforeAll(() => {
  const args = [BIN, 'demo', '--challenge', '--json']
  const done = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: LONG_MS })
  if (done.status !== 0) throw new Error(`ended with ${done.status}: ${done.stderr}`)
  told = JSON.parse(done.stdout) as Told
  replayed = done.stderr
}, LONG_MS)

afterAll(() => {
  if (told !== undefined) rmSync(told.directory, { recursive: true, force: true })
})

const gainOf = (name: string): bigint => BigInt(told?.gains_micro[name] ?? 0)

describe('a lie that lying verifiers have accepted', () => {
  it('is challenged by who does the task again, and an honest worker does it after all', () => {
    expect(told).toMatchObject({ liar: 'node-2', challenger: 'node-3', worker: 'node-3', attempt: 1 })
    expect(told?.lie).not.toBe(told?.artifact)
    expect(told?.ledger_equal).toBe(true)
  })

  it('costs the worker its bond, and each verifier its lock and half of its stake', () => {
    expect(gainOf('node-2')).toBe(-10n * CREDIT)
    for (const liar of ['node-4', 'node-5']) expect(gainOf(liar)).toBeLessThan(-600n * CREDIT)
    expect(gainOf('node-3')).toBeGreaterThan(30n * CREDIT)
    for (const honest of ['node-6', 'node-7']) expect(gainOf(honest)).toBeGreaterThan(0n)
  })

  it('stands in the record, whose every check passes without the network', () => {
    expect(replayed).toMatch(/tasks/u)
    expect(readFileSync(told?.file ?? '', 'utf8')).toContain(told?.lie)
  })
})
