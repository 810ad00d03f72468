import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { getCompileCacheDir } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { carFile, jsonlFile } from '../../src/codec/bundle/write-bundle.ts'
import { acceptedKeys } from '../../src/codec/did/accepted-keys.ts'
import { decodeItem, HUB } from '../../src/codec/entry/item.ts'
import type { CheckSignature } from '../../src/codec/signed/statement.ts'
import { machinesOf } from '../../src/core/machines/machines.ts'
import { makeWorld } from '../../src/core/records/make-world.ts'
import type { Records } from '../../src/core/records/tables.ts'
import type { Shape } from '../../src/core/records/view.ts'
import type { SlotFacts } from '../../src/core/records/world.ts'
import type { LogMachine, Machines } from '../../src/core/witness/machine.ts'
import type { Did } from '../../src/model/ids.ts'
import { ok } from '../../src/model/result.ts'
import { replayFile } from '../../src/node/record/replay.ts'
import { fileOf } from '../setup/bundles.ts'
import { exportOf, logsOf, replayOf } from '../setup/exports.ts'
import { Theatre } from '../setup/theatre.ts'
import type { Benchmark, Figure } from './benchmark.ts'

/** Needs of one thread: with the hub's side of each a little over 10,000 items. */
const NEEDS = 900
const NEEDS_A_SLOT = 60
/** Most that windows count of one slot. */
const SLOT_MS = 100
const ROUNDS = 3

export const replayBenchmark: Benchmark = {
  name: 'replay',
  about: 'Replay of a thread of 10,000 items with all checks; folding of the hub and of buckets.',
  run: async () => {
    const theatre = new Theatre()
    const { thread } = playThread(theatre)
    const started = performance.now()
    const { exported, blocks } = exportOf(logsOf(theatre), thread)
    const exportMs = performance.now() - started
    const car = fileOf(carFile(blocks))
    const jsonl = fileOf(jsonlFile(blocks))
    const file = carMeasured(car, 'parallel')
    const alone = carMeasured(car, 'alone')
    const parts = carMeasured(car, 'parts')
    const jsonlMs = best(() => replayed(jsonl, nodeCrypto))
    const unsigned = best(() => replayed(car, { ...nodeCrypto, verify: () => true }))
    const judged = signaturesJudged(car)
    const scaled = (took: number) => (took * 10_000) / exported.items
    return [
      ms(
        'replay_10k_ms',
        'replay of 10,000 items from a CAR, all checks, in a fresh process, --parallel',
        scaled(file.ms),
        3_000,
      ),
      ms('replay_10k_parts_ms', 'the same with one thread more, that does buckets', scaled(parts.ms)),
      ms('replay_10k_alone_ms', 'the same without --parallel', scaled(alone.ms)),
      ms('replay_10k_jsonl_ms', 'the same from JSONL', scaled(jsonlMs)),
      ms('replay_10k_unsigned_ms', 'the same from a CAR, signatures not looked at', scaled(unsigned)),
      ms('export_10k_ms', 'export of 10,000 items from logs in memory', scaled(exportMs)),
      bytes('replay_file_bytes', 'size of the CAR', car.length),
      count('replay_signatures', 'signatures that stand in that file', file.signatures),
      count('replay_signatures_judged', 'those that one thread judges: the others it has met before', judged),
      bytes(
        'replay_rss_bytes',
        'most memory of that process, Node itself and threads included',
        file.rssBytes,
      ),
      bytes('replay_alone_rss_bytes', 'the same without --parallel', alone.rssBytes),
      ...folding(theatre),
    ]
  },
}

function playThread(theatre: Theatre): { readonly thread: ReturnType<Theatre['post']>['thread'] } {
  const first = theatre.post('need-0')
  for (let at = 1; at < NEEDS; at++) {
    theatre.post(`need-${at}`, {}, first.thread)
    if (at % NEEDS_A_SLOT === 0) theatre.step(SLOT_MS)
  }
  if (!theatre.play(500, SLOT_MS)) throw new Error('the thread does not come to its end')
  return first
}

function replayed(file: Uint8Array, crypto: typeof nodeCrypto): void {
  const { sound, divergence } = replayOf(file, { crypto })
  if (!sound) throw new Error(`the file does not replay: ${JSON.stringify(divergence)}`)
}

function signaturesJudged(file: Uint8Array): number {
  let asked = 0
  const verify: typeof nodeCrypto.verify = () => {
    asked += 1
    return true
  }
  replayed(file, { ...nodeCrypto, verify })
  return asked
}

/** Milliseconds of the fastest of some rounds. */
function best(run: () => void): number {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    run()
    least = Math.min(least, performance.now() - started)
  }
  return least
}

/** What a run of its own process says. */
interface Run {
  readonly sound: boolean
  readonly ms: number
  readonly rssBytes: number
  readonly signatures: number
}

type Way = 'parallel' | 'parts' | 'alone'

/** The best of some runs of a process that reads the file as it goes. */
function carMeasured(car: Uint8Array, way: Way): Run {
  const folder = mkdtempSync(join(tmpdir(), 'canswarm-bench-'))
  try {
    const path = join(folder, 'thread.car')
    writeFileSync(path, car)
    const runs = Array.from({ length: ROUNDS }, () => runChild(path, way))
    return runs.toSorted((a, b) => a.ms - b.ms)[0] as Run
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function runChild(path: string, way: Way): Run {
  // What was compiled is kept, as `canswarm` does: threads load it too.
  const compiled = getCompileCacheDir()
  const env = compiled === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: compiled }
  const out = execFileSync(process.execPath, [import.meta.filename, path, way], { encoding: 'utf8', env })
  const run = JSON.parse(out) as Run
  if (!run.sound) throw new Error('the file does not replay')
  return run
}

/** Items a second of whole logs, by machine, with signatures and without. */
function folding(theatre: Theatre): readonly Figure[] {
  return [true, false].flatMap((isSigned) => {
    const suffix = isSigned ? '' : '_unsigned'
    const about = isSigned ? 'signatures checked' : 'signatures not looked at'
    const { hub, buckets } = foldRates(theatre, isSigned ? nodeCrypto.verify : () => true)
    return [
      rate(`fold_hub${suffix}_per_s`, `items of the hub folded, ${about}`, hub),
      rate(`fold_bucket${suffix}_per_s`, `items of buckets folded, ${about}`, buckets),
    ]
  })
}

function foldRates(
  { stage }: Theatre,
  verify: CheckSignature,
): { readonly hub: number; readonly buckets: number } {
  const world = makeWorld({
    net: stage.genesis.net,
    generation: 0,
    liars: stage.genesis.genesis.f,
    sha256: nodeCrypto.sha256,
    verify,
    keys: acceptedKeys(nodeCrypto),
    judge: () => ok(undefined),
  })
  const machines: Machines = machinesOf(stage.genesis, world)
  const slots = new Map<number, SlotFacts>()
  const voters = stage.voters.map(({ did }) => did)
  const log = (machine: number) => stage.network.log(machine).map(({ item }) => item)
  const hub = foldLog(
    machines.hub,
    log(HUB),
    voters,
    (state) => (n) => machines.slotFacts(state, n),
    (state) => {
      for (let n = 1; n <= stage.slot; n++) {
        const facts = machines.slotFacts(state, n)
        if (facts !== undefined) slots.set(n, facts)
      }
    },
  )
  let items = 0
  let spentMs = 0
  for (const bucket of stage.network.buckets) {
    const all = log(bucket)
    const started = performance.now()
    foldLog(machines.bucket(bucket), all, voters, () => (n) => slots.get(n))
    spentMs += performance.now() - started
    items += all.length
  }
  return { hub, buckets: (items * 1_000) / spentMs }
}

function foldLog(
  machine: LogMachine<unknown>,
  items: readonly Uint8Array[],
  voters: readonly Did[],
  slotOf: (state: Records<Shape>) => (n: number) => SlotFacts | undefined,
  ended: (state: Records<Shape>) => void = () => undefined,
): number {
  const state = machine.open()
  const slot = slotOf(state)
  const started = performance.now()
  for (const [position, encoded] of items.entries()) {
    const item = decodeItem(encoded)
    if (!item.ok) throw new Error('an item of a log is one')
    state.apply(machine.apply(state, item.value, encoded, { position, voters, slot }).writes)
  }
  const spentMs = performance.now() - started
  ended(state)
  return (items.length * 1_000) / spentMs
}

function ms(key: string, about: string, value: number, aim?: number): Figure {
  return { key, about, value, unit: 'ms', ...(aim === undefined ? {} : { aim }) }
}

function count(key: string, about: string, value: number): Figure {
  return { key, about, value, unit: 'count' }
}

function bytes(key: string, about: string, value: number): Figure {
  return { key, about, value, unit: 'bytes' }
}

function rate(key: string, about: string, value: number): Figure {
  return { key, about, value, unit: 'per_s' }
}

/** The process of its own: replays a file as `canswarm replay` does, and says what it took. */
async function measureChild(path: string, way: string | undefined): Promise<void> {
  const parallel = way === 'parallel' || way === 'parts'
  const started = performance.now()
  const request = { path, network: undefined, anchor: undefined, allowUnchecked: new Set<string>() }
  const { sound, checks } = await replayFile({
    ...request,
    parallel,
    ...(way === 'parts' ? { threads: 1 } : {}),
    progress: () => undefined,
  })
  const tookMs = performance.now() - started
  const { signatures = 0 } = checks.find(({ name }) => name === 'signatures')?.counts ?? {}
  const rssBytes = process.resourceUsage().maxRSS * 1_024
  const run: Run = { sound, ms: tookMs, rssBytes, signatures }
  process.stdout.write(JSON.stringify(run))
}

if (import.meta.main) await measureChild(process.argv[2] ?? '', process.argv[3])
