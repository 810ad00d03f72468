import { METER_CONFIG, type MeterConfig } from '../../../../src/core/meter/config.ts'
import { INJECTED, stopReason } from '../../../../src/core/meter/injected.ts'
import { type MeteredModule, meter } from '../../../../src/core/meter/meter.ts'
import { type EngineGlobal, type EngineMemory, type Exports, engine } from './engine.ts'

export const PLENTY = 1n << 50n

/** Meters what must be accepted. */
export function metered(bytes: Uint8Array, config: Partial<MeterConfig> = {}): MeteredModule {
  const result = meter(bytes, { ...METER_CONFIG, ...config })
  if (!result.ok) throw new Error(`${result.error.code} at ${result.error.offset}: ${result.error.message}`)
  return result.value
}

/** The code of the refusal; '' for what is accepted. */
export function refusalOf(bytes: Uint8Array, config: Partial<MeterConfig> = {}): string {
  const result = meter(bytes, { ...METER_CONFIG, ...config })
  return result.ok ? '' : result.error.code
}

export type Num = number | bigint

export interface Outcome {
  /** What came back, one number a result; or how it stopped. */
  readonly result: readonly Num[] | 'out-of-gas' | 'too-deep' | 'trap'
  /** Gas used; the limit itself when it ran out. */
  readonly used: bigint
}

export interface Opened {
  readonly exports: Exports
  readonly memory: EngineMemory | undefined
  /** Calls an export with `limit` gas. The instance is dead after a stop. */
  call(name: string, args: readonly Num[], limit?: bigint): Outcome
}

export function open(bytes: Uint8Array, imports: object = {}): Opened {
  const { exports } = new engine.Instance(new engine.Module(bytes), imports)
  const gas = exports[INJECTED.gas] as EngineGlobal | undefined
  const stack = exports[INJECTED.stack] as EngineGlobal | undefined
  const memory = Object.values(exports).find((each): each is EngineMemory => each instanceof engine.Memory)
  return {
    exports,
    memory,
    call(name, args, limit = PLENTY) {
      if (gas !== undefined) gas.value = limit
      const left = (): bigint => (gas === undefined ? limit : (gas.value as bigint))
      try {
        const value = (exports[name] as (...args: readonly Num[]) => unknown)(...args)
        const result = (Array.isArray(value) ? value : value === undefined ? [] : [value]) as Num[]
        return { result, used: limit - left() }
      } catch (error) {
        if (!(error instanceof engine.RuntimeError)) throw error
        const result = stopReason(left(), (stack?.value ?? 0) as number)
        return { result, used: result === 'out-of-gas' ? limit : limit - left() }
      }
    },
  }
}
