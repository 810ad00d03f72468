import type { ValueTypeName } from './value-type.ts'

/**
 * What a module may hold. A module costs the meter at most 25 bytes of memory for each of its own, and time in
 * proportion to its size. No figure is above what engines take.
 */
export interface MeterLimits {
  /** Size of the module, in bytes. */
  readonly bytesMax: number
  readonly typesMax: number
  /** Parameters of one function type. */
  readonly paramsMax: number
  /** Results of one function type or block. */
  readonly resultsMax: number
  readonly importsMax: number
  readonly functionsMax: number
  readonly globalsMax: number
  readonly exportsMax: number
  /** Elements of the table, and of all element segments together. */
  readonly tableElementsMax: number
  readonly elementSegmentsMax: number
  readonly dataSegmentsMax: number
  /** Locals of one function, parameters included. */
  readonly localsMax: number
  /** Size of one function's body, in bytes. */
  readonly bodyBytesMax: number
  /** Blocks inside one another in one function. */
  readonly nestingMax: number
  /** Operands on the stack at once in one function. */
  readonly operandsMax: number
  /** Targets of one `br_table`. */
  readonly branchTargetsMax: number
}

/** An import that a module may have: equal in module, name, kind and type. */
export type AllowedImport = { readonly module: string; readonly name: string } & (
  | {
      readonly kind: 'function'
      readonly params: readonly ValueTypeName[]
      readonly results: readonly ValueTypeName[]
    }
  /** Its maximum becomes `memoryPagesMax` where it is higher or absent, so the host must give one as low. */
  | { readonly kind: 'memory' }
  | { readonly kind: 'table' }
  | { readonly kind: 'global'; readonly type: ValueTypeName; readonly mutable: boolean }
)

export interface MeterConfig {
  readonly limits: MeterLimits
  /** Everything that may be imported; anything else is refused by its name. */
  readonly imports: readonly AllowedImport[]
  /** Gas that a start function finds at instantiation, an integer below 2^53; null: start functions are refused. */
  readonly startGas: number | null
  /** Pages of 65,536 bytes that the memory can reach, in [0, 65,536]. */
  readonly memoryPagesMax: number
  /** The bound on nested calls, in slots of about 8 bytes of the engine's stack: see `stack-weights.ts`. */
  readonly stackSlotsMax: number
  /** Gas for each byte that `memory.grow` asks for, granted or not. */
  readonly gasPerByteGrown: number
  /** Gas for each byte that `memory.copy`, `memory.fill` or `memory.init` is asked to write. */
  readonly gasPerByteMoved: number
  /** Also export every mutable global, so that the host can put the instance's state back. */
  readonly exportGlobals: boolean
}

/** Behind each figure the most that was met in what OPA, Rust, Go, C and AssemblyScript compilers put out. */
export const METER_LIMITS: MeterLimits = {
  bytesMax: 16_777_216, // 9,040,920: a raft engine in Go
  typesMax: 4_096, // 27
  paramsMax: 64, // 11
  resultsMax: 16, // 1
  importsMax: 256, // 29
  functionsMax: 65_536, // 6,511
  globalsMax: 1_024, // 11
  exportsMax: 1_024, // 26
  tableElementsMax: 65_536, // 6,482
  elementSegmentsMax: 1_024, // 2
  dataSegmentsMax: 100_000, // 100,000: the Go linker goes up to what engines take
  localsMax: 4_096, // 39; compilers without optimisation make many
  bodyBytesMax: 524_288, // 29,238
  nestingMax: 4_096, // 553
  operandsMax: 1_024, // 11
  branchTargetsMax: 8_192, // about 840
}

/** No imports and no start function; 256 MiB of memory; half of the stack that V8 gives a main thread. */
export const METER_CONFIG: MeterConfig = {
  limits: METER_LIMITS,
  imports: [],
  startGas: null,
  memoryPagesMax: 4_096,
  stackSlotsMax: 65_536,
  gasPerByteGrown: 1,
  gasPerByteMoved: 1,
  exportGlobals: false,
}
