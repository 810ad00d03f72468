/**
 * Order of keys in dag-json: by their bytes in UTF-8, which is the order of their characters. Negative: `a` is
 * first; 0: the same key. Source: IPLD DAG-JSON specification, "Serialization".
 */
export function compareKeys(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) {
    const difference = rankOf(a.charCodeAt(i)) - rankOf(b.charCodeAt(i))
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Halves of characters beyond U+FFFF sort after U+E000 to U+FFFF, not before as their codes do. */
function rankOf(code: number): number {
  if (code < 0xd800) return code
  return code < 0xe000 ? code + 0x2000 : code - 0x800
}
