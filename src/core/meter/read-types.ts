import type { MeterLimits } from './config.ts'
import type { Reader } from './reader.ts'
import { type FunctionType, isValueType } from './value-type.ts'

/** One of i32, i64, f32, f64; any other type is refused by the proposal that it comes from. */
export function readValueType(reader: Reader): number {
  const type = reader.byte()
  if (!isValueType(type)) refuseType(reader, type)
  return type
}

/** Refuses a byte that stood for a value type. */
export function refuseType(reader: Reader, byte: number): void {
  const shown = `type 0x${byte.toString(16)}`
  if (byte === 0x7b) reader.refuse('SIMD', `${shown}: v128`)
  else if (byte === 0x70 || byte === 0x6f) reader.refuse('REFERENCE_TYPES', `${shown}: a reference`)
  else if (byte === 0x69 || byte === 0x74) reader.refuse('EXCEPTIONS', `${shown}: an exception reference`)
  else if (byte >= 0x5d && byte <= 0x78) reader.refuse('GC', `${shown}: a typed reference`)
  else reader.refuse('MALFORMED', shown)
}

/** An entry of the type section. */
export function readFunctionType(reader: Reader, limits: MeterLimits): FunctionType {
  const form = reader.byte()
  if (form !== 0x60) {
    const gc = form === 0x5f || form === 0x5e || form === 0x50 || form === 0x4f || form === 0x4e
    reader.refuse(gc ? 'GC' : 'MALFORMED', `type of form 0x${form.toString(16)}`)
  }
  const params = readTypeList(reader, 'parameters', limits.paramsMax)
  return { params, results: readTypeList(reader, 'results', limits.resultsMax) }
}

function readTypeList(reader: Reader, what: string, max: number): Uint8Array {
  const count = reader.count()
  if (count > max) reader.refuse('LIMIT', `${count} ${what}, ${max} allowed`)
  const types = new Uint8Array(reader.refusal === undefined ? count : 0)
  for (let i = 0; i < types.length && reader.refusal === undefined; i++) types[i] = readValueType(reader)
  return types
}

/** Limits of a memory or table. `max` is undefined where none is given. */
export interface SizeLimits {
  readonly min: number
  readonly max: number | undefined
}

/** Limits in units (pages, elements); `ceiling` is what the specification allows of them. */
export function readSizeLimits(reader: Reader, ceiling: number): SizeLimits {
  const flags = reader.byte()
  if (flags > 7) reader.refuse('CUSTOM_PAGE_SIZES', `limits with flags ${flags}`)
  else if (flags > 3) reader.refuse('MEMORY64', `limits with flags ${flags}`)
  else if (flags > 1) reader.refuse('THREADS', `shared: limits with flags ${flags}`)
  const min = reader.u32()
  const max = flags === 1 ? reader.u32() : undefined
  if (min > ceiling || (max ?? min) > ceiling) reader.refuse('INVALID', `a size over ${ceiling}`)
  if (max !== undefined && max < min) reader.refuse('INVALID', `maximum ${max} below minimum ${min}`)
  return { min, max }
}
