import type { AllowedImport, MeterConfig } from './config.ts'
import { KIND, type ModuleView } from './module-view.ts'
import { readSizeLimits, readValueType } from './read-types.ts'
import type { Reader } from './reader.ts'
import { nameOfType, VALUE_TYPE } from './value-type.ts'

/** Most elements that the specification lets a table claim. */
const TABLE_CEILING = 0xffff_ffff
/** Most pages that the specification lets a memory claim. */
const MEMORY_CEILING = 65_536

/** Reads one import into the module and refuses it unless the caller allows it. */
export function readImport(reader: Reader, module: ModuleView, config: MeterConfig): void {
  const at = reader.at
  const from = reader.name()
  const name = reader.name()
  const actual = readImportType(reader, module, config)
  if (reader.refusal !== undefined) return
  const allowed = config.imports.find((each) => each.module === from && each.name === name)
  if (allowed === undefined) return void reader.refuse('IMPORT', `import ${from}.${name} (${actual})`, at)
  const expected = textOfImport(allowed)
  if (actual !== expected) reader.refuse('IMPORT', `import ${from}.${name} is ${actual}, not ${expected}`, at)
}

function readImportType(reader: Reader, module: ModuleView, config: MeterConfig): string {
  switch (reader.byte()) {
    case KIND.function: {
      const index = reader.u32()
      const text = module.typeTexts[index]
      if (text === undefined) reader.refuse('INVALID', `no type ${index}`)
      module.functions.push(index)
      module.importedFunctions++
      return `function ${text}`
    }
    case KIND.table:
      readTable(reader, module, config)
      module.tableImported = true
      return 'table'
    case KIND.memory:
      readMemory(reader, module, config, true)
      return 'memory'
    case KIND.global: {
      const global = readGlobalType(reader)
      module.globals.push(global)
      module.importedGlobals++
      return `global ${global.mutable ? 'mutable ' : ''}${nameOfType(global.type)}`
    }
    case 4:
      reader.refuse('EXCEPTIONS', 'import of a tag')
      return ''
    default:
      reader.refuse('MALFORMED', 'import of an unknown kind')
      return ''
  }
}

function textOfImport(allowed: AllowedImport): string {
  switch (allowed.kind) {
    case 'function':
      return `function ${allowed.params.join(',')}>${allowed.results.join(',')}`
    case 'global':
      return `global ${allowed.mutable ? 'mutable ' : ''}${nameOfType(VALUE_TYPE[allowed.type])}`
    case 'memory':
    case 'table':
      return allowed.kind
    default:
      return allowed satisfies never
  }
}

/** Reads the type of a global. */
export function readGlobalType(reader: Reader): { readonly type: number; readonly mutable: boolean } {
  const type = readValueType(reader)
  const mutable = reader.byte()
  if (mutable > 1) reader.refuse(mutable < 4 ? 'THREADS' : 'MALFORMED', `global with mutability ${mutable}`)
  return { type, mutable: mutable === 1 }
}

/** Reads the type of a table of functions. */
export function readTable(reader: Reader, module: ModuleView, config: MeterConfig): void {
  const type = reader.byte()
  if (type === 0x40) reader.refuse('GC', 'table with an initial value')
  else if (type === 0x6f) reader.refuse('REFERENCE_TYPES', 'table of external references')
  else if (type !== 0x70) reader.refuse('GC', `table of type 0x${type.toString(16)}`)
  const { min } = readSizeLimits(reader, TABLE_CEILING)
  const max = config.limits.tableElementsMax
  if (min > max) reader.refuse('LIMIT', `table of ${min} elements, ${max} allowed`)
  if (++module.tables > 1) reader.refuse('MULTI_TABLE', 'more than one table')
}

/** Reads the type of a memory. */
export function readMemory(reader: Reader, module: ModuleView, config: MeterConfig, imported: boolean): void {
  const at = reader.at
  const { min, max } = readSizeLimits(reader, MEMORY_CEILING)
  const pages = config.memoryPagesMax
  if (min > pages) reader.refuse('LIMIT', `memory of ${min} pages, ${pages} allowed`)
  if (module.memory !== undefined) reader.refuse('MULTI_MEMORY', 'more than one memory')
  module.memory = { imported, min, max, at, end: reader.at }
}
