import { parentPort } from 'node:worker_threads'
import { DefectError } from '../../model/fault.ts'
import { LruMap } from '../../model/lru-map.ts'
import type { Evaluation } from '../../ports/policy-engine.ts'
import { BUILTINS } from './builtins/all.ts'
import type { Builtin } from './builtins/builtin.ts'
import { type EvaluationPlan, Evaluator } from './evaluator.ts'

export interface SentPlan extends Omit<EvaluationPlan, 'builtins'> {
  readonly builtins: ReadonlyMap<number, string>
}

/** What goes to the worker thread. */
export interface AsideJob {
  readonly job: number
  /** Of the module. */
  readonly key: string
  readonly plan: SentPlan
  readonly inputs: readonly Uint8Array[]
  readonly gasMax: number
}

/** What comes back for each job. */
export interface AsideAnswer {
  readonly job: number
  readonly evaluations: readonly Evaluation[]
}

const MODULES_MAX = 16

// The entry of the thread that evaluates what takes long.
const port = parentPort
if (port === null) throw new DefectError('this module runs in a worker thread')
const evaluators = new LruMap<string, Evaluator>(MODULES_MAX)
port.on('message', ({ job, key, plan, inputs, gasMax }: AsideJob) => {
  const evaluator = evaluators.get(key) ?? new Evaluator({ ...plan, builtins: byId(plan.builtins) })
  evaluators.set(key, evaluator)
  const evaluations = inputs.map((input) => evaluator.evaluate(input, gasMax))
  port.postMessage({ job, evaluations } satisfies AsideAnswer)
})

function byId(names: ReadonlyMap<number, string>): ReadonlyMap<number, Builtin> {
  return new Map(Array.from(names, ([id, name]) => [id, named(name)]))
}

function named(name: string): Builtin {
  const builtin = BUILTINS.find((one) => one.name === name)
  if (builtin === undefined) throw new DefectError(`no function of the host is called ${name}`)
  return builtin
}
