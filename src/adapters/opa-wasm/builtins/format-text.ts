import type { FormatWriter, Layout } from './format-writer.ts'

/** Writes a string by a verb; false: there is no such verb for strings. Source: Go, fmt. */
export function formatText(
  out: FormatWriter,
  value: string,
  verb: string,
  layout: Readonly<Layout>,
): boolean {
  switch (verb) {
    case 'v':
    case 's':
      out.padded(cut(value, layout.precision), layout)
      return true
    case 'q':
      out.padded(quoted(cut(value, layout.precision), layout.sharp), layout)
      return true
    case 'x':
    case 'X':
      writeHex(out, value, verb, layout)
      return true
    default:
      return false
  }
}

/** `%#v`: always as quoted text. */
export function formatGoText(out: FormatWriter, value: string, layout: Readonly<Layout>): void {
  out.padded(quoted(cut(value, layout.precision), false), layout)
}

function cut(value: string, precision: number | undefined): string {
  return precision === undefined || value.length <= precision
    ? value
    : Array.from(value).slice(0, precision).join('')
}

function quoted(value: string, sharp: boolean): string {
  if (sharp && /^[\t\x20-\x5f\x61-\x7e]*$/.test(value)) return `\`${value}\``
  return `"${Array.from(value, (char) => escapedCharacter(char, '"')).join('')}"`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
}

/**
 * One character inside quotes. All beyond ASCII is escaped, as with `%+q`: which of it can be printed depends on
 * the version of Unicode, and with it on the version of Node.
 */
export function escapedCharacter(char: string, quote: string): string {
  if (char === quote) return `\\${quote}`
  const escape = ESCAPES[char]
  if (escape !== undefined) return escape
  const code = char.codePointAt(0) ?? 0
  if (code >= 0x20 && code < 0x7f) return char
  const hex = code.toString(16)
  if (code < 0x80) return `\\x${hex.padStart(2, '0')}`
  return code < 0x1_0000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}

/** Bytes of the UTF-8 form, at most as many as the precision says. */
function writeHex(out: FormatWriter, value: string, verb: string, layout: Readonly<Layout>): void {
  const all = Array.from(new TextEncoder().encode(value).subarray(0, layout.precision ?? Infinity))
  const prefix = layout.sharp ? `0${verb}` : ''
  const hex = (byte: number) => {
    const two = byte.toString(16).padStart(2, '0')
    return verb === 'X' ? two.toUpperCase() : two
  }
  const parts = all.map(hex)
  const spaced = parts.map((part) => prefix + part).join(' ')
  const text = layout.space ? spaced : prefix + parts.join('')
  out.padded(all.length === 0 ? '' : text, layout)
}
