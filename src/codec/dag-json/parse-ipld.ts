import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { type Ipld, isReserved, setOwn } from '../ipld.ts'
import { READ_LIMITS } from '../read-limits.ts'
import { parseBase64, parseLink } from './links.ts'

/**
 * A JSON value that a person or a program wrote, as `JSON.parse` gives it, read by dag-json's conventions but
 * in any key order and layout: `{"/": "<cid>"}` is a link, `{"/": {"bytes": "<base64>"}}` is bytes. What passes
 * can be encoded. `at` is the place of the value, and that of the offence follows it in `field`.
 * Rejects MALFORMED (what dag-cbor of ours cannot carry: fractions, integers beyond 2^53 - 1, lone surrogates,
 * other values than JSON's), TOO_LARGE (depth). Source: IPLD DAG-JSON specification; protocol.md, "Encoding".
 */
export function parseIpld(value: unknown, at = ''): Result<Ipld, Rejection> {
  return parseAt(value, at, 0)
}

function parseAt(value: unknown, at: string, depth: number): Result<Ipld, Rejection> {
  if (value === null || typeof value === 'boolean') return ok(value)
  if (typeof value === 'number') {
    return Number.isSafeInteger(value)
      ? ok(value)
      : reject('MALFORMED', 'a number is an integer up to 2^53 - 1', at)
  }
  if (typeof value === 'string') {
    return value.isWellFormed() ? ok(value) : reject('MALFORMED', 'the text is not well-formed Unicode', at)
  }
  if (typeof value !== 'object') return reject('MALFORMED', `${typeof value} is no data`, at)
  if (depth >= READ_LIMITS.depthMax) return reject('TOO_LARGE', `at most ${READ_LIMITS.depthMax} deep`, at)
  return Array.isArray(value) ? parseList(value, at, depth) : parseMap(value, at, depth)
}

function parseList(values: readonly unknown[], at: string, depth: number): Result<Ipld, Rejection> {
  const list: Ipld[] = []
  for (const [index, value] of values.entries()) {
    const item = parseAt(value, `${at}[${index}]`, depth + 1)
    if (!item.ok) return item
    list.push(item.value)
  }
  return ok(list)
}

function parseMap(value: object, at: string, depth: number): Result<Ipld, Rejection> {
  const map: { [key: string]: Ipld } = {}
  for (const [key, member] of Object.entries(value)) {
    const field = at === '' ? key : `${at}.${key}`
    if (!key.isWellFormed()) return reject('MALFORMED', 'a key is not well-formed Unicode', at)
    const parsed = parseAt(member, field, depth + 1)
    if (!parsed.ok) return parsed
    if (key === '/' && isReserved(parsed.value)) return parseReserved(value, parsed.value, at)
    setOwn(map, key, parsed.value)
  }
  return ok(map)
}

/** A link or bytes, which have no other key beside them. */
function parseReserved(map: object, under: Ipld, at: string): Result<Ipld, Rejection> {
  const read = typeof under === 'string' ? parseLink(under) : bytesIn(under)
  if (read === undefined || Object.keys(map).length !== 1) {
    return reject('MALFORMED', 'the key "/" is for a link or {"bytes": base64}, alone', at)
  }
  return ok(read)
}

function bytesIn(under: Ipld): Uint8Array | undefined {
  const entries = Object.entries(under as { readonly [key: string]: Ipld })
  const [entry] = entries
  if (entries.length !== 1 || entry === undefined || typeof entry[1] !== 'string') return undefined
  return parseBase64(entry[1])
}
