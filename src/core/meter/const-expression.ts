import type { ModuleView } from './module-view.ts'
import type { Reader } from './reader.ts'
import { F32, F64, I32, I64, nameOfType } from './value-type.ts'

/**
 * Passes over an expression that gives a global's first value or a segment's offset: one constant, or one imported
 * immutable global. Longer ones are the proposal of extended constant expressions, which no compiler of the corpus
 * uses unless asked to.
 */
export function skipConstExpression(reader: Reader, module: ModuleView, type: number): void {
  const at = reader.at
  const actual = skipConstant(reader, module)
  if (reader.refusal === undefined && actual !== type) {
    reader.refuse('INVALID', `expected ${nameOfType(type)}, found ${nameOfType(actual)}`, at)
  }
  const end = reader.byte()
  if (end !== 0x0b) reader.refuse('EXTENDED_CONST', 'constant expression of more than one instruction')
}

function skipConstant(reader: Reader, module: ModuleView): number {
  const code = reader.byte()
  switch (code) {
    case 0x41:
      reader.skipSigned(32)
      return I32
    case 0x42:
      reader.skipSigned(64)
      return I64
    case 0x43:
      reader.skip(4)
      return F32
    case 0x44:
      reader.skip(8)
      return F64
    case 0x23:
      return globalType(reader, module)
    case 0xd0:
    case 0xd2:
      return reader.refuse('REFERENCE_TYPES', 'reference in a constant expression')
    case 0xfb:
      return reader.refuse('GC', 'allocation in a constant expression')
    case 0xfd:
      return reader.refuse('SIMD', 'vector in a constant expression')
    default:
      return reader.refuse('INVALID', `opcode 0x${code.toString(16)} in a constant expression`)
  }
}

function globalType(reader: Reader, module: ModuleView): number {
  const index = reader.u32()
  const global = module.globals[index]
  if (global === undefined || global.mutable)
    return reader.refuse('INVALID', `global ${index} is no constant`)
  if (index >= module.importedGlobals)
    return reader.refuse('EXTENDED_CONST', `global ${index} is not imported`)
  return global.type
}
