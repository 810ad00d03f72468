import { assert } from '../../model/fault.ts'
import { err, ok, type Result } from '../../model/result.ts'
import { type BodyFacts, BodyScanner } from './body-scanner.ts'
import { callGraph } from './call-graph.ts'
import { ChargePlan } from './charge-plan.ts'
import type { MeterConfig } from './config.ts'
import { EventLog } from './events.ts'
import { exportOfGlobal, METER_VERSION } from './injected.ts'
import { KIND, type ModuleView } from './module-view.ts'
import { exportedGlobals, memoryPages, writeModule } from './module-writer.ts'
import { Reader } from './reader.ts'
import type { MeterRefusal, RefusalCode } from './refusal.ts'
import { readSections } from './sections.ts'

export interface MeteredModule {
  readonly bytes: Uint8Array
  readonly meterVersion: number
  /** What the export `INJECTED.stack` holds in a new instance. */
  readonly stackSlots: number
  /** Exports by which the host can put mutable globals back; empty unless the configuration asks for them. */
  readonly globals: readonly string[]
  /** Pages; undefined for a module without memory. An imported one must come with no higher maximum. */
  readonly memory: { readonly imported: boolean; readonly min: number; readonly max: number } | undefined
  /** True: an instance keeps a trace of `data.drop` that the host cannot take back. */
  readonly dropsData: boolean
  readonly stats: MeterStats
}

export interface MeterStats {
  /** Functions with a body, before the meter's own. */
  readonly functions: number
  /** Of those: functions whose entries take from the stack at run time. */
  readonly countedFunctions: number
  readonly instructions: number
  /** Places that charge a fixed amount. */
  readonly charges: number
}

/**
 * Turns a module into one that counts its own gas, stops when it has none left, bounds its calls and memory, and gives
 * the same bits everywhere. Same module, configuration and METER_VERSION: same bytes.
 *
 * Gas: 1 for each instruction that is executed, but nothing for `block`, `loop`, `else` and `end`, which only mark where
 * code begins and ends; everything else counts, also `nop`, `drop` and `br`. On top, for each byte that `memory.grow`
 * asks for and for each byte that `memory.copy`, `memory.fill` and `memory.init` are to write, the configured price,
 * whatever comes of it. Charges are made before what they pay for runs (`ChargePlan`). So a call that returns has paid
 * for exactly its instructions; a call that costs no more than the gas left is never stopped for gas; one that costs
 * more always traps, with the gas left below 0. After any other trap what was paid stays paid: all that ran, and the
 * shortest ways out of the functions that were under way.
 *
 * NaN: whatever bits the specification leaves open become the canonical NaN, wherever they can be seen. Floats that the
 * host passes in are the host's. Custom sections and unreachable code are dropped. A function of the host may call back
 * into the instance, but what lies above it on the engine's stack is not counted for it: the host bounds how deep.
 *
 * Refuses what it cannot meter or bound, see `RefusalCode`; never throws for any bytes.
 * Source: policy.md (gas, call depth, NaN); WebAssembly specification, "Validation", "Binary Format".
 */
export function meter(bytes: Uint8Array, config: MeterConfig): Result<MeteredModule, MeterRefusal> {
  assertConfig(config)
  const { bytesMax } = config.limits
  if (bytes.length > bytesMax) return refuse('LIMIT', `module of ${bytes.length} bytes, ${bytesMax} allowed`)
  const reader = new Reader(bytes)
  const module = readSections(reader, config)
  const log = new EventLog()
  const bodies = scanBodies(module, config, reader, log)
  if (reader.refusal !== undefined) return err(reader.refusal)
  return rewrite(module, config, bodies, log)
}

function scanBodies(
  module: ModuleView,
  config: MeterConfig,
  reader: Reader,
  log: EventLog,
): readonly BodyFacts[] {
  const scanner = new BodyScanner(module, config.limits, reader, log)
  const bodies: BodyFacts[] = []
  for (let i = 0; i < module.bodies.length && reader.refusal === undefined; i += 2) {
    const index = module.importedFunctions + i / 2
    bodies.push(scanner.scan(index, module.bodies[i] as number, module.bodies[i + 1] as number))
  }
  return bodies
}

function rewrite(
  module: ModuleView,
  config: MeterConfig,
  bodies: readonly BodyFacts[],
  log: EventLog,
): Result<MeteredModule, MeterRefusal> {
  const graph = callGraph(module, bodies, log)
  const entered = enteredFunctions(module)
  const plan = new ChargePlan(log, module.functions.length)
  for (const index of graph.calleesFirst) {
    const named = !entered.has(index) && !module.tableFunctions.has(index)
    const body = bodies[index - module.importedFunctions] as BodyFacts
    plan.plan(index, body, named && graph.counted[index] === 0)
  }
  const stackSlots = config.stackSlotsMax - uncountedSlots(module, graph.counted, graph.weights)
  if (stackSlots < 0)
    return refuse(
      'LIMIT',
      `calls of ${config.stackSlotsMax - stackSlots} slots, ${config.stackSlotsMax} allowed`,
    )
  const written = writeModule({ module, bodies, log, plan, graph, entered, stackSlots }, config)
  if (written.tooLarge !== undefined)
    return refuse('LIMIT', `function ${written.tooLarge} too large once metered`)
  return ok({
    bytes: written.bytes,
    meterVersion: METER_VERSION,
    stackSlots,
    globals: exportedGlobals(module, config).map(exportOfGlobal),
    memory: memoryOf(module, config),
    dropsData: bodies.some((body) => body.dropsData),
    stats: {
      functions: bodies.length,
      countedFunctions: graph.counted.reduce((sum, one) => sum + one, 0),
      instructions: bodies.reduce((sum, body) => sum + body.instructions, 0),
      charges: written.charges,
    },
  })
}

function memoryOf({ memory }: ModuleView, config: MeterConfig): MeteredModule['memory'] {
  if (memory === undefined) return undefined
  return { imported: memory.imported, min: memory.min, max: memoryPages(memory, config) }
}

/** Functions that the host can call: exported, in a table that it can reach, or the start function. */
function enteredFunctions(module: ModuleView): ReadonlySet<number> {
  const exported = module.exports.filter(({ kind }) => kind === KIND.function).map(({ index }) => index)
  const sharesTable = module.tableImported || module.exports.some(({ kind }) => kind === KIND.table)
  return new Set([
    ...exported,
    ...(sharesTable ? module.tableFunctions : []),
    ...(module.start === undefined ? [] : [module.start]),
  ])
}

/** The most slots that frames below the first counted one, or without any, can take. */
function uncountedSlots(module: ModuleView, counted: Uint8Array, weights: Float64Array): number {
  let most = 0
  for (let index = module.importedFunctions; index < module.functions.length; index++) {
    if (counted[index] === 0) most = Math.max(most, weights[index] as number)
  }
  return most
}

function refuse(code: RefusalCode, message: string): Result<never, MeterRefusal> {
  return err({ code, message, offset: 0 })
}

/** The configuration is ours: a wrong one is a defect. */
function assertConfig(config: MeterConfig): void {
  const { memoryPagesMax, stackSlotsMax, gasPerByteGrown, gasPerByteMoved, startGas } = config
  assert(isWithin(memoryPagesMax, 65_536), 'memoryPagesMax is in [0, 65536]')
  assert(isWithin(stackSlotsMax, 0x7fff_ffff), 'stackSlotsMax is in [0, 2^31)')
  assert(isWithin(gasPerByteGrown, 4_096), 'gasPerByteGrown is in [0, 4096]')
  assert(isWithin(gasPerByteMoved, 4_096), 'gasPerByteMoved is in [0, 4096]')
  assert(startGas === null || isWithin(startGas, Number.MAX_SAFE_INTEGER), 'startGas is in [0, 2^53)')
}

function isWithin(value: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= max
}
