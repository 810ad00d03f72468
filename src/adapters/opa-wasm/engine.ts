import { LruMap } from '../../model/lru-map.ts'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { PolicyEngine, PolicyModule } from '../../ports/policy-engine.ts'
import type { MeterPolicy } from '../../ports/policy-meter.ts'
import { AsideThread, type WorkerSource } from './aside.ts'
import { BUILTINS } from './builtins/all.ts'
import { OpaModule } from './module.ts'
import { type PlanOptions, planEvaluation } from './plan.ts'

/** The rule whose value is the decision. */
export const ENTRYPOINT = 'canswarm/policy/decision'

const MODULES_MAX = 16

/** Nothing of a policy comes from outside its module: no data, no functions but those that are pinned. */
const DECISIONS: PlanOptions = { builtins: BUILTINS, entrypoint: ENTRYPOINT, data: '{}', output: 'json' }

export interface OpaEngineOptions {
  readonly meter: MeterPolicy
  readonly sha256: Sha256
  /** Compiled modules that are kept; 16 unless told. */
  readonly modulesMax?: number
  /** Where the worker thread's code is, when not beside this file. */
  readonly source?: WorkerSource
}

/** OPA's WebAssembly as policies. The caller closes it. */
export function openOpaEngine(options: OpaEngineOptions): PolicyEngine {
  return new OpaEngine(options)
}

class OpaEngine implements PolicyEngine {
  readonly #meter: MeterPolicy
  readonly #sha256: Sha256
  readonly #aside: AsideThread
  /** By the hash of the module as it came; the meter and its settings are the same for all. */
  readonly #modules: LruMap<string, PolicyModule>

  constructor({ meter, sha256, modulesMax, source }: OpaEngineOptions) {
    this.#meter = meter
    this.#sha256 = sha256
    this.#aside = new AsideThread(source)
    this.#modules = new LruMap(modulesMax ?? MODULES_MAX)
  }

  load(wasm: Uint8Array): Result<PolicyModule, Rejection> {
    const hash = this.#sha256(wasm)
    const key = hash.toHex()
    const known = this.#modules.get(key)
    if (known !== undefined) return ok(known)
    const loaded = this.#make(wasm, hash)
    if (loaded.ok) this.#modules.set(key, loaded.value)
    return loaded
  }

  async close(): Promise<void> {
    await this.#aside.close()
  }

  #make(wasm: Uint8Array, hash: Uint8Array): Result<PolicyModule, Rejection> {
    const metered = this.#meter(wasm)
    if (!metered.ok) return metered
    const plan = planEvaluation(metered.value, DECISIONS)
    if (!plan.ok) return plan
    return ok(new OpaModule({ hash, plan: plan.value, aside: this.#aside }))
  }
}
