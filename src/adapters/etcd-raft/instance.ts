import { assert, FaultError } from '../../model/fault.ts'
import type { EngineModule } from './engine-module.ts'
import { logLines } from './log-lines.ts'
import { seededBytes } from './seeded-bytes.ts'
import { wasiImports } from './wasi.ts'
import { type WasmMemory, webAssembly } from './web-assembly.ts'

/** Last words that are kept for the fault when the instance dies. */
const LAST_LINES_MAX = 12

/** Lines that one call may tell; the others are counted and left out. */
const LINES_A_CALL_MAX = 100

/** As shim/exports_wasip1.go has it. */
const FRAME_BYTES_MAX = 67_108_864

export interface InstanceOptions {
  readonly module: EngineModule
  /** 32 bytes: all the chance that the engine has. */
  readonly seed: Uint8Array
  /** What the engine writes, line by line: at most 1,024 bytes each, and 100 lines a call. */
  readonly log: (line: string) => void
  /** Sees every frame and its answer: two runs of one seed and the same calls see the same bytes. */
  readonly trace?: (frame: Uint8Array, answer: Uint8Array) => void
}

interface Exports {
  readonly memory: WasmMemory
  readonly _initialize: () => void
  readonly input: (size: number) => number
  readonly call: (size: number) => number
  readonly output: () => number
}

/**
 * One instance of the module: a frame goes in, an answer comes out. When the runtime inside ends, for want
 * of memory or by a trap, every call from then on throws the same fault `engine-died`.
 */
export class EngineInstance {
  readonly #exports: Exports
  readonly #lastLines: string[] = []
  readonly #trace: InstanceOptions['trace']
  #lines = 0
  #died: FaultError | undefined

  constructor({ module, seed, log, trace }: InstanceOptions) {
    this.#trace = trace
    const names = webAssembly.Module.imports(module.module).map(({ name }) => name)
    let memory: WasmMemory | undefined
    const wasi = wasiImports(names, {
      memory() {
        assert(memory !== undefined, 'the module has no memory yet')
        return memory
      },
      fill: seededBytes(seed),
      write: logLines((line) => this.#tell(line, log)),
      exit(code) {
        throw new Error(`the runtime of the engine exited with ${code}`)
      },
    })
    const instance = new webAssembly.Instance(module.module, { wasi_snapshot_preview1: wasi })
    // What a module exports is known from its build; a missing one throws at the first call.
    this.#exports = instance.exports as unknown as Exports
    memory = this.#exports.memory
    this.#guarded(() => this.#exports._initialize())
  }

  /** The answer is a copy. A frame of more than 64 MiB is a defect. Faults `engine-died`. */
  call(frame: Uint8Array): Uint8Array {
    assert(frame.length <= FRAME_BYTES_MAX, 'a frame too large for the engine')
    this.#lines = 0
    const answer = this.#guarded(() => {
      const { memory, input, call, output } = this.#exports
      // Addresses are unsigned; WebAssembly hands them over as signed.
      const at = input(frame.length) >>> 0
      new Uint8Array(memory.buffer, at, frame.length).set(frame)
      const size = call(frame.length) >>> 0
      return new Uint8Array(memory.buffer, output() >>> 0, size).slice()
    })
    this.#trace?.(frame, answer)
    return answer
  }

  memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength
  }

  #tell(line: string, log: (line: string) => void): void {
    this.#lastLines.push(line)
    if (this.#lastLines.length > LAST_LINES_MAX) this.#lastLines.shift()
    this.#lines++
    if (this.#lines < LINES_A_CALL_MAX) log(line)
    else if (this.#lines === LINES_A_CALL_MAX) log('more lines of this call are left out')
  }

  #guarded<Value>(act: () => Value): Value {
    if (this.#died !== undefined) throw this.#died
    try {
      return act()
    } catch (cause) {
      this.#died = new FaultError('engine-died', `the engine died: ${this.#lastLines.join(' | ')}`, { cause })
      throw this.#died
    }
  }
}
