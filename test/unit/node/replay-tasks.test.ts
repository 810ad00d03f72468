import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { carFile } from '../../../src/codec/bundle/write-bundle.ts'
import { cidOf, RAW } from '../../../src/codec/cid.ts'
import { wasmCapability } from '../../../src/codec/job/wasm-capability.ts'
import { replayFile } from '../../../src/node/record/replay.ts'
import { fileOf } from '../../setup/bundles.ts'
import { sha256 } from '../../setup/certificates.ts'
import { exportOf, logsOf } from '../../setup/exports.ts'
import { Theatre, type TheatreOptions } from '../../setup/theatre.ts'
import { wasiProgram } from '../../setup/wasi-program.ts'

/** Writes the first five bytes of its input. */
const MODULE = wasiProgram([{ name: 'fd_read', args: [0, 0, 1, 8] }], {
  data: [[0, new Uint8Array(Uint32Array.of(100, 5).buffer)]],
  show: [100, 5],
})
const STORED = new TextEncoder().encode('stored input')
const module = cidOf(MODULE, sha256, RAW)
const stored = cidOf(STORED, sha256, RAW)

const folder = mkdtempSync(join(tmpdir(), 'canswarm-tasks-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0

interface Played {
  readonly options?: TheatreOptions
  readonly capability?: string
  readonly content?: 'inline' | 'linked'
}

/** Path of a thread of two needs, one with its input by its CID, both verified by doing the work again. */
function played({ options, capability = wasmCapability(module), content = 'inline' }: Played = {}): string {
  const resultOf = ({ input }: { readonly input: object }) =>
    ('inline' in input ? (input.inline as Uint8Array) : STORED).slice(0, 5)
  const theatre = new Theatre({ capability, law: { resultOf }, ...options })
  const changes = { verification: { mode: 'reexecute' as const } }
  const { thread, id } = theatre.post('inline', changes)
  const second = theatre.post('by-cid', { ...changes, input: { cid: stored, size: STORED.length } }, thread)
  expect(theatre.play(3_000)).toBe(true)
  if (options === undefined)
    expect([id, second.id].map((need) => theatre.stateOf(need))).toEqual(['SETTLED', 'SETTLED'])
  const logs = logsOf(theatre)
  logs.addContent(module.toString(), MODULE)
  logs.addContent(stored.toString(), STORED)
  const path = join(folder, `${files++}.car`)
  writeFileSync(path, fileOf(carFile(exportOf(logs, thread, content).blocks)))
  return path
}

async function replayed(path: string, cas?: string) {
  const request = { path, network: undefined, anchor: undefined, allowUnchecked: new Set<string>() }
  const report = await replayFile({
    ...request,
    ...(cas === undefined ? {} : { cas }),
    progress: () => undefined,
  })
  return { ...report, tasks: report.checks.find(({ name }) => name === 'tasks') }
}

describe('replay of tasks of WebAssembly (record.md, check 11)', () => {
  it('does them again with the module and inputs that the file holds', async () => {
    const { tasks, sound, divergence } = await replayed(played())
    expect(divergence).toBeUndefined()
    expect(tasks).toMatchObject({ status: 'passed', counts: { tasks: 2 }, unchecked: [] })
    expect(sound).toBe(true)
  })

  it('takes what the file has not from a folder, and names what is in neither', async () => {
    const path = played({ content: 'linked' })
    const without = await replayed(path)
    expect(without.tasks).toMatchObject({
      status: 'not-checked',
      unchecked: [`module ${module.toString()} is not at hand (2)`],
    })
    expect(without.sound).toBe(false)
    const cas = mkdtempSync(join(folder, 'cas-'))
    writeFileSync(join(cas, module.toString()), MODULE)
    expect((await replayed(path, cas)).tasks).toMatchObject({
      status: 'not-checked',
      counts: { tasks: 1 },
      unchecked: [`input ${stored.toString()} is not at hand (1)`],
    })
    writeFileSync(join(cas, stored.toString()), STORED)
    expect(await replayed(path, cas)).toMatchObject({ tasks: { status: 'passed' }, sound: true })
    writeFileSync(join(cas, stored.toString()), 'something else')
    await expect(replayed(path, cas)).rejects.toMatchObject({ code: 'store-damaged' })
  })

  it('fails for a result that seats took and the module does not give, and names the need', async () => {
    const verifiers = ['nodder', 'nodder', 'nodder'] as const
    const { divergence, tasks, needs } = await replayed(played({ options: { workers: ['liar'], verifiers } }))
    expect(tasks?.status).toBe('failed')
    expect(divergence).toMatchObject({ check: 'tasks', rejection: { code: 'CONFLICT' } })
    expect(needs.map(({ need }) => `task of need ${need}`)).toContain(divergence?.event)
  })

  it('fails for a result of a module that cannot be run', async () => {
    const broken = new TextEncoder().encode('no module')
    const cid = cidOf(broken, sha256, RAW)
    const cas = mkdtempSync(join(folder, 'cas-'))
    writeFileSync(join(cas, cid.toString()), broken)
    const { divergence } = await replayed(played({ capability: wasmCapability(cid) }), cas)
    expect(divergence).toMatchObject({ check: 'tasks' })
    expect(divergence?.rejection.message).toMatch(/gives no result/)
  })

  it('leaves alone what seats refused, and says what nobody here can do', async () => {
    const refused = await replayed(played({ options: { workers: ['liar'] } }))
    expect(refused.divergence).toBeUndefined()
    expect(refused.tasks).toMatchObject({ status: 'passed', counts: {} })
    const other = await replayed(played({ capability: 'text/hash' }))
    expect(other.tasks).toMatchObject({
      status: 'not-checked',
      unchecked: ['nobody here does text/hash (2)'],
    })
  })
})
