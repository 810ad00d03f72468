import { isRecord } from './json-value.ts'
import { parseJson, parseText } from './parse-json.ts'

const CLAIMS_MAX = 10_000
/**
 * How much is searched for quotes that come without a place: the length of the input, for each 64 units of a quote.
 * Quotes with a place cost nothing worth counting.
 */
const SEARCH_MAX = 268_435_456
const QUOTE_PIECE = 64

/**
 * What is wrong with a result of the mode `citations`, for people; undefined where nothing is. The result is JSON of the form
 * { "claims": [{ "text", "citations": [{ "quote", "start"?, "end"? }] }] }: each claim has a citation, each quote is text of
 * the input, at [start, end) in UTF-16 units of it where they are given. Any bytes are judged, in bounded time, to the same
 * finding everywhere. Source: operations.md, "Agents" (verification modes).
 */
export function citationFlaw(input: Uint8Array, output: Uint8Array): string | undefined {
  const text = parseText(input)
  if (text === undefined) return 'the input is no text'
  const claims = claimsOf(output)
  if (claims === undefined) return 'the result is no JSON with a list of claims'
  if (claims.length > CLAIMS_MAX) return `more than ${CLAIMS_MAX} claims`
  const search = new QuoteSearch(text)
  for (const [at, claim] of claims.entries()) {
    const flaw = claimFlaw(claim, search)
    if (flaw !== undefined) return `claim ${at}: ${flaw}`
  }
  return undefined
}

function claimsOf(output: Uint8Array): readonly unknown[] | undefined {
  const parsed = parseJson(output)
  const claims = isRecord(parsed?.value) ? parsed.value['claims'] : undefined
  return Array.isArray(claims) ? claims : undefined
}

function claimFlaw(claim: unknown, search: QuoteSearch): string | undefined {
  if (!isRecord(claim) || typeof claim['text'] !== 'string') return 'it has no text'
  const { citations } = claim as { readonly citations?: unknown }
  if (!Array.isArray(citations) || citations.length === 0) return 'it cites nothing'
  for (const citation of citations) {
    const flaw = search.flawOf(citation)
    if (flaw !== undefined) return flaw
  }
  return undefined
}

class QuoteSearch {
  readonly #text: string
  #searched = 0

  constructor(text: string) {
    this.#text = text
  }

  flawOf(citation: unknown): string | undefined {
    const { quote, start, end } = isRecord(citation) ? citation : {}
    if (typeof quote !== 'string' || quote === '') return 'a citation has no quote'
    if (start !== undefined || end !== undefined) {
      return this.#isAt(quote, start, end) ? undefined : 'a quote is not at its place in the input'
    }
    this.#searched += this.#text.length * Math.ceil(quote.length / QUOTE_PIECE)
    if (this.#searched > SEARCH_MAX) return 'too much is quoted without a place'
    return this.#text.includes(quote) ? undefined : 'what it cites is not in the input'
  }

  #isAt(quote: string, start: unknown, end: unknown): boolean {
    if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end)) return false
    const [from, to] = [start as number, end as number]
    return from >= 0 && to - from === quote.length && this.#text.startsWith(quote, from)
  }
}
