import type { Reader } from './reader.ts'
import type { RefusalCode } from './refusal.ts'

/** First and last opcode, the refusal, the proposal that they come from. */
const REFUSED: readonly (readonly [first: number, last: number, RefusalCode, string])[] = [
  [0x06, 0x0a, 'EXCEPTIONS', 'exception handling'],
  [0x12, 0x13, 'TAIL_CALLS', 'tail calls'],
  [0x14, 0x15, 'GC', 'typed function references'],
  [0x18, 0x19, 'EXCEPTIONS', 'exception handling'],
  [0x1f, 0x1f, 'EXCEPTIONS', 'exception handling'],
  [0x25, 0x26, 'REFERENCE_TYPES', 'table.get and table.set'],
  [0xd0, 0xd2, 'REFERENCE_TYPES', 'references'],
  [0xd3, 0xd6, 'GC', 'typed references'],
  [0xfb, 0xfb, 'GC', 'garbage collection'],
  [0xfd, 0xfd, 'SIMD', 'vector instructions'],
  [0xfe, 0xfe, 'THREADS', 'atomic instructions'],
]

/** After the prefix 0xfc. */
const REFUSED_PREFIXED: typeof REFUSED = [[12, 17, 'REFERENCE_TYPES', 'instructions on tables']]

/** Refuses an instruction that the meter does not take, by its name; `prefixed`: it followed the byte 0xfc. */
export function refuseOpcode(reader: Reader, opcode: number, prefixed: boolean, at: number): void {
  const shown = `${prefixed ? '0xfc ' : ''}0x${opcode.toString(16)}`
  const rows = prefixed ? REFUSED_PREFIXED : REFUSED
  const row = rows.find(([first, last]) => opcode >= first && opcode <= last)
  if (row === undefined) reader.refuse('UNKNOWN_OPCODE', `opcode ${shown}`, at)
  else reader.refuse(row[2], `${row[3]} (opcode ${shown})`, at)
}
