/**
 * Why a module is refused.
 * - MALFORMED: not the binary format; INVALID: the format, but against the rules of validation.
 * - LIMIT: over one of the meter's limits; the message names it.
 * - IMPORT: an import that the caller does not allow; START_FUNCTION: a start function where none is allowed.
 * - ALREADY_METERED: the meter's own output; RESERVED_NAME: an export under the meter's prefix.
 * - UNKNOWN_SECTION, UNKNOWN_OPCODE: nothing that the specification assigns.
 * - the rest: a proposal that the meter does not take, by its name.
 */
export type RefusalCode =
  | 'MALFORMED'
  | 'INVALID'
  | 'LIMIT'
  | 'IMPORT'
  | 'START_FUNCTION'
  | 'ALREADY_METERED'
  | 'RESERVED_NAME'
  | 'UNKNOWN_SECTION'
  | 'UNKNOWN_OPCODE'
  | 'SIMD'
  | 'THREADS'
  | 'EXCEPTIONS'
  | 'GC'
  | 'TAIL_CALLS'
  | 'MULTI_MEMORY'
  | 'MULTI_TABLE'
  | 'MEMORY64'
  | 'CUSTOM_PAGE_SIZES'
  | 'REFERENCE_TYPES'
  | 'EXTENDED_CONST'

export interface MeterRefusal {
  readonly code: RefusalCode
  /** For people: what was met and, for a limit, both numbers. */
  readonly message: string
  /** Where in the module, in bytes from its start. */
  readonly offset: number
}
