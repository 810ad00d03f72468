import { DefectError } from '../../model/fault.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { CID } from '../cid.ts'
import { type Ipld, isList } from '../ipld.ts'
import { assertDepth, assertEntry, assertInteger, assertLink, assertPlain } from '../ipld-asserts.ts'
import { sortKeys } from './key-order.ts'
import { ARRAY, BYTES, CID_TAG, FALSE, MAP, NEGATIVE, NULL, TAG, TRUE, UINT } from './major.ts'
import { Writer } from './writer.ts'

const writer = new Writer()

/**
 * Canonical dag-cbor of a value, in bytes of its own: the one form that `decodeDagCbor` reads. Asserts what
 * `Ipld` promises: no float, no integer beyond 2^53 - 1, no undefined, no bigint, no lone surrogate, no CIDv0,
 * no reserved map, nothing but plain objects, at most 32 containers inside one another. -0 is written as 0.
 * Written by hand since every body, entry and statement passes here: a third of the time of @ipld/dag-cbor,
 * whose bytes it writes. Source: protocol.md, "Encoding"; IPLD DAG-CBOR specification.
 */
export function encodeDagCbor(value: Ipld): Uint8Array {
  writer.reset()
  writeItem(value, 0)
  return writer.take()
}

/** SHA-256 of what `encodeDagCbor` writes: where bytes are made to be hashed alone, an array for them costs as much. */
export function hashDagCbor(value: Ipld, sha256: Sha256): Uint8Array {
  writer.reset()
  writeItem(value, 0)
  return sha256(writer.view())
}

function writeItem(value: Ipld, depth: number): void {
  if (typeof value === 'string') return writer.writeText(value)
  if (typeof value === 'number') return writeInteger(value)
  if (typeof value === 'boolean') return writer.writeByte(value ? TRUE : FALSE)
  if (value === null) return writer.writeByte(NULL)
  if (typeof value === 'object') return writeObject(value, depth)
  const none: never = value
  throw new DefectError(`an encoded value holds no ${typeof none}`)
}

function writeInteger(value: number): void {
  assertInteger(value)
  if (value >= 0) writer.writeHead(UINT, value)
  else writer.writeHead(NEGATIVE, -1 - value)
}

function writeObject(value: Ipld & object, depth: number): void {
  if (value instanceof CID) return writeLink(value)
  if (value instanceof Uint8Array) {
    writer.writeHead(BYTES, value.length)
    return writer.writeBytes(value)
  }
  assertDepth(depth)
  if (isList(value)) return writeArray(value, depth)
  assertPlain(value)
  return writeMap(value, depth)
}

function writeLink(cid: CID): void {
  assertLink(cid)
  writer.writeHead(TAG, CID_TAG)
  writer.writeHead(BYTES, cid.bytes.length + 1)
  writer.writeByte(0)
  writer.writeBytes(cid.bytes)
}

function writeArray(list: readonly Ipld[], depth: number): void {
  writer.writeHead(ARRAY, list.length)
  // by index, so that a hole is met and refused
  for (let i = 0; i < list.length; i++) writeItem(list[i] as Ipld, depth + 1)
}

function writeMap(map: { readonly [key: string]: Ipld }, depth: number): void {
  const keys = sortKeys(Object.keys(map))
  writer.writeHead(MAP, keys.length)
  for (const key of keys) {
    const value = map[key] as Ipld
    assertEntry(key, value)
    writer.writeText(key)
    writeItem(value, depth + 1)
  }
}
