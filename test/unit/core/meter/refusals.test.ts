import { describe, expect, it } from 'vitest'
import { concatBytes } from '../../../../src/codec/bytes.ts'
import { METER_CONFIG, METER_LIMITS, type MeterLimits } from '../../../../src/core/meter/config.ts'
import { INJECTED, METER_SECTION } from '../../../../src/core/meter/injected.ts'
import { meter } from '../../../../src/core/meter/meter.ts'
import {
  type Bytes,
  build,
  custom,
  exported,
  F64,
  funcType,
  I32,
  I64,
  leb,
  PREAMBLE,
  section,
  single,
  text,
  vec,
} from './build.ts'
import { engine } from './engine.ts'
import { metered, refusalOf } from './run.ts'

const V128 = 0x7b
const FUNCREF = 0x70
const EXTERNREF = 0x6f
const END = 0x0b

/** Two segments, with one and with two functions. */
const ELEMENTS = [
  [1, 0, 1, 0],
  [1, 0, 2, 0, 0],
]

type Row = readonly [what: string, bytes: Uint8Array]

function code(...bytes: number[]): Uint8Array {
  return single(bytes)
}

/** Sections behind a preamble. */
function raw(...sections: readonly Bytes[]): Uint8Array {
  return Uint8Array.from([...PREAMBLE, ...sections.flat()])
}

function refusesAll(refusal: string, rows: readonly Row[]): void {
  it.each(rows)(`refuses %s as ${refusal}`, (_, bytes) => {
    expect(refusalOf(bytes)).toBe(refusal)
  })
}

describe('proposals that the meter does not take are refused by their name', () => {
  refusesAll('SIMD', [
    ['a vector instruction', code(0xfd, 0x0c, ...Array<number>(16).fill(0), 0x1a)],
    ['a relaxed vector instruction', code(0xfd, 0x80, 0x02)],
    ['a vector parameter', build({ funcs: [{ params: [V128], code: [] }] })],
    ['a vector local', build({ funcs: [{ locals: [V128], code: [] }] })],
    ['a vector block', code(0x02, V128, 0x00, END, 0x1a)],
  ])
  refusesAll('THREADS', [
    ['an atomic instruction', code(0x41, 0, 0xfe, 0x10, 2, 0, 0x1a)],
    ['a shared memory', single([], {}, { memory: [3, 1, 1] })],
  ])
  refusesAll('EXCEPTIONS', [
    ['a tag section', raw(section(1, vec([funcType([], [])])), section(13, [1, 0, 0]))],
    ['try_table', code(0x1f, 0x40, 0, END)],
    ['try', code(0x06, 0x40, 0x19, END)],
    ['throw', code(0x08, 0)],
    ['an imported tag', build({ imports: [[...text('a'), ...text('b'), 4, 0, 0]] })],
    ['an exported tag', single([], {}, { exports: [exported('t', 4, 0)] })],
    ['an exception reference', build({ funcs: [{ params: [0x69], code: [] }] })],
    ['a reference to no exception', build({ funcs: [{ params: [0x74], code: [] }] })],
  ])
  refusesAll('GC', [
    ['a struct type', raw(section(1, vec([[0x5f, 0]])))],
    ['an array type', raw(section(1, vec([[0x5e, I32, 1]])))],
    ['a subtype', raw(section(1, vec([[0x50, 0, 0x5f, 0]])))],
    ['a final subtype', raw(section(1, vec([[0x4f, 0, 0x5f, 0]])))],
    ['a reference to anything', build({ funcs: [{ params: [0x6e], code: [] }] })],
    ['a reference with the lowest number', build({ funcs: [{ params: [0x5d], code: [] }] })],
    ['a packed type', build({ funcs: [{ params: [0x78], code: [] }] })],
    ['a recursive group', raw(section(1, vec([[0x4e, 1, 0x60, 0, 0]])))],
    ['an instruction on structs', code(0xfb, 0x00, 0)],
    ['call_ref', code(0x14, 0)],
    ['a typed reference', build({ funcs: [{ params: [0x63, 0x70], code: [] }] })],
    ['a table with an initial value', build({ table: [0x40, 0, FUNCREF, 0, 0, 0xd0, FUNCREF, END] })],
  ])
  refusesAll('TAIL_CALLS', [
    ['return_call', code(0x12, 0)],
    ['return_call_indirect', code(0x13, 0, 0)],
  ])
  refusesAll('REFERENCE_TYPES', [
    ['ref.null', code(0xd0, FUNCREF, 0x1a)],
    ['table.get', single([0x41, 0, 0x25, 0, 0x1a], {}, { table: [FUNCREF, 0, 1] })],
    ['table.grow', single([0x00, 0xfc, 15, 0], {}, { table: [FUNCREF, 0, 1] })],
    ['table.copy', single([0x00, 0xfc, 14, 0, 0], {}, { table: [FUNCREF, 0, 1] })],
    ['an external reference', build({ funcs: [{ params: [EXTERNREF], code: [] }] })],
    ['a table of external references', build({ table: [EXTERNREF, 0, 1] })],
    ['a global reference', build({ globals: [[FUNCREF, 0, 0xd0, FUNCREF, END]] })],
  ])
  refusesAll('MULTI_MEMORY', [
    [
      'a second memory',
      raw(
        section(
          5,
          vec([
            [0, 1],
            [0, 1],
          ]),
        ),
      ),
    ],
    ['a load from memory 1', code(0x41, 0, 0x28, 0x42, 1, 0, 0x1a)],
    ['memory.size of memory 1', code(0x3f, 1, 0x1a)],
    ['data for memory 1', single([], {}, { data: [[2, 1, 0x41, 0, END, 0]] })],
  ])
  refusesAll('MULTI_TABLE', [
    [
      'a second table',
      raw(
        section(
          4,
          vec([
            [FUNCREF, 0, 1],
            [FUNCREF, 0, 1],
          ]),
        ),
      ),
    ],
    ['call_indirect by table 1', single([0x41, 0, 0x11, 0, 1], {}, { table: [FUNCREF, 0, 1] })],
  ])
  refusesAll('MEMORY64', [['a memory of 64-bit addresses', single([], {}, { memory: [4, 1] })]])
  refusesAll('CUSTOM_PAGE_SIZES', [
    ['a memory with pages of one byte', single([], {}, { memory: [8, 1, 0] })],
  ])
  refusesAll('EXTENDED_CONST', [
    ['a sum as the first value of a global', build({ globals: [[I32, 0, 0x41, 1, 0x41, 2, 0x6a, END]] })],
    [
      'a global of the module itself',
      build({
        globals: [
          [I32, 0, 0x41, 1, END],
          [I32, 0, 0x23, 0, END],
        ],
      }),
    ],
  ])
  refusesAll('UNKNOWN_SECTION', [
    ['section 14', raw(section(14, []))],
    ['section 200', raw(section(200, [1, 2, 3]))],
  ])
  refusesAll('UNKNOWN_OPCODE', [
    ['opcode 0x27', code(0x27)],
    ['opcode 0xff', code(0xff)],
    ['opcode 0xfc 18', code(0xfc, 18)],
    ['an unknown opcode in unreachable code', code(0x00, 0xc5)],
  ])
})

describe('what the specification does not allow is refused', () => {
  const rows: readonly Row[] = [
    ['nothing', new Uint8Array(0)],
    ['another magic number', Uint8Array.of(0, 0x61, 0x73, 0x6e, 1, 0, 0, 0)],
    ['another version', Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0)],
    ['a component', Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0)],
    ['a section cut short', raw([1, 5, 1])],
    ['a section longer than its items', raw(section(1, [0, 0]))],
    ['a section twice', raw(section(1, vec([])), section(1, vec([])))],
    ['sections out of order', raw(section(3, vec([])), section(1, vec([])))],
    ['the data count behind the code', raw(section(10, vec([])), section(12, [0]))],
    ['a list longer than the module', raw(section(1, leb(0xffff_ffff)))],
    ['a custom section without a name', raw([0, 0])],
    ['a custom section with a name that is not UTF-8', raw([0, 3, 2, 0xc3, 0x28])],
    [
      'an export with a name that is not UTF-8',
      raw(section(5, vec([[0, 1]])), section(7, [1, 1, 0xff, 2, 0])),
    ],
    ['functions without bodies', raw(section(1, vec([funcType([], [])])), section(3, vec([[0]])))],
    ['bodies without functions', raw(section(10, vec([[2, 0, END]])))],
    ['a function of no type', raw(section(3, vec([[0]])), section(10, vec([[2, 0, END]])))],
    ['two exports of one name', single([], {}, { exports: [exported('run', 0, 0)] })],
    ['an export of no function', single([], {}, { exports: [exported('x', 0, 9)] })],
    ['an export of no global', single([], {}, { exports: [exported('x', 3, 0)] })],
    ['an export of kind 5', single([], {}, { exports: [exported('x', 5, 0)] })],
    ['a memory with a maximum below its minimum', single([], {}, { memory: [1, 2, 1] })],
    ['a memory of more than 65,536 pages', single([], {}, { memory: [1, 1, ...leb(65_537)] })],
    ['a global with mutability 4', build({ globals: [[I32, 4, 0x41, 0, END]] })],
    ['a global that starts with another type', build({ globals: [[I32, 0, 0x42, 0, END]] })],
    ['a global that starts with no global', build({ globals: [[I32, 0, 0x23, 5, END]] })],
    ['a start function that takes an operand', build({ funcs: [{ params: [I32], code: [] }], start: 0 })],
    ['a start function that is missing', build({ funcs: [{ code: [] }], start: 3 })],
    ['elements without a table', build({ funcs: [{ code: [] }], elements: [[0, 0x41, 0, END, 1, 0]] })],
    [
      'an element that is no function',
      build({ table: [FUNCREF, 0, 1], elements: [[0, 0x41, 0, END, 1, 7]] }),
    ],
    ['an element segment with flags 8', build({ table: [FUNCREF, 0, 1], elements: [[8, 0]] })],
    ['data without a memory', build({ data: [[0, 0x41, 0, END, 0]] })],
    ['a data segment with flags 3', single([], {}, { data: [[3, 0]] })],
    ['a data count that is wrong', single([], {}, { dataCount: 2, data: [[1, 0]] })],
    [
      'memory.init without a data count',
      single([0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 8, 0, 0], {}, { data: [[1, 0]] }),
    ],
    ['data.drop of no segment', single([0xfc, 9, 1], {}, { dataCount: 1, data: [[1, 0]] })],
    ['an i32 constant of 33 bits', code(0x41, 0xff, 0xff, 0xff, 0xff, 0x4f, 0x1a)],
    ['an i32 constant of 6 bytes', code(0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, 0x1a)],
    ['an i64 constant of 65 bits', code(0x42, ...Array<number>(9).fill(0xff), 0x7d, 0x1a)],
    ['an index of 6 bytes', code(0x10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00)],
    ['an index of 33 bits', code(0x10, 0xff, 0xff, 0xff, 0xff, 0x1f)],
    ['a negative type of a block', code(0x02, 0x80, 0x7f, END)],
    ['a block of no type', code(0x02, 0x07, END)],
    ['a body without its end', raw(...open([0x01]))],
    ['a body with bytes behind its end', raw(...open([END, END]))],
    ['a body with a block left open', raw(...open([0x02, 0x40, END]))],
    ['else without if', code(0x02, 0x40, 0x05, END)],
    ['a second else', code(0x41, 0, 0x04, 0x40, 0x05, 0x05, END)],
    ['an operand that is missing', code(0x1a)],
    ['an operand of the block around', code(0x41, 0, 0x02, 0x40, 0x1a, END)],
    ['an operand of another type', code(0x42, 0, 0x45, 0x1a)],
    ['an operand left over', code(0x41, 0)],
    ['an operand left over in a block', code(0x02, 0x40, 0x41, 0, END)],
    ['a result that is missing', single([], { results: [I32] })],
    ['if without else that gives a result', code(0x41, 0, 0x04, I32, 0x41, 0, END, 0x1a)],
    ['a branch to no label', code(0x0c, 1)],
    ['a branch without its operand', code(0x02, I32, 0x0c, 0, END, 0x1a)],
    ['br_table to labels of different arity', code(0x02, I32, 0x41, 0, 0x41, 0, 0x0e, 1, 0, 1, END, 0x1a)],
    ['a call of no function', code(0x10, 9)],
    ['call_indirect without a table', code(0x41, 0, 0x11, 0, 0)],
    ['call_indirect of no type', single([0x41, 0, 0x11, 9, 0], {}, { table: [FUNCREF, 0, 1] })],
    ['a local that is missing', code(0x20, 0, 0x1a)],
    // its number is that of the meter's own local
    ['a local behind the last one', single([0x20, 1, 0x1a], { locals: [I32] })],
    ['a global that is missing', code(0x23, 0, 0x1a)],
    ['a write to a constant global', single([0x41, 0, 0x24, 0], {}, { globals: [[I32, 0, 0x41, 0, END]] })],
    // gas and stack are behind the last global, and the meter's functions behind the last one
    ['the gas itself', single([0x42, 0, 0x24, 1], {}, { globals: [[I64, 1, 0x42, 0, END]] })],
    ["the meter's own function", code(0x41, 0, 0x10, 1, 0x1a)],
    ['select of two types', code(0x41, 0, 0x42, 0, 0x41, 0, 0x1b, 0x1a)],
    ['select of two results', code(0x41, 0, 0x41, 0, 0x41, 0, 0x1c, 2, I32, I32, 0x1a)],
    ['a load without a memory', build({ funcs: [{ code: [0x41, 0, 0x28, 2, 0, 0x1a] }] })],
    ['a load aligned beyond its width', code(0x41, 0, 0x28, 3, 0, 0x1a)],
    ['an operand that is missing in a block in unreachable code', code(0x00, 0x02, 0x40, 0x1a, END)],
    ['an operand of another type in unreachable code', code(0x00, 0x42, 0, 0x45, 0x1a)],
    ['a constant cut short', raw(...open([0x44, 0, 0]))],
  ]
  it.each(rows)('%s', (_, bytes) => {
    expect(engine.validate(bytes)).toBe(false)
    expect(['MALFORMED', 'INVALID', 'START_FUNCTION']).toContain(refusalOf(bytes))
  })

  /** Sections of a module with one body of the bytes. */
  function open(body: Bytes): readonly Bytes[] {
    return [
      section(1, vec([funcType([], [])])),
      section(3, vec([[0]])),
      section(10, vec([[...leb(body.length + 1), 0, ...body]])),
    ]
  }
})

describe('what the specification allows is taken', () => {
  const rows: readonly Row[] = [
    ['an empty module', Uint8Array.from(PREAMBLE)],
    [
      'padded numbers, as linkers write them',
      code(0x41, 0x80, 0x80, 0x80, 0x80, 0x00, 0x1a, 0x10, 0x80, 0x80, 0x80, 0x80, 0x00),
    ],
    ['a padded negative number', code(0x41, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x1a)],
    [
      'a padded table index',
      single([0x41, 0, 0x11, 0, 0x80, 0x80, 0x80, 0x80, 0x00], {}, { table: [FUNCREF, 0, 1] }),
    ],
    ['a block with parameters and two results', twoResults()],
    ['a passive segment', single([0xfc, 9, 0], {}, { dataCount: 1, data: [[1, 2, 7, 8]] })],
    [
      'elements by expression',
      single(
        [],
        {},
        { table: [FUNCREF, 0, 2], elements: [[4, 0x41, 0, END, 2, 0xd2, 0, END, 0xd0, FUNCREF, END]] },
      ),
    ],
    [
      'passive and declared elements',
      single(
        [],
        {},
        {
          table: [FUNCREF, 0, 2],
          elements: [
            [1, 0, 1, 0],
            [3, 0, 1, 0],
            [2, 0, 0x41, 0, END, 0, 1, 0],
          ],
        },
      ),
    ],
    [
      'an export of a memory and a table',
      single([], {}, { table: [FUNCREF, 0, 2], exports: [exported('m', 2, 0), exported('t', 1, 0)] }),
    ],
  ]
  it.each(rows)('%s', (_, bytes) => {
    expect(engine.validate(bytes)).toBe(true)
    expect(engine.validate(metered(bytes).bytes)).toBe(true)
  })

  function twoResults(): Uint8Array {
    const block = [0x41, 1, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 1, 0x0c, 0, END, 0x1a, 0x1a]
    return single(block, {}, { types: [funcType([I32, F64], [I32, F64])] })
  }
})

describe('limits', () => {
  const limited = (limits: Partial<MeterLimits>, bytes: Uint8Array) =>
    refusalOf(bytes, { limits: { ...METER_LIMITS, ...limits } })
  const rows: readonly (readonly [keyof MeterLimits, allowed: number, Uint8Array])[] = [
    [
      'bytesMax',
      50,
      build({ funcs: [{ code: [] }], after: [custom('x', Array<number>(50 - 8 - 6 - 4 - 6 - 4).fill(0))] }),
    ],
    ['typesMax', 2, raw(section(1, vec([funcType([], []), funcType([], [])])))],
    ['paramsMax', 3, build({ funcs: [{ params: [I32, I32, I32], code: [] }] })],
    ['resultsMax', 2, build({ funcs: [{ results: [I32, I32], code: [0x41, 0, 0x41, 0] }] })],
    ['functionsMax', 2, build({ funcs: [{ code: [] }, { code: [] }] })],
    ['globalsMax', 1, build({ globals: [[I32, 0, 0x41, 0, END]] })],
    ['exportsMax', 1, single([])],
    ['tableElementsMax', 9, build({ table: [FUNCREF, 0, 9] })],
    ['tableElementsMax', 3, single([], {}, { table: [FUNCREF, 0, 1], elements: ELEMENTS })],
    ['elementSegmentsMax', 1, build({ table: [FUNCREF, 0, 1], elements: [[1, 0, 0]] })],
    ['dataSegmentsMax', 1, single([], {}, { data: [[1, 0]] })],
    ['localsMax', 3, single([], { params: [I32], locals: [I32, F64] })],
    ['bodyBytesMax', 5, single([0x01, 0x01, 0x01])],
    ['nestingMax', 2, code(0x02, 0x40, 0x03, 0x40, END, END)],
    ['operandsMax', 2, code(0x41, 0, 0x41, 0, 0x1a, 0x1a)],
    ['branchTargetsMax', 2, code(0x41, 0, 0x0e, 2, 0, 0, 0)],
  ]
  it.each(rows)('%s: %i is allowed, one less refuses the same module', (name, allowed, bytes) => {
    expect(limited({ [name]: allowed }, bytes)).toBe('')
    expect(limited({ [name]: allowed - 1 }, bytes)).toBe('LIMIT')
  })

  it('hold for lengths that are only claimed', () => {
    const locals = (count: number) =>
      raw(
        section(1, vec([funcType([], [])])),
        section(3, vec([[0]])),
        section(10, vec([[...leb(4 + leb(count).length - 1), 1, ...leb(count), I32, END]])),
      )
    expect(refusalOf(locals(0xffff_ffff))).toBe('LIMIT')
    expect(refusalOf(build({ table: [FUNCREF, 0, ...leb(0xffff_ffff)] }))).toBe('LIMIT')
  })

  it('of the configuration itself are ours to keep', () => {
    const bytes = single([])
    for (const [name, most] of [
      ['memoryPagesMax', 65_536],
      ['stackSlotsMax', 0x7fff_ffff],
      ['gasPerByteGrown', 4_096],
      ['startGas', Number.MAX_SAFE_INTEGER],
    ] as const) {
      expect(refusalOf(bytes, { [name]: most })).toBe('')
      expect(() => refusalOf(bytes, { [name]: most + 1 })).toThrow(name)
      expect(() => refusalOf(bytes, { [name]: -1 })).toThrow(name)
    }
  })

  it('a body that would outgrow what engines take is refused', () => {
    // 4 bytes that become 14: each branch has a charge for staying
    const branches = Uint8Array.from({ length: 2_400_000 }, (_, i) => [0x20, 0, 0x0d, 0][i % 4] as number)
    const body = concatBytes(Uint8Array.of(0, 0x02, 0x40), branches, Uint8Array.of(END, 0x01, END))
    const content = concatBytes(Uint8Array.of(1, ...leb(body.length)), body)
    const types = raw(section(1, vec([funcType([I32], [])])), section(3, vec([[0]])))
    const bytes = concatBytes(types, Uint8Array.of(10, ...leb(content.length)), content)
    expect(engine.validate(bytes)).toBe(true)
    expect(refusalOf(bytes)).toBe('LIMIT')
    const limits = { ...METER_LIMITS, bodyBytesMax: 7_000_000 }
    const result = meter(bytes, { ...METER_CONFIG, limits, stackSlotsMax: 1_000_000 })
    expect(result).toMatchObject({ ok: false, error: { message: expect.stringContaining('once metered') } })
  })
})

describe('what belongs to the meter', () => {
  it('a metered module is refused', () => {
    expect(refusalOf(metered(single([])).bytes)).toBe('ALREADY_METERED')
    expect(refusalOf(single([], {}, { after: [custom(METER_SECTION)] }))).toBe('ALREADY_METERED')
  })

  it('an export under its prefix is refused', () => {
    expect(refusalOf(single([], { export: INJECTED.gas }))).toBe('RESERVED_NAME')
    expect(refusalOf(single([], { export: `${INJECTED.prefix}x` }))).toBe('RESERVED_NAME')
  })
})
