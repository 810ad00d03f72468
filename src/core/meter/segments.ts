import type { MeterConfig } from './config.ts'
import { skipConstExpression } from './const-expression.ts'
import type { ModuleView } from './module-view.ts'
import type { Reader } from './reader.ts'
import { I32 } from './value-type.ts'

/** Bits of an element segment's flags. */
const NOT_ACTIVE = 1
const EXPLICIT = 2
const EXPRESSIONS = 4

/** Reads one element segment; the functions that it names are added to the module. */
export function readElementSegment(reader: Reader, module: ModuleView, config: MeterConfig): void {
  const flags = reader.u32()
  if (flags > 7) return void reader.refuse('MALFORMED', `element segment with flags ${flags}`)
  if ((flags & NOT_ACTIVE) === 0) readOffset(reader, module, (flags & EXPLICIT) !== 0)
  if ((flags & (NOT_ACTIVE | EXPLICIT)) !== 0) readElementKind(reader, (flags & EXPRESSIONS) !== 0)
  const count = reader.count()
  const max = config.limits.tableElementsMax
  module.elements += count
  if (module.elements > max)
    return void reader.refuse('LIMIT', `segments of ${module.elements} elements, ${max} allowed`)
  for (let i = 0; i < count && reader.refusal === undefined; i++) {
    if ((flags & EXPRESSIONS) !== 0) readReference(reader, module)
    else readFunctionIndex(reader, module)
  }
}

function readOffset(reader: Reader, module: ModuleView, explicit: boolean): void {
  const table = explicit ? reader.u32() : 0
  if (table !== 0) return void reader.refuse('MULTI_TABLE', `element segment of table ${table}`)
  if (module.tables === 0) return void reader.refuse('INVALID', 'no table')
  skipConstExpression(reader, module, I32)
}

function readElementKind(reader: Reader, expressions: boolean): void {
  const kind = reader.byte()
  if (kind === (expressions ? 0x70 : 0x00)) return
  if (expressions) reader.refuse('REFERENCE_TYPES', `elements of type 0x${kind.toString(16)}`)
  else reader.refuse('MALFORMED', `elements of kind ${kind}`)
}

function readFunctionIndex(reader: Reader, module: ModuleView): void {
  const index = reader.u32()
  if (index >= module.functions.length) reader.refuse('INVALID', `no function ${index}`)
  else module.tableFunctions.add(index)
}

/** `ref.func` of a function or `ref.null`. */
function readReference(reader: Reader, module: ModuleView): void {
  const code = reader.byte()
  if (code === 0xd2) readFunctionIndex(reader, module)
  else if (code !== 0xd0) reader.refuse('REFERENCE_TYPES', `opcode 0x${code.toString(16)} for an element`)
  else if (reader.byte() !== 0x70) reader.refuse('REFERENCE_TYPES', 'null of another type than funcref')
  if (reader.byte() !== 0x0b) reader.refuse('EXTENDED_CONST', 'element of more than one instruction')
}

/** Reads one data segment. */
export function readDataSegment(reader: Reader, module: ModuleView): void {
  const flags = reader.u32()
  if (flags > 2) return void reader.refuse('MALFORMED', `data segment with flags ${flags}`)
  if (flags === 2) {
    const memory = reader.u32()
    if (memory !== 0) return void reader.refuse('MULTI_MEMORY', `data segment of memory ${memory}`)
  }
  if (flags !== 1) {
    if (module.memory === undefined) return void reader.refuse('INVALID', 'no memory')
    skipConstExpression(reader, module, I32)
  }
  reader.skip(reader.count())
}
