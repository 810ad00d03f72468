import { hash } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { concatBytes, equalBytes } from '../../codec/bytes.ts'

/** `CANPEERS` and the format's number. */
const MAGIC = Uint8Array.of(0x43, 0x41, 0x4e, 0x50, 0x45, 0x45, 0x52, 0x53, 1)
const HASH_BYTES = 32
const FILE_BYTES_MAX = 67_108_864

/**
 * Entries as one file: magic, then for each entry the length of its key in UTF-8, the length of its value (u32, little-endian),
 * key and value; at the end the sha256 of all that.
 */
export function encodePeerFile(entries: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const parts: Uint8Array[] = [MAGIC]
  const encoder = new TextEncoder()
  for (const [key, value] of entries) {
    const name = encoder.encode(key)
    const head = new DataView(new ArrayBuffer(8))
    head.setUint32(0, name.length, true)
    head.setUint32(4, value.length, true)
    parts.push(new Uint8Array(head.buffer), name, value)
  }
  const body = concatBytes(...parts)
  return concatBytes(body, hash('sha256', body, 'buffer'))
}

/** Undefined for anything but what `encodePeerFile` wrote. */
export function decodePeerFile(bytes: Uint8Array): Map<string, Uint8Array> | undefined {
  const end = bytes.length - HASH_BYTES
  if (end < MAGIC.length || !equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) return undefined
  if (!equalBytes(hash('sha256', bytes.subarray(0, end), 'buffer'), bytes.subarray(end))) return undefined
  const entries = new Map<string, Uint8Array>()
  const view = new DataView(bytes.buffer, bytes.byteOffset, end)
  const decoder = new TextDecoder()
  for (let at = MAGIC.length; at < end; ) {
    const keyEnd = at + 8 + view.getUint32(at, true)
    const valueEnd = keyEnd + view.getUint32(at + 4, true)
    entries.set(decoder.decode(bytes.subarray(at + 8, keyEnd)), bytes.slice(keyEnd, valueEnd))
    at = valueEnd
  }
  return entries
}

/** What was kept; nothing when there is no file, or a damaged one: peers are found anew, so nothing is lost by that. */
export async function readPeerFile(path: string): Promise<Map<string, Uint8Array>> {
  try {
    const bytes = new Uint8Array(await readFile(path))
    return (bytes.length <= FILE_BYTES_MAX ? decodePeerFile(bytes) : undefined) ?? new Map()
  } catch {
    return new Map()
  }
}

/** Puts the new file in the old one's place: a crash leaves one of the two, whole. Rejects with the disk's error. */
export async function writePeerFile(path: string, entries: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const next = `${path}.next`
  try {
    const file = await open(next, 'w', 0o600)
    try {
      await file.writeFile(encodePeerFile(entries))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(next, path)
  } catch (error) {
    await rm(next, { force: true })
    throw error
  }
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
