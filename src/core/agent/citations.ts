/**
 * What the mode `citations` asks of a result: JSON of the form { "claims": [{ "text", "citations": [{ "quote", "start"?,
 * "end"? }] }] }. Each claim has a citation; each quote is text of the input, at [start, end) in UTF-16 units of it where they
 * are given. Source: operations.md, "Agents" (verification modes).
 */

const CLAIMS_MAX = 10_000

/** What is wrong with the citations, for people; undefined where nothing is. Any bytes are judged. */
export function citationFlaw(input: Uint8Array, output: Uint8Array): string | undefined {
  const text = textOf(input)
  if (text === undefined) return 'the input is no text'
  const claims = claimsOf(output)
  if (claims === undefined) return 'the result is no JSON with a list of claims'
  if (claims.length > CLAIMS_MAX) return `more than ${CLAIMS_MAX} claims`
  for (const [at, claim] of claims.entries()) {
    const flaw = claimFlaw(claim, text)
    if (flaw !== undefined) return `claim ${at}: ${flaw}`
  }
  return undefined
}

function claimsOf(output: Uint8Array): readonly unknown[] | undefined {
  const parsed = jsonOf(output)
  const claims = isRecord(parsed) ? parsed['claims'] : undefined
  return Array.isArray(claims) ? claims : undefined
}

function claimFlaw(claim: unknown, text: string): string | undefined {
  if (!isRecord(claim) || typeof claim['text'] !== 'string') return 'it has no text'
  const { citations } = claim as { readonly citations?: unknown }
  if (!Array.isArray(citations) || citations.length === 0) return 'it cites nothing'
  return citations.every((one) => isInText(one, text)) ? undefined : 'what it cites is not in the input'
}

function isInText(citation: unknown, text: string): boolean {
  if (!isRecord(citation)) return false
  const { quote, start, end } = citation
  if (typeof quote !== 'string' || quote === '') return false
  if (start === undefined && end === undefined) return text.includes(quote)
  return typeof start === 'number' && typeof end === 'number' && text.slice(start, end) === quote
}

function jsonOf(bytes: Uint8Array): unknown {
  const text = textOf(bytes)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
