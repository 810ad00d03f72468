import type { RejectionCode } from '../../model/rejection.ts'

/** A text that stood in quotes, and where what follows them begins; or why there is none. */
export type Quoted =
  | { readonly ok: true; readonly text: string; readonly end: number }
  | { readonly ok: false; readonly code: RejectionCode; readonly what: string; readonly at: number }

const QUOTE = 0x22
const BACKSLASH = 0x5c
const SPACE = 0x20

/** What JSON.stringify writes for a character that cannot stand for itself. Source: ECMA-262, QuoteJSONString. */
const CANONICAL_ESCAPE = /\\(?:["\\bfnrt]|u00(?:0[0-7bef]|1[0-9a-f]))/y
const JSON_ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

/** Reads the text behind a quote; `from` is the first character of it. */
export function readQuoted(source: string, from: number): Quoted {
  let hasEscape = false
  let at = from
  for (;;) {
    const code = source.charCodeAt(at)
    if (code === QUOTE) break
    if (code === BACKSLASH) {
      const size = escapeSize(source, at)
      if (size === undefined) return refusedEscape(source, at)
      hasEscape = true
      at += size
    } else if (code >= SPACE) at++
    else if (at >= source.length) return { ok: false, code: 'MALFORMED', what: 'a text cut short', at }
    else return { ok: false, code: 'MALFORMED', what: 'a control character in a text', at }
  }
  const inner = source.slice(from, at)
  if (!inner.isWellFormed()) return { ok: false, code: 'MALFORMED', what: 'a lone surrogate', at: from }
  return { ok: true, text: hasEscape ? unescaped(inner) : inner, end: at + 1 }
}

function escapeSize(source: string, at: number): number | undefined {
  CANONICAL_ESCAPE.lastIndex = at
  return CANONICAL_ESCAPE.exec(source)?.[0].length
}

function refusedEscape(source: string, at: number): Quoted {
  JSON_ESCAPE.lastIndex = at
  return JSON_ESCAPE.test(source)
    ? { ok: false, code: 'NOT_CANONICAL', what: 'an escape that has another form or needs none', at }
    : { ok: false, code: 'MALFORMED', what: 'an escape that JSON does not have', at }
}

/** All escapes were looked at: the engine's own parser cannot refuse this text. */
function unescaped(inner: string): string {
  return JSON.parse(`"${inner}"`) as string
}
