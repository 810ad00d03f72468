import type { BodyFacts } from './body-scanner.ts'
import { type BodyRole, BodyWriter, type Injection } from './body-writer.ts'
import type { CallGraph } from './call-graph.ts'
import type { ChargePlan } from './charge-plan.ts'
import type { MeterConfig } from './config.ts'
import type { EventLog } from './events.ts'
import { GasCode } from './gas-code.ts'
import { exportOfGlobal, INJECTED, METER_SECTION, METER_VERSION } from './injected.ts'
import { KIND, type MemoryView, type ModuleView, SECTION, typeOfFunction } from './module-view.ts'
import { I32, I64 } from './value-type.ts'
import { Writer } from './writer.ts'

const PREAMBLE_BYTES = 8
const PAGE_BYTES = 65_536

/** What the engine takes of one body, in bytes. */
const BODY_BYTES_CEILING = 7_654_321

/** Everything that is known of a module when it is written again. */
export interface MeterWork {
  readonly module: ModuleView
  readonly bodies: readonly BodyFacts[]
  readonly log: EventLog
  readonly plan: ChargePlan
  readonly graph: CallGraph
  /** Functions that the host can call. */
  readonly entered: ReadonlySet<number>
  /** Slots of stack that the host finds left. */
  readonly stackSlots: number
}

export interface Written {
  readonly bytes: Uint8Array
  readonly charges: number
  /** Function with a body that has grown past what engines take, if any. */
  readonly tooLarge: number | undefined
}

/** Writes the module again: the meter's own section first, other custom sections left out. */
export function writeModule(work: MeterWork, config: MeterConfig): Written {
  return new ModuleWriter(work, config).write()
}

class ModuleWriter {
  readonly #work: MeterWork
  readonly #config: MeterConfig
  readonly #out: Writer
  readonly #section = new Writer(4096)
  readonly #injection: Injection
  /** Types that are put in, behind the module's own: their number and bytes. */
  readonly #types = new Writer(64)
  #typeCount = 0
  #tooLarge: number | undefined
  #charges = 0

  constructor(work: MeterWork, config: MeterConfig) {
    this.#work = work
    this.#config = config
    const { module } = work
    this.#out = new Writer(module.bytes.length * 2)
    const functions = module.functions.length
    const { importedFunctions, tableFunctions } = module
    this.#injection = {
      gasGlobal: module.globals.length,
      stackGlobal: module.globals.length + 1,
      growFunction: functions,
      moveFunction: functions + 1,
      importedFunctions,
      hostInTable: [...tableFunctions].some((index) => index < importedFunctions),
    }
  }

  write(): Written {
    const { module } = this.#work
    const operandType = this.#addType([I32], [I32])
    const bodies = this.#writeBodies()
    this.#out.copy(module.bytes, 0, PREAMBLE_BYTES)
    this.#writeVersion()
    this.#extend(SECTION.type, this.#typeCount, (out) => out.copy(this.#types.view()))
    if (module.memory?.imported === true) this.#withMemory(SECTION.import)
    else this.#same(SECTION.import)
    this.#extend(SECTION.function, 2, (out) => {
      out.unsigned(operandType)
      out.unsigned(operandType)
    })
    this.#same(SECTION.table)
    if (module.memory?.imported === false) this.#withMemory(SECTION.memory)
    this.#extend(SECTION.global, 2, (out) => this.#writeGlobals(out))
    const exports = this.#exports()
    this.#extend(SECTION.export, exports.length, (out) => {
      for (const [name, index] of exports) writeGlobalExport(out, name, index)
    })
    for (const id of [SECTION.start, SECTION.element, SECTION.dataCount]) this.#same(id)
    this.#writeCode(bodies)
    this.#same(SECTION.data)
    return { bytes: this.#out.view().slice(), charges: this.#charges, tooLarge: this.#tooLarge }
  }

  #addType(params: readonly number[], results: readonly number[]): number {
    const out = this.#types
    out.byte(0x60)
    for (const types of [params, results]) {
      out.unsigned(types.length)
      for (const type of types) out.byte(type)
    }
    return this.#work.module.types.length + this.#typeCount++
  }

  #writeBodies(): Writer {
    const { module, bodies, log, plan } = this.#work
    const all = new Writer(module.bytes.length * 2)
    const writer = new BodyWriter(module.bytes, log, plan, this.#injection)
    bodies.forEach((body, i) => {
      const role = this.#roleOf(module.importedFunctions + i)
      const written = writer.write(body, role)
      if (written.length > BODY_BYTES_CEILING) this.#tooLarge ??= role.index
      all.sized(written)
    })
    this.#charges = writer.charges
    return all
  }

  #roleOf(index: number): BodyRole {
    const { graph, entered, module } = this.#work
    const slots = graph.counted[index] === 1 ? (graph.weights[index] as number) : 0
    const wrapped = slots > 0 || entered.has(index)
    const blockType = wrapped ? this.#blockType(typeOfFunction(module, index).results) : 0
    return { index, slots, entered: entered.has(index), blockType }
  }

  /** As a block has it: minus a byte, or the index of a type. */
  #blockType(results: Uint8Array): number {
    if (results.length === 0) return -0x40
    if (results.length === 1) return -(results[0] as number)
    return this.#addType([], [...results])
  }

  #same(id: number): void {
    const section = this.#work.module.sections.get(id)
    if (section === undefined) return
    this.#section.clear()
    this.#section.copy(this.#work.module.bytes, section.at, section.end)
    this.#finish(id)
  }

  /** The items that were there, and `more` behind them. */
  #extend(id: number, more: number, write: (out: Writer) => void): void {
    const { module } = this.#work
    const section = module.sections.get(id)
    this.#section.clear()
    this.#section.unsigned((section?.count ?? 0) + more)
    if (section !== undefined) this.#section.copy(module.bytes, section.itemsAt, section.end)
    write(this.#section)
    this.#finish(id)
  }

  /** The section that declares the memory, with the lower of both maxima. */
  #withMemory(id: number): void {
    const { module } = this.#work
    const section = module.sections.get(id)
    const { memory } = module
    if (section === undefined || memory === undefined) return
    const out = this.#section
    out.clear()
    out.copy(module.bytes, section.at, memory.at)
    out.byte(1)
    out.unsigned(memory.min)
    out.unsigned(memoryPages(memory, this.#config))
    out.copy(module.bytes, memory.end, section.end)
    this.#finish(id)
  }

  #writeGlobals(out: Writer): void {
    out.copy(Uint8Array.of(I64, 1, 0x42))
    out.signed(this.#config.startGas ?? 0)
    out.copy(Uint8Array.of(0x0b, I32, 1, 0x41))
    out.signed(this.#work.stackSlots)
    out.byte(0x0b)
  }

  #exports(): readonly (readonly [name: string, index: number])[] {
    const { gasGlobal, stackGlobal } = this.#injection
    const own = exportedGlobals(this.#work.module, this.#config)
    return [
      [INJECTED.gas, gasGlobal],
      [INJECTED.stack, stackGlobal],
      ...own.map((i) => [exportOfGlobal(i), i] as const),
    ]
  }

  #writeCode(bodies: Writer): void {
    const { gasGlobal, stackGlobal } = this.#injection
    const { gasPerByteGrown, gasPerByteMoved } = this.#config
    const out = this.#section
    out.clear()
    out.unsigned(this.#work.bodies.length + 2)
    out.copy(bodies.view())
    for (const price of [gasPerByteGrown * PAGE_BYTES, gasPerByteMoved]) {
      const body = new Writer(64)
      new GasCode(body, gasGlobal, stackGlobal).chargeByOperand(price)
      out.sized(body)
    }
    this.#finish(SECTION.code)
  }

  #writeVersion(): void {
    const out = this.#section
    out.clear()
    writeName(out, METER_SECTION)
    out.copy(ascii(METER_VERSION.toString()))
    this.#finish(SECTION.custom)
  }

  #finish(id: number): void {
    this.#out.byte(id)
    this.#out.sized(this.#section)
  }
}

/** The maximum that the metered module declares. */
export function memoryPages(memory: MemoryView, config: MeterConfig): number {
  return Math.min(memory.max ?? Infinity, config.memoryPagesMax)
}

/** Indexes of the module's own mutable globals, when they are to be exported. */
export function exportedGlobals(module: ModuleView, config: MeterConfig): readonly number[] {
  if (!config.exportGlobals) return []
  return module.globals.flatMap(({ mutable }, i) => (mutable && i >= module.importedGlobals ? [i] : []))
}

function writeGlobalExport(out: Writer, name: string, index: number): void {
  writeName(out, name)
  out.byte(KIND.global)
  out.unsigned(index)
}

function writeName(out: Writer, name: string): void {
  out.unsigned(name.length)
  out.copy(ascii(name))
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}
