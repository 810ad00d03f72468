import { assert, DefectError } from '../../model/fault.ts'

const MEMORY_SECTION = 5
const HEADER_BYTES = 8
export const PAGE_BYTES = 65_536

/**
 * The module with a maximum for its one memory, in pages of 64 KiB; asserts that it had none. Beyond it an allocation
 * fails and the module stops itself. Source: WebAssembly core specification, "Memory Section".
 */
export function limitMemory(wasm: Uint8Array, pagesMax: number): Uint8Array {
  for (let at = HEADER_BYTES; at < wasm.length; ) {
    const id = wasm[at]
    const length = readUnsigned(wasm, at + 1)
    const body = length.end
    if (id === MEMORY_SECTION) {
      const minimum = readUnsigned(wasm, body + 2)
      const isPlain = wasm[body] === 1 && wasm[body + 1] === 0
      assert(isPlain && minimum.end === body + length.value, 'the module has one memory without a maximum')
      const section = [1, 1, ...unsigned(minimum.value), ...unsigned(pagesMax)]
      const limited = [MEMORY_SECTION, ...unsigned(section.length), ...section]
      return new Uint8Array(
        Buffer.concat([wasm.subarray(0, at), Uint8Array.from(limited), wasm.subarray(minimum.end)]),
      )
    }
    at = body + length.value
  }
  throw new DefectError('the module has a memory')
}

function readUnsigned(bytes: Uint8Array, from: number): { readonly value: number; readonly end: number } {
  let value = 0
  for (let at = from; ; at++) {
    const byte = bytes[at] ?? 0
    value += (byte & 0x7f) * 2 ** (7 * (at - from))
    if (byte < 0x80) return { value, end: at + 1 }
  }
}

function unsigned(value: number): readonly number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest]
    bytes.push((rest & 0x7f) | 0x80)
  }
}
