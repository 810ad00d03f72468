import type { MeterConfig } from './config.ts'
import { skipConstExpression } from './const-expression.ts'
import { readGlobalType, readImport, readMemory, readTable } from './imports.ts'
import { INJECTED, METER_SECTION } from './injected.ts'
import { emptyModule, KIND, type ModuleView, SECTION } from './module-view.ts'
import { readFunctionType } from './read-types.ts'
import type { Reader } from './reader.ts'
import { readDataSegment, readElementSegment } from './segments.ts'
import { textOfType } from './value-type.ts'

/** The order of the sections, which is not that of their ids: the data count stands before the code. */
const ORDER: readonly number[] = [
  SECTION.type,
  SECTION.import,
  SECTION.function,
  SECTION.table,
  SECTION.memory,
  SECTION.global,
  SECTION.export,
  SECTION.start,
  SECTION.element,
  SECTION.dataCount,
  SECTION.code,
  SECTION.data,
]

/** Reads and checks everything but the bodies of functions. A refusal is left in the reader. */
export function readSections(reader: Reader, config: MeterConfig): ModuleView {
  const module = emptyModule(reader.bytes)
  readPreamble(reader)
  let rank = -1
  while (reader.at < reader.end && reader.refusal === undefined)
    rank = readSection(reader, module, config, rank)
  if (reader.refusal === undefined) checkWhole(reader, module)
  return module
}

function readPreamble(reader: Reader): void {
  const preamble = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
  for (const byte of preamble)
    if (reader.byte() !== byte) reader.refuse('MALFORMED', 'not a module of version 1')
}

/** Gives the rank of the section in the order, or the one before for a custom section. */
function readSection(reader: Reader, module: ModuleView, config: MeterConfig, rank: number): number {
  const idAt = reader.at
  const id = reader.byte()
  const size = reader.count()
  const at = reader.at
  const moduleEnd = reader.end
  reader.end = at + size
  if (id === SECTION.custom) {
    if (reader.name() === METER_SECTION) reader.refuse('ALREADY_METERED', 'the module was metered before')
    return leaveSection(reader, moduleEnd, rank, true)
  }
  const found = ORDER.indexOf(id)
  if (found < 0) {
    if (id === 13) reader.refuse('EXCEPTIONS', 'tag section', idAt)
    else reader.refuse('UNKNOWN_SECTION', `section id ${id}`, idAt)
  } else if (found <= rank) reader.refuse('MALFORMED', `section ${id} out of order`, idAt)
  readContent(reader, module, config, id)
  return leaveSection(reader, moduleEnd, found, false)
}

function leaveSection(reader: Reader, moduleEnd: number, rank: number, custom: boolean): number {
  const { end } = reader
  if (!custom && reader.at !== end) reader.refuse('MALFORMED', 'bytes after the last item of a section')
  reader.end = moduleEnd
  reader.at = reader.refusal === undefined ? end : moduleEnd
  return rank
}

function readContent(reader: Reader, module: ModuleView, config: MeterConfig, id: number): void {
  const at = reader.at
  const single = id === SECTION.start || id === SECTION.dataCount
  const count = single ? 1 : reader.count()
  const itemsAt = reader.at
  const max = itemsMax(id, config)
  if (count > max) reader.refuse('LIMIT', `${count} items in section ${id}, ${max} allowed`, at)
  for (let i = 0; i < count && reader.refusal === undefined; i++) readItem(reader, module, config, id)
  module.sections.set(id, { id, at, end: reader.at, count, itemsAt })
}

function itemsMax(id: number, { limits }: MeterConfig): number {
  switch (id) {
    case SECTION.type:
      return limits.typesMax
    case SECTION.import:
      return limits.importsMax
    case SECTION.function:
    case SECTION.code:
      return limits.functionsMax
    case SECTION.global:
      return limits.globalsMax
    case SECTION.export:
      return limits.exportsMax
    case SECTION.element:
      return limits.elementSegmentsMax
    case SECTION.data:
      return limits.dataSegmentsMax
    default:
      return 1_000 // one in the end: a second table or memory is refused by its own name
  }
}

function readItem(reader: Reader, module: ModuleView, config: MeterConfig, id: number): void {
  switch (id) {
    case SECTION.type: {
      const type = readFunctionType(reader, config.limits)
      module.types.push(type)
      module.typeTexts.push(textOfType(type))
      return
    }
    case SECTION.import:
      return readImport(reader, module, config)
    case SECTION.function:
      return readFunction(reader, module)
    case SECTION.table:
      return readTable(reader, module, config)
    case SECTION.memory:
      return readMemory(reader, module, config, false)
    case SECTION.global:
      return readGlobal(reader, module)
    case SECTION.export:
      return readExport(reader, module)
    case SECTION.start:
      return readStart(reader, module, config)
    case SECTION.element:
      return readElementSegment(reader, module, config)
    case SECTION.dataCount:
      module.dataCount = reader.u32()
      return
    case SECTION.code:
      return readBody(reader, module, config)
    case SECTION.data:
      module.dataSegments++
      return readDataSegment(reader, module)
  }
}

function readFunction(reader: Reader, module: ModuleView): void {
  const index = reader.u32()
  if (module.types[index] === undefined) reader.refuse('INVALID', `no type ${index}`)
  module.functions.push(index)
}

function readGlobal(reader: Reader, module: ModuleView): void {
  const global = readGlobalType(reader)
  skipConstExpression(reader, module, global.type)
  module.globals.push(global)
}

function readExport(reader: Reader, module: ModuleView): void {
  const at = reader.at
  const name = reader.name()
  const kind = reader.byte()
  const index = reader.u32()
  if (name.startsWith(INJECTED.prefix)) reader.refuse('RESERVED_NAME', `export ${name}`, at)
  if (kind === 4) reader.refuse('EXCEPTIONS', 'export of a tag', at)
  else if (kind > 4) reader.refuse('MALFORMED', `export of kind ${kind}`, at)
  else if (index >= sizeOf(module, kind)) reader.refuse('INVALID', `export ${name} of nothing`, at)
  module.exports.push({ name, kind, index })
}

function sizeOf(module: ModuleView, kind: number): number {
  switch (kind) {
    case KIND.function:
      return module.functions.length
    case KIND.table:
      return module.tables
    case KIND.memory:
      return module.memory === undefined ? 0 : 1
    default:
      return module.globals.length
  }
}

function readStart(reader: Reader, module: ModuleView, config: MeterConfig): void {
  const at = reader.at
  const index = reader.u32()
  if (config.startGas === null) reader.refuse('START_FUNCTION', `start function ${index}`, at)
  const type = module.typeTexts[module.functions[index] ?? -1]
  if (type !== '>') reader.refuse('INVALID', `start function ${index} is missing or takes operands`, at)
  module.start = index
}

function readBody(reader: Reader, module: ModuleView, config: MeterConfig): void {
  const size = reader.count()
  const max = config.limits.bodyBytesMax
  if (size > max) reader.refuse('LIMIT', `body of ${size} bytes, ${max} allowed`)
  module.bodies.push(reader.at, reader.at + size)
  reader.skip(size)
}

function checkWhole(reader: Reader, module: ModuleView): void {
  const bodies = module.bodies.length / 2
  const functions = module.functions.length - module.importedFunctions
  if (bodies !== functions) reader.refuse('MALFORMED', `${functions} functions, ${bodies} bodies`)
  if (module.dataCount !== undefined && module.dataCount !== module.dataSegments) {
    reader.refuse('MALFORMED', `data count ${module.dataCount}, ${module.dataSegments} segments`)
  }
  if (new Set(module.exports.map(({ name }) => name)).size !== module.exports.length) {
    reader.refuse('INVALID', 'two exports of one name')
  }
}
