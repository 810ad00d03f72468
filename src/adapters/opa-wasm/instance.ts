import type { MeteredPolicy } from '../../ports/policy-meter.ts'
import { type OpaExports, opaExports } from './abi.ts'
import type { Builtin } from './builtins/builtin.ts'
import { callBuiltin } from './builtins/call.ts'
import { ModuleMemory } from './memory.ts'
import { Stop } from './stop.ts'
import { type WasmGlobal, type WasmMemory, type WasmModule, webAssembly } from './web-assembly.ts'

/** What an instance is made of; can be sent to a worker thread. */
export interface InstancePlan extends Omit<MeteredPolicy, 'bytes' | 'pagesMax'> {
  readonly module: WasmModule
  readonly pagesMax: number
}

/**
 * Pages beyond those that the module asks for: room for an input and its evaluation without growing. Each is
 * zeroed before every evaluation. Gas depends on it (who must grow pays), so it is the same on every node.
 */
const SPARE_PAGES = 1

const LAST_WORDS_BYTES = 512

/** One running module. After a trap, or once its memory has grown, it cannot be put back and is thrown away. */
export class OpaInstance {
  readonly exports: OpaExports
  readonly memory: ModuleMemory
  readonly rawExports: Readonly<Record<string, unknown>>
  readonly #gas: WasmGlobal
  readonly #stack: WasmGlobal
  /** The host's functions by their numbers; what is not here stops the evaluation. */
  #builtins: ReadonlyMap<number, Builtin> = new Map()
  #calling = false
  /** An error of the host's own: never the policy's. */
  #defect: unknown

  /** Throws `RuntimeError` or `LinkError` when the module traps while starting or does not fit. */
  constructor({ module, importedPages, pagesMax, gasExport, stackExport }: InstancePlan) {
    const imported =
      importedPages === undefined
        ? undefined
        : new webAssembly.Memory({
            initial: Math.min(importedPages + SPARE_PAGES, pagesMax),
            maximum: pagesMax,
          })
    const { exports } = new webAssembly.Instance(module, { env: this.#imports(imported) })
    this.rawExports = exports
    this.memory = new ModuleMemory(imported ?? (exports['memory'] as WasmMemory))
    this.exports = opaExports(exports)
    this.#gas = exports[gasExport] as WasmGlobal
    this.#stack = exports[stackExport] as WasmGlobal
  }

  set builtins(builtins: ReadonlyMap<number, Builtin>) {
    this.#builtins = builtins
  }

  /** Integer below 2^53; under 0 when it ran out. */
  get gasLeft(): number {
    return Number(this.#gas.value)
  }

  set gasLeft(gas: number) {
    this.#gas.value = BigInt(gas)
  }

  get isTooDeep(): boolean {
    return Number(this.#stack.value) < 0
  }

  /** Takes gas for what the host does. */
  readonly charge = (gas: number): void => {
    this.gasLeft -= gas
    if (this.gasLeft < 0) throw new Stop('gas', 'out of gas in a function of the host')
  }

  /** Throws what went wrong in the host itself during the last call. */
  assertSound(): void {
    if (this.#defect !== undefined) throw this.#defect
  }

  #imports(memory: WasmMemory | undefined): Readonly<Record<string, unknown>> {
    const call = (id: number, _context: number, ...args: number[]) => this.#call(id, args)
    return {
      memory,
      opa_abort: (at: number) => {
        // Undefined while the start function runs.
        const words = (this.memory as ModuleMemory | undefined)?.wordsAt(at >>> 0, LAST_WORDS_BYTES)
        throw new Stop('abort', words ?? 'gave up while starting')
      },
      opa_println: () => {},
      opa_builtin0: call,
      opa_builtin1: call,
      opa_builtin2: call,
      opa_builtin3: call,
      opa_builtin4: call,
    }
  }

  /** Not inside one another: each would take more of the engine's stack than the meter counts. */
  #call(id: number, args: readonly number[]): number {
    const builtin = this.#builtins.get(id)
    if (builtin === undefined) throw new Stop('builtin', `function ${id} of the host was not asked for`)
    if (this.#calling) throw new Stop('builtin', 'a function of the host was called inside another')
    this.#calling = true
    try {
      return callBuiltin(builtin, args, this)
    } catch (error) {
      if (!(error instanceof Stop) && !(error instanceof webAssembly.RuntimeError)) this.#defect = error
      throw error
    } finally {
      this.#calling = false
    }
  }
}
