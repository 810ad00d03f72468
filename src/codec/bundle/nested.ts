/**
 * An item holds encoded things inside encoded things: a command, in it envelopes, in them bodies. In an export each
 * stands as the value that it is, so that people can read it; since every value has one encoding, the bytes come back
 * when it is closed again.
 *
 * 1. Bytes are opened when they are canonical dag-cbor of a list or map of at most so many levels; else they stand as
 *    bytes.
 * 2. An envelope { body: bytes, sig } is opened as { signed: value, sig }.
 * 3. What could be opened and is not was not written by `openItem`: NOT_CANONICAL.
 */
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { encodeKept } from '../dag-cbor/kept-value.ts'
import { type Ipld, isList, isMap, setOwn } from '../ipld.ts'
import { BLOCK_BYTES_MAX, BLOCK_ITEMS_MAX } from './limits.ts'

/** With a block's own levels all stays under the 32 of dag-cbor. */
const OUTER_DEPTH_MAX = 10
const BODY_DEPTH_MAX = 14

type IpldMap = { readonly [key: string]: Ipld }

/** The value of encoded bytes, its envelopes opened; bytes that are no such value stand as they are. */
export function openBytes(bytes: Uint8Array): Ipld {
  const value = containerOf(bytes)
  return value === undefined ? bytes : openEnvelopes(value)
}

/** The bytes that `openBytes` opened. Rejects NOT_CANONICAL (3). */
export function closeBytes(value: Ipld): Result<Uint8Array, Rejection> {
  if (value instanceof Uint8Array) {
    return containerOf(value) === undefined ? ok(value) : unopened()
  }
  const closed = closeEnvelopes(value)
  return closed === undefined ? unopened() : ok(encodeKept(closed))
}

/**
 * An item of a group's log: [0, command] or [1, source, n, body, [[certificate, index, leaf, path]] or []], with its
 * command, body and leaf opened. Bytes that are no item stand as bytes.
 */
export function openItem(item: Uint8Array): Ipld {
  return listOf(item)?.map(openPart) ?? item
}

function listOf(item: Uint8Array): readonly Ipld[] | undefined {
  const value = valueOf(item, OUTER_DEPTH_MAX)
  return value !== undefined && isList(value) ? value : undefined
}

/** Rejects NOT_CANONICAL (3). */
export function closeItem(value: Ipld): Result<Uint8Array, Rejection> {
  if (value instanceof Uint8Array) return listOf(value) === undefined ? ok(value) : unopened()
  if (!isList(value)) return reject('MALFORMED', 'an item is a list')
  const parts: Ipld[] = []
  for (const [at, part] of value.entries()) {
    const closed = closePart(part, at)
    if (!closed.ok) return closed
    parts.push(closed.value)
  }
  return ok(encodeKept(parts))
}

/** Places of an item's encoded parts: the command of a command, the body and the proofs of an effect. */
const COMMAND_AT = 1
const BODY_AT = 3
const PROOFS_AT = 4
const LEAF_AT = 2

function openPart(part: Ipld, at: number): Ipld {
  if (at === COMMAND_AT || at === BODY_AT) return part instanceof Uint8Array ? openBytes(part) : part
  if (at !== PROOFS_AT || !isList(part)) return part
  return part.map((proof) =>
    isList(proof)
      ? proof.map((one, place) => (place === LEAF_AT && one instanceof Uint8Array ? openBytes(one) : one))
      : proof,
  )
}

function closePart(part: Ipld, at: number): Result<Ipld, Rejection> {
  if (at === COMMAND_AT) return typeof part === 'number' ? ok(part) : closeBytes(part)
  if (at === BODY_AT) return closeBytes(part)
  if (at !== PROOFS_AT || !isList(part)) return ok(part)
  const proofs: Ipld[] = []
  for (const proof of part) {
    const closed = isList(proof) ? closeProof(proof) : ok(proof)
    if (!closed.ok) return closed
    proofs.push(closed.value)
  }
  return ok(proofs)
}

function closeProof(proof: readonly Ipld[]): Result<Ipld, Rejection> {
  const leaf = proof[LEAF_AT]
  if (leaf === undefined) return ok(proof)
  const closed = closeBytes(leaf)
  return closed.ok ? ok(proof.with(LEAF_AT, closed.value)) : closed
}

function openEnvelopes(value: Ipld): Ipld {
  if (isList(value)) return value.map(openEnvelopes)
  if (!isMap(value)) return value
  const body = value['body']
  if (body instanceof Uint8Array && isPair(value, 'body')) {
    const signed = valueOf(body, BODY_DEPTH_MAX)
    if (signed !== undefined) return { signed, sig: value['sig'] as Ipld }
  }
  return mapValues(value, openEnvelopes)
}

/** The value with each opened envelope closed, itself where it holds none; undefined: one is not opened that could be (3). */
function closeEnvelopes(value: Ipld): Ipld | undefined {
  if (typeof value !== 'object' || value === null) return value
  if (isList(value)) return closeList(value)
  return isMap(value) ? closeMap(value) : value
}

function closeMap(map: IpldMap): Ipld | undefined {
  const { signed, body } = map
  if (signed !== undefined && isPair(map, 'signed')) {
    return { body: encodeKept(signed), sig: map['sig'] as Ipld }
  }
  if (body instanceof Uint8Array && isPair(map, 'body') && valueOf(body, BODY_DEPTH_MAX) !== undefined) {
    return undefined
  }
  let made: { [key: string]: Ipld } | undefined
  for (const key of Object.keys(map)) {
    const value = map[key] as Ipld
    const closed = closeEnvelopes(value)
    if (closed === undefined) return undefined
    if (closed === value) continue
    made ??= { ...map }
    setOwn(made, key, closed)
  }
  return made ?? map
}

function closeList(list: readonly Ipld[]): readonly Ipld[] | undefined {
  let made: Ipld[] | undefined
  for (const [at, value] of list.entries()) {
    const closed = closeEnvelopes(value)
    if (closed === undefined) return undefined
    if (closed === value) continue
    made ??= [...list]
    made[at] = closed
  }
  return made ?? list
}

/** True for a map of this key and `sig` alone. */
function isPair(map: IpldMap, key: string): boolean {
  return map['sig'] !== undefined && map[key] !== undefined && Object.keys(map).length === 2
}

function mapValues(map: IpldMap, of: (value: Ipld) => Ipld): IpldMap {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, of(value)]))
}

function valueOf(bytes: Uint8Array, depthMax: number): Ipld | undefined {
  const decoded = decodeDagCbor(bytes, { bytesMax: BLOCK_BYTES_MAX, itemsMax: BLOCK_ITEMS_MAX, depthMax })
  return decoded.ok ? decoded.value : undefined
}

function containerOf(bytes: Uint8Array): Ipld | undefined {
  const value = valueOf(bytes, OUTER_DEPTH_MAX)
  return value !== undefined && (isList(value) || isMap(value)) ? value : undefined
}

function unopened(): Result<never, Rejection> {
  return reject('NOT_CANONICAL', 'what is encoded inside an item stands opened')
}
