import { CID } from 'multiformats/cid'

/**
 * A value that dag-cbor and dag-json both carry. Numbers are safe integers (never floats; amounts travel as
 * text), texts are well-formed Unicode, maps are plain objects, links are CIDv1, at most 32 containers lie
 * inside one another, and no map is reserved (`isReserved`).
 * Source: protocol.md, "Encoding"; IPLD data model.
 */
export type Ipld =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | CID
  | readonly Ipld[]
  | { readonly [key: string]: Ipld }

/**
 * True for a value that no map may have under the key `/`: a text, or a map with a text under `bytes`. dag-json
 * writes links and bytes as such maps, so they could not be told apart, and the same data would not be the
 * same in both codecs. Source: IPLD DAG-JSON specification, "Reserved namespace" (here whatever other keys
 * the map has).
 */
export function isReserved(underSlash: Ipld): boolean {
  return typeof underSlash === 'string' || (isMap(underSlash) && typeof underSlash['bytes'] === 'string')
}

/** `Array.isArray` does not tell the compiler of a list that is readonly. */
export function isList(value: Ipld): value is readonly Ipld[] {
  return Array.isArray(value)
}

/** True for a map: what is neither a scalar, nor bytes, nor a link, nor a list. */
export function isMap(value: Ipld): value is { readonly [key: string]: Ipld } {
  const isObject = typeof value === 'object' && value !== null
  return isObject && !isList(value) && !(value instanceof Uint8Array) && !(value instanceof CID)
}

/** Sets an own property, `__proto__` too: what others sent cannot reach a prototype. */
export function setOwn(map: { [key: string]: Ipld }, key: string, value: Ipld): void {
  if (key === '__proto__') {
    Object.defineProperty(map, key, { value, configurable: true, enumerable: true, writable: true })
  } else map[key] = value
}
