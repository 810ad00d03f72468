/** Value types by their byte in the binary format. */
export const I32 = 0x7f
export const I64 = 0x7e
export const F32 = 0x7d
export const F64 = 0x7c
/** The type of an operand that unreachable code made up: fits every other. */
export const ANY = 0

export type ValueTypeName = 'i32' | 'i64' | 'f32' | 'f64'

/** The byte of each type that the meter takes. */
export const VALUE_TYPE: Readonly<Record<ValueTypeName, number>> = { i32: I32, i64: I64, f32: F32, f64: F64 }

const NAMES: Readonly<Record<number, string>> = { 0x7f: 'i32', 0x7e: 'i64', 0x7d: 'f32', 0x7c: 'f64' }

export function isValueType(byte: number): boolean {
  return byte >= F64 && byte <= I32
}

export function nameOfType(byte: number): string {
  return NAMES[byte] ?? 'any'
}

/** A function's type: parameters and results, each a list of value types by their bytes. */
export interface FunctionType {
  readonly params: Uint8Array
  readonly results: Uint8Array
}

/** The same text for equal types, and another for others: `i32,i32>i64`. */
export function textOfType({ params, results }: FunctionType): string {
  return `${Array.from(params, nameOfType).join(',')}>${Array.from(results, nameOfType).join(',')}`
}
