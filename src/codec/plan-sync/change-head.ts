import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { concatBytes, equalBytes } from '../bytes.ts'
import { readVarint, varintBytes, varintOf } from '../varint.ts'

/** What the head of a change says, and the hash by which a document knows it. */
export interface ChangeHead {
  readonly hash: Uint8Array
  readonly actor: Uint8Array
  readonly message: string
}

/** Raw DEFLATE of at most so many bytes; undefined where it is none or longer. */
export type Inflate = (bytes: Uint8Array, bytesMax: number) => Uint8Array | undefined

/** Of one change, inflated: a patch has at most 256 operations in 64 KiB. */
const CHANGE_BYTES_MAX = 262_144

const MAGIC = Uint8Array.of(0x85, 0x6f, 0x4a, 0x83)
const CHANGE = 1
const DEFLATED_CHANGE = 2
const PREFIX_BYTES = 8
const HASH_BYTES = 32
const ACTOR_BYTES = 32
const DEPS_MAX = 16
const MESSAGE_BYTES_MAX = 128

/**
 * Reads the head of a change chunk: the columns with its operations are not looked at, so that what they say costs nothing.
 * Rejects MALFORMED whole documents, bundles and what is no chunk; TOO_LARGE. Source: Automerge binary format, "Chunks".
 */
export function readChangeHead(
  chunk: Uint8Array,
  sha256: Sha256,
  inflate: Inflate,
): Result<ChangeHead, Rejection> {
  if (chunk.length > CHANGE_BYTES_MAX) return tooLarge()
  const type = chunk[PREFIX_BYTES]
  const lengthAt = PREFIX_BYTES + 1
  const length = readVarint(chunk, lengthAt, chunk.length)
  const bodyAt = lengthAt + varintBytes(Math.max(0, length))
  const isChange = type === CHANGE || type === DEFLATED_CHANGE
  if (!isChange || length < 0 || bodyAt + length !== chunk.length || !equalBytes(chunk.subarray(0, 4), MAGIC))
    return malformed('it is no chunk of one change')
  const body = type === CHANGE ? chunk.subarray(bodyAt) : inflate(chunk.subarray(bodyAt), CHANGE_BYTES_MAX)
  if (body === undefined) return tooLarge()
  const hash = sha256(concatBytes(Uint8Array.of(CHANGE), varintOf(body.length), body))
  if (!equalBytes(hash.subarray(0, 4), chunk.subarray(4, 8))) return malformed('its checksum is wrong')
  return headOf(body, hash)
}

/** deps, actor, seq, start op, time, message. */
function headOf(body: Uint8Array, hash: Uint8Array): Result<ChangeHead, Rejection> {
  let at = 0
  const next = (): number => {
    const value = readVarint(body, at, body.length)
    at += value < 0 ? body.length : varintBytes(value)
    return value
  }
  const deps = next()
  if (deps < 0 || deps > DEPS_MAX) return malformed('its dependencies')
  at += deps * HASH_BYTES
  const actorBytes = next()
  const actor = body.subarray(at, at + actorBytes)
  at += Math.max(0, actorBytes)
  if (actor.length !== ACTOR_BYTES || actorBytes !== ACTOR_BYTES) return malformed('its actor')
  if (next() < 1 || next() < 1) return malformed('its numbers')
  // Time is a signed number and always 0 here.
  if (next() !== 0) return malformed('its time')
  const messageBytes = next()
  const message = body.subarray(at, at + messageBytes)
  if (messageBytes < 0 || messageBytes > MESSAGE_BYTES_MAX || message.length !== messageBytes)
    return malformed('its message')
  return ok({ hash, actor, message: String.fromCharCode(...message) })
}

function tooLarge(): Result<never, Rejection> {
  return reject('TOO_LARGE', `a change has at most ${CHANGE_BYTES_MAX} bytes, inflated too`)
}

function malformed(what: string): Result<never, Rejection> {
  return reject('MALFORMED', `a change: ${what}`)
}
