/** Records as dag-cbor carries them: it knows no integers beyond 2^53, so an amount is a map with one reserved key. */
import type { Ipld } from '../../codec/ipld.ts'
import { isList, isMap, setOwn } from '../../codec/ipld.ts'
import type { RecordValue } from './view.ts'

/** Key of the map that stands for a bigint. Keys of records that begin so get one more, so nothing is ambiguous. */
const BIG = '$'
const BIG_TEXT = /^(?:0|-?[1-9][0-9]*)$/

/** The value itself where it has no bigint and no such key: most records are not copied. */
export function recordToIpld(value: RecordValue): Ipld {
  if (typeof value === 'bigint') return { [BIG]: value.toString() }
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value
  return isRecordList(value) ? listToIpld(value) : mapToIpld(value)
}

function listToIpld(items: readonly RecordValue[]): Ipld {
  let made: Ipld[] | undefined
  for (const [at, item] of items.entries()) {
    const one = recordToIpld(item)
    if (made === undefined && one !== item) made = items.slice(0, at) as Ipld[]
    made?.push(one)
  }
  return made ?? (items as readonly Ipld[])
}

function mapToIpld(map: { readonly [key: string]: RecordValue }): Ipld {
  let made: { [key: string]: Ipld } | undefined
  const keys = Object.keys(map)
  for (const [at, key] of keys.entries()) {
    const inner = map[key] as RecordValue
    const one = recordToIpld(inner)
    if (made === undefined && (one !== inner || key.startsWith(BIG))) made = copyOf(map, keys.slice(0, at))
    if (made !== undefined) setOwn(made, escaped(key), one)
  }
  return made ?? (map as { readonly [key: string]: Ipld })
}

function copyOf(map: { readonly [key: string]: RecordValue }, keys: readonly string[]) {
  const copy: { [key: string]: Ipld } = {}
  for (const key of keys) setOwn(copy, key, map[key] as Ipld)
  return copy
}

function isRecordList(value: RecordValue): value is readonly RecordValue[] {
  return Array.isArray(value)
}

/** The value itself where it has no bigint and no such key. Undefined for what `recordToIpld` does not make: links, and reserved maps of another form. */
export function recordOfIpld(value: Ipld): RecordValue | undefined {
  if (isList(value)) return listOf(value)
  if (isMap(value)) return Object.hasOwn(value, BIG) ? bigOf(value) : mapOf(value)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return undefined
}

function listOf(items: readonly Ipld[]): RecordValue | undefined {
  const read = items.map(recordOfIpld)
  if (read.every((item, at) => item === items[at])) return items as readonly RecordValue[]
  return read.some((item) => item === undefined) ? undefined : (read as RecordValue[])
}

function bigOf(map: { readonly [key: string]: Ipld }): bigint | undefined {
  const text = map[BIG]
  const isBig = Object.keys(map).length === 1 && typeof text === 'string' && BIG_TEXT.test(text)
  return isBig ? BigInt(text) : undefined
}

function mapOf(map: { readonly [key: string]: Ipld }): RecordValue | undefined {
  const keys = Object.keys(map)
  const values: RecordValue[] = []
  let isSame = true
  for (const key of keys) {
    const inner = map[key] as Ipld
    const value = recordOfIpld(inner)
    if (value === undefined) return undefined
    values.push(value)
    if (value !== inner || key.startsWith(BIG)) isSame = false
  }
  if (isSame) return map as RecordValue
  return Object.fromEntries(keys.map((key, at) => [unescaped(key), values[at] as RecordValue]))
}

function escaped(key: string): string {
  return key.startsWith(BIG) ? `${BIG}${key}` : key
}

function unescaped(key: string): string {
  return key.startsWith(BIG) ? key.slice(1) : key
}
