/** Up to here keys, which mostly come in order, are put in order by insertion: cheaper than a call of `sort`. */
const BY_HAND_KEYS = 16

/**
 * Sorts keys in place as DAG-CBOR has them: the shorter in UTF-8 first, then byte by byte.
 * Source: IPLD DAG-CBOR specification, "Strictness"; RFC 7049, 3.9.
 */
export function sortKeys(keys: string[]): string[] {
  if (!keys.every(isAscii)) return sortByBytes(keys)
  return keys.length <= BY_HAND_KEYS ? insertionSort(keys) : keys.sort(compareAscii)
}

function insertionSort(keys: string[]): string[] {
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i] as string
    let at = i
    for (; at > 0 && compareAscii(keys[at - 1] as string, key) > 0; at--) keys[at] = keys[at - 1] as string
    keys[at] = key
  }
  return keys
}

/** Right for ASCII alone, where a character is a byte. */
function compareAscii(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length
  return a < b ? -1 : 1
}

function sortByBytes(keys: string[]): string[] {
  const encoder = new TextEncoder()
  const entries = keys.map((key) => ({ key, bytes: encoder.encode(key) }))
  entries.sort((a, b) => compareBytes(a.bytes, b.bytes))
  return entries.map(({ key }) => key)
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return a.length - b.length
  let at = 0
  while (at < a.length - 1 && a[at] === b[at]) at++
  return (a[at] ?? 0) - (b[at] ?? 0)
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return false
  return true
}
