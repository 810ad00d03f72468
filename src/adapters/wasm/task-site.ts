import { FaultError } from '../../model/fault.ts'
import type { CallContext } from './call-context.ts'
import { wasiCalls } from './calls.ts'
import { GuestMemory } from './guest-memory.ts'
import type { TaskPlan } from './plan-task.ts'
import { Stop } from './stop.ts'
import { type WasmGlobal, type WasmMemory, type WasmModule, webAssembly } from './web-assembly.ts'
import { World, type WorldSetup } from './world.ts'

export interface WasmJob extends WorldSetup {
  /** Integer in [0, 2^53). */
  readonly gasMax: number
}

/** How a task ended: every field is the same on every node, a function of module and job. */
export type WasmOutcome = { readonly gas: number } & (
  | { readonly kind: 'done'; readonly output: Uint8Array }
  | { readonly kind: 'exited'; readonly code: number; readonly stderr: string }
  | { readonly kind: 'trapped'; readonly stderr: string }
  /** `gas` is the limit where that was what ran out. */
  | { readonly kind: 'limited'; readonly limit: 'gas' | 'depth' | 'output'; readonly stderr: string }
)

/** Memory of more pages is costlier to put back than a new instance is. */
const PAGES_KEPT_MAX = 8
const PAGE_BYTES = 65_536

/** An instance, and what it was before anything ran in it. */
interface Instance {
  readonly start: () => void
  readonly gas: WasmGlobal
  readonly stack: WasmGlobal
  readonly memory: WasmMemory
  /** Undefined where it cannot be put back. */
  readonly before: State | undefined
}

interface State {
  readonly memory: Uint8Array
  readonly globals: readonly (readonly [WasmGlobal, number | bigint])[]
}

/**
 * Where one module's tasks run, one after another. Nothing of a task is left for the next: small instances are put
 * back to what they were, all others are made anew.
 */
export class TaskSite {
  readonly #plan: TaskPlan
  readonly #imports: Readonly<Record<string, unknown>>
  #world: World | undefined
  #instance: Instance | undefined
  /** Instances are put back; no longer once one grew, since those that follow will grow too. */
  #isKept: boolean

  constructor(plan: TaskPlan) {
    this.#plan = plan
    this.#isKept = plan.isRestorable
    const current = (): Instance => this.#instance as Instance
    const context: CallContext = {
      world: () => this.#world as World,
      memory: new GuestMemory(() => current().memory.buffer),
      charge: (gas) => takeGas(current().gas, gas),
    }
    this.#imports = { wasi_snapshot_preview1: wasiCalls(context) }
  }

  /**
   * Runs a task to its end, here and now. A bad module is an outcome, never a throw. Faults `worker` when the machine
   * has no memory or stack left: nothing is known, asking again is safe.
   */
  run(job: WasmJob): WasmOutcome {
    const world = new World(job)
    const instance = this.#instance ?? instantiate(this.#plan, this.#imports, this.#isKept)
    if (instance === undefined) return { kind: 'trapped', gas: 0, stderr: '' }
    this.#instance = instance
    this.#world = world
    instance.gas.value = BigInt(job.gasMax)
    const end = this.#endOf(instance)
    const outcome = outcomeOf(instance, end, job, world)
    this.#instance = end === 'trap' ? undefined : putBack(instance)
    if (end !== 'trap' && this.#instance === undefined) this.#isKept = false
    this.#world = undefined
    return outcome
  }

  /** How the task ended itself or was ended; `done` when all went well. Throws what is not its own doing. */
  #endOf({ start }: Instance): EarlyEnd {
    // One that wants arguments is no `_start`.
    if (start.length !== 0) return 'trap'
    try {
      start()
      return 'done'
    } catch (error) {
      if (error instanceof webAssembly.RuntimeError) return 'trap'
      if (error instanceof Stop) return endOf(error)
      this.#instance = undefined
      throw notItsDoing(error)
    }
  }
}

type EarlyEnd =
  | 'trap'
  | 'done'
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'limited'; readonly limit: 'gas' | 'output' }

function endOf({ how }: Stop): EarlyEnd {
  if (how.kind === 'limit') return { kind: 'limited', limit: how.limit }
  return how.code === 0 ? 'done' : { kind: 'exited', code: how.code }
}

function outcomeOf(
  { gas, stack }: Instance,
  end: EarlyEnd,
  { gasMax }: WasmJob,
  { stdout, stderr }: World,
): WasmOutcome {
  const left = Number(gas.value)
  if (left < 0) return { kind: 'limited', limit: 'gas', gas: gasMax, stderr: stderr.text() }
  const used = gasMax - left
  if (end === 'done') return { kind: 'done', gas: used, output: stdout.take() }
  const rest = { gas: used, stderr: stderr.text() }
  if (end !== 'trap') return { ...end, ...rest }
  return Number(stack.value) < 0 ? { kind: 'limited', limit: 'depth', ...rest } : { kind: 'trapped', ...rest }
}

/** Undefined where a segment of the module does not fit, which is a trap. */
function instantiate(
  { module, gasExport, stackExport, globals }: TaskPlan,
  imports: Readonly<Record<string, unknown>>,
  isKept: boolean,
): Instance | undefined {
  const exports = exportsOf(module, imports)
  if (exports === undefined) return undefined
  const [gas, stack] = [exports[gasExport], exports[stackExport]] as [WasmGlobal, WasmGlobal]
  const memory = exports['memory'] as WasmMemory
  const kept = [stack, ...globals.map((name) => exports[name] as WasmGlobal)]
  const before = isKept ? stateOf(memory, kept) : undefined
  return { start: exports['_start'] as () => void, gas, stack, memory, before }
}

function exportsOf(module: WasmModule, imports: Readonly<Record<string, unknown>>) {
  try {
    return new webAssembly.Instance(module, imports).exports
  } catch (error) {
    if (error instanceof webAssembly.RuntimeError) return undefined
    throw notItsDoing(error)
  }
}

/** Undefined for one that is large, or that holds a NaN, whose bits are not kept on the way in and out. */
function stateOf({ buffer }: WasmMemory, kept: readonly WasmGlobal[]): State | undefined {
  if (buffer.byteLength > PAGES_KEPT_MAX * PAGE_BYTES) return undefined
  const globals = kept.map((global) => [global, global.value] as const)
  if (globals.some(([, value]) => Number.isNaN(value))) return undefined
  return { memory: new Uint8Array(buffer).slice(), globals }
}

/** The same instance as it was; undefined where that cannot be, as when its memory has grown. */
function putBack(instance: Instance): Instance | undefined {
  const { before, memory } = instance
  if (before === undefined || memory.buffer.byteLength !== before.memory.length) return undefined
  new Uint8Array(memory.buffer).set(before.memory)
  for (const [global, value] of before.globals) global.value = value
  return instance
}

/** Such as the engine's own stack or memory, which depend on who called: an outcome would not be the same everywhere. */
function notItsDoing(cause: unknown): unknown {
  return cause instanceof RangeError
    ? new FaultError('worker', 'a task ended by what is not its own doing', { cause })
    : cause
}

function takeGas(global: WasmGlobal, gas: number): void {
  const left = (global.value as bigint) - BigInt(gas)
  global.value = left
  if (left < 0n) throw new Stop({ kind: 'limit', limit: 'gas' })
}
