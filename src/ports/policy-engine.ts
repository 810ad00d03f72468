import type { Rejection } from '../model/rejection.ts'
import type { Result } from '../model/result.ts'

/**
 * How one evaluation ended. Every field is the same on every node and in every run: a function of the module,
 * the input and the limit. `gas` is what was used: instructions executed, and bytes of memory grown or moved.
 * Source: policy.md, "Gas".
 */
export type Evaluation =
  | {
      readonly kind: 'decided'
      readonly gas: number
      /** What the policy wrote, JSON, at most 65,536 bytes: a stranger's, so to be parsed before use. */
      readonly output: string
    }
  /** Stopped at the limit; `gas` is the limit. */
  | { readonly kind: 'gas-exceeded'; readonly gas: number }
  | {
      readonly kind: 'failed'
      readonly gas: number
      readonly failure: EvaluationFailure
      /** Only for people: the policy's own last words, or what was wrong. At most 256 characters. */
      readonly message: string
    }

/**
 * - depth: calls too deep; trap: stopped by the WebAssembly itself; abort: the policy gave up;
 * - builtin: a call of the host that is not allowed or not well-formed;
 * - input: over the size limit; output: not to be found, not terminated, too large, or not UTF-8.
 */
export type EvaluationFailure = 'depth' | 'trap' | 'abort' | 'builtin' | 'input' | 'output'

/** A policy, compiled and metered. It keeps nothing between evaluations. */
export interface PolicyModule {
  /** SHA-256 of the module as its author made it, before metering: `policy_engine_hash`. 32 bytes. */
  readonly hash: Uint8Array
  /** Which prices `gas` is counted by. */
  readonly meterVersion: number
  /** Functions that it calls in the host, by the names that Rego has for them. */
  readonly builtins: readonly string[]
  readonly imports: readonly string[]
  readonly exports: readonly string[]
  /**
   * One evaluation for each input, in order, at once. Inputs are canonical dag-cbor, the bytes that input CIDs name;
   * the policy sees the dag-json of each. `gasMax` is for each, an integer in [0, 2^53). A bad policy or input is an
   * outcome, never a throw.
   */
  evaluateList(inputs: readonly Uint8Array[], gasMax: number): readonly Evaluation[]
  /**
   * The same outcomes, computed on a worker thread when that may take long. Faults `worker` when the thread
   * ended first or the engine was closed: nothing is known, asking again is safe.
   */
  evaluateListAside(inputs: readonly Uint8Array[], gasMax: number): Promise<readonly Evaluation[]>
}

/** Makes policies out of WebAssembly that nobody vouches for. */
export interface PolicyEngine {
  /**
   * Compiles and meters a module, or gives the one that it has of the same bytes.
   * Rejects MALFORMED (no WebAssembly, or against the rules for policies: what the meter refuses, imports other
   * than OPA's, a missing export, another ABI, no entrypoint `canswarm/policy/decision`, a start that traps or runs
   * out of gas), UNKNOWN_CAPABILITY (a function of the host that is not allowed, by its name), TOO_LARGE.
   */
  load(wasm: Uint8Array): Result<PolicyModule, Rejection>
  /** Ends the worker thread; what is pending faults with `worker`. May be called twice. */
  close(): Promise<void>
}
