import { writeDagJson } from '../../codec/dag-json/from-dag-cbor.ts'
import { JsonWriter } from '../../codec/dag-json/json-writer.ts'
import { FaultError } from '../../model/fault.ts'
import type { Evaluation } from '../../ports/policy-engine.ts'
import type { Builtin } from './builtins/builtin.ts'
import { type InstancePlan, OpaInstance } from './instance.ts'
import { restore, type Snapshot } from './snapshot.ts'
import { Stop } from './stop.ts'
import { webAssembly } from './web-assembly.ts'

/** A module that was looked at and may be evaluated. Can be sent to a worker thread, the builtins by name. */
export interface EvaluationPlan extends InstancePlan {
  readonly snapshot: Snapshot
  readonly builtins: ReadonlyMap<number, Builtin>
  readonly entrypoint: number
  /** How results are written: as JSON, or as Rego writes values (sets apart from arrays). */
  readonly output: 'json' | 'rego'
  /** Addresses in the snapshot. */
  readonly data: number
  readonly heap: number
}

/** Bytes of an input's text that 16 MiB of memory can hold beside what is made of it. */
const INPUT_BYTES_MAX = 4_194_304

const OUTPUT_BYTES_MAX = 65_536

const writer = new JsonWriter()

/** Evaluates one module, again and again, each time from the same state. */
export class Evaluator {
  readonly #plan: EvaluationPlan
  #instance: OpaInstance | undefined

  constructor(plan: EvaluationPlan) {
    this.#plan = plan
  }

  /**
   * `input`: canonical dag-cbor. `gasMax`: integer in [0, 2^53). Faults `policy-engine` when the machine has no memory
   * or stack left: nothing is known, asking again is safe.
   */
  evaluate(input: Uint8Array, gasMax: number): Evaluation {
    if (input.length > INPUT_BYTES_MAX) return tooLarge()
    if (!writeDagJson(input, writer)) return refusedInput('an input is canonical dag-cbor')
    return this.evaluateText(writer.view(), gasMax)
  }

  /** The same for the text that the policy reads, in UTF-8; empty: no input at all. */
  evaluateText(text: Uint8Array, gasMax: number): Evaluation {
    if (text.length > INPUT_BYTES_MAX) return tooLarge()
    const instance = this.#cleanInstance()
    instance.gasLeft = gasMax
    try {
      const output = this.#run(instance, text)
      const gas = gasMax - instance.gasLeft
      if (instance.memory.pages() !== this.#plan.snapshot.pages) this.#instance = undefined
      return { kind: 'decided', gas, output }
    } catch (error) {
      this.#instance = undefined
      return outcomeOf(error, instance, gasMax)
    }
  }

  #cleanInstance(): OpaInstance {
    const instance = this.#instance ?? newInstance(this.#plan)
    restore(instance, this.#plan.snapshot)
    this.#instance = instance
    return instance
  }

  #run({ exports, memory }: OpaInstance, text: Uint8Array): string {
    const { heap } = this.#plan
    const result = memory.writeBytes(heap, text)
      ? exports.evaluate(this.#plan, { at: heap, size: text.length }, heap + text.length)
      : exports.evaluate(this.#plan, allocated(exports, memory, text), exports.heapPointer())
    return memory.textAt(result, OUTPUT_BYTES_MAX, 'output')
  }
}

/** It started once before, so only the machine can prevent it. */
function newInstance(plan: EvaluationPlan): OpaInstance {
  try {
    const instance = new OpaInstance(plan)
    instance.builtins = plan.builtins
    return instance
  } catch (cause) {
    throw new FaultError('policy-engine', 'no instance of a policy could be made', { cause })
  }
}

/** For a text that the memory has no room for as it is: the policy's own allocator makes room, and it is paid. */
function allocated(
  exports: OpaInstance['exports'],
  memory: OpaInstance['memory'],
  text: Uint8Array,
): { at: number; size: number } {
  const at = exports.malloc(text.length)
  if (!memory.writeBytes(at, text)) throw new Stop('input', 'the policy gave no room for the input')
  return { at, size: text.length }
}

function tooLarge(): Evaluation {
  return refusedInput(`an input has at most ${INPUT_BYTES_MAX} bytes, as dag-cbor and as JSON`)
}

function refusedInput(message: string): Evaluation {
  return { kind: 'failed', gas: 0, failure: 'input', message }
}

/**
 * What ended an evaluation early, said without any words of the engine's: those differ by version. Throws what is
 * not the policy's doing.
 */
function outcomeOf(error: unknown, instance: OpaInstance, gasMax: number): Evaluation {
  instance.assertSound()
  if (instance.gasLeft < 0) return { kind: 'gas-exceeded', gas: gasMax }
  const gas = gasMax - instance.gasLeft
  if (instance.isTooDeep) return { kind: 'failed', gas, failure: 'depth', message: 'calls went too deep' }
  if (error instanceof Stop && error.failure !== 'gas') {
    return { kind: 'failed', gas, failure: error.failure, message: error.message }
  }
  if (error instanceof webAssembly.RuntimeError || error instanceof TypeError) {
    return { kind: 'failed', gas, failure: 'trap', message: 'the policy was stopped by a trap' }
  }
  // Such as the engine's own stack, which depends on who called: an answer would not be the same everywhere.
  throw new FaultError('policy-engine', 'an evaluation ended by what is not its own doing', { cause: error })
}
