/** Text of a stranger's bytes; undefined for what is no UTF-8. A byte order mark is left out. */
export function parseText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined // said by the caller
  }
}

/** The value of a stranger's JSON, which may be null; undefined for what is no UTF-8, or no JSON. */
export function parseJson(bytes: Uint8Array): { readonly value: unknown } | undefined {
  const text = parseText(bytes)
  if (text === undefined) return undefined
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined // said by the caller
  }
}
