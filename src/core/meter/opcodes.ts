import { F32, F64, I32, I64 } from './value-type.ts'

/** What follows the opcode. */
export const NONE = 0
/** Alignment and offset. */
export const MEMORY = 1
/** Four more kinds of operand that a constant has. */
export const S32 = 2
export const S64 = 3
export const BYTES4 = 4
export const BYTES8 = 5
/** The zero that stands for memory 0. */
const MEMORY_INDEX = 6

/** One instruction whose effect on the operand stack is the same wherever it stands. */
export interface Opcode {
  readonly name: string
  readonly immediate: number
  /** Largest alignment exponent, for `MEMORY`. */
  readonly align: number
  /** Types taken, the last one from the top of the stack. */
  readonly takes: readonly number[]
  /** Type put, or 0 for none. */
  readonly puts: number
  /**
   * `makes`: can give a NaN whose bits the specification leaves open. `reads`: what it gives does not depend on the
   * bits of a NaN that it takes. Neither: it passes NaN bits on (neg, abs, copysign, reinterpret) or has no float.
   */
  readonly nan: '' | 'makes' | 'reads'
}

const LETTERS: Readonly<Record<string, number>> = { i: I32, l: I64, f: F32, d: F64 }

/** First opcode, effect (`i` i32, `l` i64, `f` f32, `d` f64), what it does with NaN, names of this and the next ones. */
const ROWS: readonly (readonly [number, string, Opcode['nan'], string])[] = [
  [0x45, 'i>i', '', 'i32.eqz'],
  [0x46, 'ii>i', '', 'i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u'],
  [0x50, 'l>i', '', 'i64.eqz'],
  [0x51, 'll>i', '', 'i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u'],
  [0x5b, 'ff>i', 'reads', 'f32.eq f32.ne f32.lt f32.gt f32.le f32.ge'],
  [0x61, 'dd>i', 'reads', 'f64.eq f64.ne f64.lt f64.gt f64.le f64.ge'],
  [0x67, 'i>i', '', 'i32.clz i32.ctz i32.popcnt'],
  [
    0x6a,
    'ii>i',
    '',
    'i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u i32.and i32.or i32.xor',
  ],
  [0x74, 'ii>i', '', 'i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr'],
  [0x79, 'l>l', '', 'i64.clz i64.ctz i64.popcnt'],
  [
    0x7c,
    'll>l',
    '',
    'i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u i64.and i64.or i64.xor',
  ],
  [0x86, 'll>l', '', 'i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr'],
  [0x8b, 'f>f', '', 'f32.abs f32.neg'],
  [0x8d, 'f>f', 'makes', 'f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt'],
  [0x92, 'ff>f', 'makes', 'f32.add f32.sub f32.mul f32.div f32.min f32.max'],
  [0x98, 'ff>f', '', 'f32.copysign'],
  [0x99, 'd>d', '', 'f64.abs f64.neg'],
  [0x9b, 'd>d', 'makes', 'f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt'],
  [0xa0, 'dd>d', 'makes', 'f64.add f64.sub f64.mul f64.div f64.min f64.max'],
  [0xa6, 'dd>d', '', 'f64.copysign'],
  [0xa7, 'l>i', '', 'i32.wrap_i64'],
  [0xa8, 'f>i', 'reads', 'i32.trunc_f32_s i32.trunc_f32_u'],
  [0xaa, 'd>i', 'reads', 'i32.trunc_f64_s i32.trunc_f64_u'],
  [0xac, 'i>l', '', 'i64.extend_i32_s i64.extend_i32_u'],
  [0xae, 'f>l', 'reads', 'i64.trunc_f32_s i64.trunc_f32_u'],
  [0xb0, 'd>l', 'reads', 'i64.trunc_f64_s i64.trunc_f64_u'],
  [0xb2, 'i>f', '', 'f32.convert_i32_s f32.convert_i32_u'],
  [0xb4, 'l>f', '', 'f32.convert_i64_s f32.convert_i64_u'],
  [0xb6, 'd>f', 'makes', 'f32.demote_f64'],
  [0xb7, 'i>d', '', 'f64.convert_i32_s f64.convert_i32_u'],
  [0xb9, 'l>d', '', 'f64.convert_i64_s f64.convert_i64_u'],
  [0xbb, 'f>d', 'makes', 'f64.promote_f32'],
  [0xbc, 'f>i', '', 'i32.reinterpret_f32'],
  [0xbd, 'd>l', '', 'i64.reinterpret_f64'],
  [0xbe, 'i>f', '', 'f32.reinterpret_i32'],
  [0xbf, 'l>d', '', 'f64.reinterpret_i64'],
  [0xc0, 'i>i', '', 'i32.extend8_s i32.extend16_s'],
  [0xc2, 'l>l', '', 'i64.extend8_s i64.extend16_s i64.extend32_s'],
]

/** Opcode, effect, largest alignment exponent, name. */
const MEMORY_ROWS: readonly (readonly [number, string, number, string])[] = [
  [0x28, 'i>i', 2, 'i32.load'],
  [0x29, 'i>l', 3, 'i64.load'],
  [0x2a, 'i>f', 2, 'f32.load'],
  [0x2b, 'i>d', 3, 'f64.load'],
  [0x2c, 'i>i', 0, 'i32.load8_s i32.load8_u'],
  [0x2e, 'i>i', 1, 'i32.load16_s i32.load16_u'],
  [0x30, 'i>l', 0, 'i64.load8_s i64.load8_u'],
  [0x32, 'i>l', 1, 'i64.load16_s i64.load16_u'],
  [0x34, 'i>l', 2, 'i64.load32_s i64.load32_u'],
  [0x36, 'ii>', 2, 'i32.store'],
  [0x37, 'il>', 3, 'i64.store'],
  [0x38, 'if>', 2, 'f32.store'],
  [0x39, 'id>', 3, 'f64.store'],
  [0x3a, 'ii>', 0, 'i32.store8'],
  [0x3b, 'ii>', 1, 'i32.store16'],
  [0x3c, 'il>', 0, 'i64.store8'],
  [0x3d, 'il>', 1, 'i64.store16'],
  [0x3e, 'il>', 2, 'i64.store32'],
]

/** Opcode, effect, immediate, name. */
const OTHER_ROWS: readonly (readonly [number, string, number, string])[] = [
  [0x3f, '>i', MEMORY_INDEX, 'memory.size'],
  [0x41, '>i', S32, 'i32.const'],
  [0x42, '>l', S64, 'i64.const'],
  [0x43, '>f', BYTES4, 'f32.const'],
  [0x44, '>d', BYTES8, 'f64.const'],
]

/** After the prefix 0xfc: the float to integer conversions that saturate. */
const SATURATING_ROWS: readonly (readonly [number, string, Opcode['nan'], string])[] = [
  [0, 'f>i', 'reads', 'i32.trunc_sat_f32_s i32.trunc_sat_f32_u'],
  [2, 'd>i', 'reads', 'i32.trunc_sat_f64_s i32.trunc_sat_f64_u'],
  [4, 'f>l', 'reads', 'i64.trunc_sat_f32_s i64.trunc_sat_f32_u'],
  [6, 'd>l', 'reads', 'i64.trunc_sat_f64_s i64.trunc_sat_f64_u'],
]

/**
 * Instructions of one byte by that byte, as far as one table can say what they do. Control, calls, variables,
 * `drop`, `select` and `memory.grow` are not here. Source: WebAssembly specification, "Index of Instructions".
 */
export const OPCODES: readonly (Opcode | undefined)[] = table(256, [
  ...ROWS.flatMap(([first, effect, nan, names]) => row(first, effect, names, { nan })),
  ...MEMORY_ROWS.flatMap(([first, effect, align, names]) =>
    row(first, effect, names, { align, immediate: MEMORY }),
  ),
  ...OTHER_ROWS.flatMap(([first, effect, immediate, names]) => row(first, effect, names, { immediate })),
])

/** Instructions after the prefix 0xfc, by their number. */
export const SATURATING: readonly (Opcode | undefined)[] = table(
  8,
  SATURATING_ROWS.flatMap(([first, effect, nan, names]) => row(first, effect, names, { nan })),
)

type Row = readonly [code: number, opcode: Opcode]

function row(first: number, effect: string, names: string, more: Partial<Opcode>): readonly Row[] {
  const [takes = '', puts = ''] = effect.split('>')
  return names.split(' ').map((name, i) => {
    const opcode = { name, immediate: NONE, align: 0, takes: types(takes), puts: types(puts)[0] ?? 0 }
    return [first + i, { nan: '', ...opcode, ...more }]
  })
}

function types(letters: string): readonly number[] {
  return Array.from(letters, (letter) => LETTERS[letter] as number)
}

function table(size: number, rows: readonly Row[]): readonly (Opcode | undefined)[] {
  const all = Array.from<Opcode | undefined>({ length: size })
  for (const [code, opcode] of rows) all[code] = opcode
  return all
}
