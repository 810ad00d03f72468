import type { Evaluation, PolicyModule } from '../../ports/policy-engine.ts'
import type { AsideThread } from './aside.ts'
import { type EvaluationPlan, Evaluator } from './evaluator.ts'
import { webAssembly } from './web-assembly.ts'

/**
 * Gas that one evaluation may use on this thread before it is given to the worker thread, to start anew: a
 * twentieth of a millisecond for usual code, at worst one. The default policy uses a quarter of it for an envelope.
 */
const GAS_HERE_MAX = 500_000

/** And all evaluations of one call together: a list of 64 usual envelopes, about two milliseconds. */
const GAS_HERE_TOTAL_MAX = 12_000_000

export interface OpaModuleOptions {
  readonly hash: Uint8Array
  readonly plan: EvaluationPlan
  readonly aside: AsideThread
}

/** One loaded policy. */
export class OpaModule implements PolicyModule {
  readonly hash: Uint8Array
  readonly meterVersion: number
  readonly builtins: readonly string[]
  readonly imports: readonly string[]
  readonly exports: readonly string[]
  readonly #plan: EvaluationPlan
  readonly #aside: AsideThread
  readonly #evaluator: Evaluator

  constructor({ hash, plan, aside }: OpaModuleOptions) {
    this.hash = hash
    this.meterVersion = plan.meterVersion
    this.builtins = [...plan.builtins.values()].map(({ name }) => name)
    this.imports = webAssembly.Module.imports(plan.module).map(({ module, name }) => `${module}.${name}`)
    this.exports = webAssembly.Module.exports(plan.module)
      .map(({ name }) => name)
      .filter((name) => !name.startsWith(plan.exportsPrefix))
    this.#plan = plan
    this.#aside = aside
    this.#evaluator = new Evaluator(plan)
  }

  evaluateList(inputs: readonly Uint8Array[], gasMax: number): readonly Evaluation[] {
    return inputs.map((input) => this.#evaluator.evaluate(input, gasMax))
  }

  async evaluateListAside(inputs: readonly Uint8Array[], gasMax: number): Promise<readonly Evaluation[]> {
    let left = GAS_HERE_TOTAL_MAX
    const here = inputs.map((input) => {
      const evaluation = left > 0 ? this.#evaluateHere(input, gasMax) : undefined
      left -= evaluation?.gas ?? GAS_HERE_MAX
      return evaluation
    })
    const long = inputs.filter((_, at) => here[at] === undefined)
    if (long.length === 0) return here as Evaluation[]
    const aside = [...(await this.#aside.evaluateList(this.hash, this.#plan, long, gasMax))]
    return here.map((evaluation) => evaluation ?? (aside.shift() as Evaluation))
  }

  /** Undefined when it takes more gas than this thread gives. */
  #evaluateHere(input: Uint8Array, gasMax: number): Evaluation | undefined {
    if (gasMax <= GAS_HERE_MAX) return this.#evaluator.evaluate(input, gasMax)
    const evaluation = this.#evaluator.evaluate(input, GAS_HERE_MAX)
    return evaluation.kind === 'gas-exceeded' ? undefined : evaluation
  }
}
