import { Stop } from '../stop.ts'

/**
 * Texts of the elements of an array, from the array's text as a policy's runtime writes it (JSON, with sets and any
 * keys as Rego has them). Undefined when it is another value's text. What is inside the elements is not looked at.
 */
export function elementsOf(array: string): readonly string[] | undefined {
  if (!array.startsWith('[') || !array.endsWith(']')) return undefined
  const inside = array.slice(1, -1)
  const elements: string[] = []
  let from = 0
  let depth = 0
  for (let at = 0; at < inside.length; at++) {
    const char = inside[at] as string
    if (char === '"') at = endOfText(inside, at)
    else if ('[{('.includes(char)) depth++
    else if (']})'.includes(char)) depth--
    else if (char === ',' && depth === 0) {
      elements.push(inside.slice(from, at).trim())
      from = at + 1
    }
  }
  const last = inside.slice(from).trim()
  return last === '' && elements.length === 0 ? [] : [...elements, last]
}

/** Index of the quote that ends the text which begins at `from`. */
function endOfText(source: string, from: number): number {
  for (let at = from + 1; at < source.length; at++) {
    if (source[at] === '\\') at++
    else if (source[at] === '"') return at
  }
  throw malformed()
}

/** The string that a text says; undefined when it is another value's. Stops for what no runtime writes. */
export function stringOf(text: string): string | undefined {
  if (!text.startsWith('"')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'string' && value.isWellFormed()) return value
  } catch {
    // Said below, as for a text that holds something else.
  }
  throw malformed()
}

function malformed(): Stop {
  return new Stop('builtin', 'an argument of a function of the host is no value of Rego')
}
