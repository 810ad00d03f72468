/**
 * The unsigned varint at `at` in its shortest form; -1 where there is none that ends before `to`, it has a
 * shorter form, or it is beyond 2^53 - 1. Source: multiformats unsigned-varint specification.
 */
export function readVarint(bytes: Uint8Array, at: number, to: number): number {
  let value = 0
  let scale = 1
  for (let i = at; i < to; i++) {
    const byte = bytes[i] as number
    value += (byte & 0x7f) * scale
    if (value > Number.MAX_SAFE_INTEGER) return -1
    if (byte < 0x80) return byte === 0 && i > at ? -1 : value
    scale *= 0x80
  }
  return -1
}

/** Bytes that the shortest form of a safe integer takes. */
export function varintBytes(value: number): number {
  let size = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++
  return size
}

/** The shortest form of a safe integer from 0 on. */
export function varintOf(value: number): Uint8Array {
  const bytes = new Uint8Array(varintBytes(value))
  let rest = value
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = (rest % 0x80) + (at === bytes.length - 1 ? 0 : 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return bytes
}
