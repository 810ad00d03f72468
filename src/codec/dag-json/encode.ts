import { DefectError } from '../../model/fault.ts'
import { base32Of } from '../base32.ts'
import { CID } from '../cid.ts'
import { type Ipld, isList } from '../ipld.ts'
import {
  assertDepth,
  assertEntry,
  assertInteger,
  assertLink,
  assertPlain,
  assertText,
} from '../ipld-asserts.ts'
import { compareKeys } from './key-order.ts'

/**
 * Canonical dag-json of a value, on one line: the one form that `decodeDagJson` reads. Asserts what `Ipld`
 * promises, as `encodeDagCbor` does. Written by hand: @ipld/dag-json takes ten times as long, does not refuse
 * reserved maps, and sorts keys by UTF-16 where its specification says UTF-8 (they differ beyond U+FFFF).
 * Source: protocol.md, "Encoding"; IPLD DAG-JSON specification; ECMA-262, JSON.stringify (texts).
 */
export function encodeDagJson(value: Ipld): string {
  return textOf(value, 0)
}

function textOf(value: Ipld, depth: number): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'number') return digitsOf(value)
  if (typeof value === 'boolean' || value === null) return String(value)
  if (typeof value === 'object') return objectText(value, depth)
  const none: never = value
  throw new DefectError(`an encoded value holds no ${typeof none}`)
}

function quoted(text: string): string {
  assertText(text)
  return JSON.stringify(text)
}

function digitsOf(value: number): string {
  assertInteger(value)
  return String(value)
}

function objectText(value: Ipld & object, depth: number): string {
  if (value instanceof CID) return linkText(value)
  if (value instanceof Uint8Array) return `{"/":{"bytes":"${value.toBase64({ omitPadding: true })}"}}`
  assertDepth(depth)
  if (isList(value)) return listText(value, depth)
  assertPlain(value)
  return mapText(value, depth)
}

function listText(list: readonly Ipld[], depth: number): string {
  let text = '['
  for (let at = 0; at < list.length; at++) {
    if (at > 0) text += ','
    text += textOf(list[at] as Ipld, depth + 1)
  }
  return `${text}]`
}

function linkText(cid: CID): string {
  assertLink(cid)
  return `{"/":"b${base32Of(cid.bytes)}"}`
}

function mapText(map: { readonly [key: string]: Ipld }, depth: number): string {
  const keys = Object.keys(map)
  if (!isSorted(keys)) keys.sort(compareKeys)
  let text = '{'
  for (const key of keys) {
    const value = map[key] as Ipld
    assertEntry(key, value)
    if (text.length > 1) text += ','
    text += `${quotedKey(key)}:${textOf(value, depth + 1)}`
  }
  return `${text}}`
}

function isSorted(keys: readonly string[]): boolean {
  for (let at = 1; at < keys.length; at++) {
    if (compareKeys(keys[at - 1] as string, keys[at] as string) > 0) return false
  }
  return true
}

/** Keys are few and come again and again: quoting one costs five times a look-up. The first so many are kept. */
const QUOTED = new Map<string, string>()
const QUOTED_MAX = 1_024
const QUOTED_CHARS_MAX = 64

function quotedKey(key: string): string {
  const known = QUOTED.get(key)
  if (known !== undefined) return known
  const text = quoted(key)
  if (key.length <= QUOTED_CHARS_MAX && QUOTED.size < QUOTED_MAX) QUOTED.set(key, text)
  return text
}
