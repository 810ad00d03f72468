import { type Ipld, isReserved, setOwn } from '../ipld.ts'
import type { ReadLimits } from '../read-limits.ts'
import { JsonCursor } from './cursor.ts'
import { compareKeys } from './key-order.ts'
import { parseBase64, parseLink } from './links.ts'
import { readQuoted } from './quoted.ts'

const LINK_START = '{"/":"'
const BYTES_START = '{"/":{"bytes":"'
/** Everything that JSON takes for a number, and numbers with leading zeros. Source: RFC 8259, 6. */
const NUMBER = /-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const LEADING_ZERO = /^-?0[0-9]/
const CANONICAL_INTEGER = /^(?:0|-?[1-9][0-9]{0,15})$/

/** One pass over one text. A `read` returns undefined once something was refused. */
export class JsonReader extends JsonCursor {
  private readonly limits: ReadLimits
  private items = 0

  constructor(text: string, limits: ReadLimits) {
    super(text)
    this.limits = limits
  }

  /** The value that fills the whole text; undefined: see `rejection`. */
  readWhole(): Ipld | undefined {
    const { bytesMax } = this.limits
    if (isLongerThan(this.text, bytesMax)) {
      return this.refuseWhole('TOO_LARGE', `more than the ${bytesMax} bytes that are allowed`)
    }
    const value = this.readValue(0)
    if (value === undefined || this.at === this.text.length) return value
    return this.refuseHere('text left over')
  }

  private readValue(depth: number): Ipld | undefined {
    switch (this.text.charAt(this.at)) {
      case '"':
        return this.readText()
      case '{':
        return this.readBraces(depth)
      case '[':
        return this.readList(depth)
      case 't':
        return this.take('true') ? true : this.refuseHere('no value of JSON')
      case 'f':
        return this.take('false') ? false : this.refuseHere('no value of JSON')
      case 'n':
        return this.take('null') ? null : this.refuseHere('no value of JSON')
      default:
        return this.readInteger()
    }
  }

  private readInteger(): number | undefined {
    const start = this.at
    NUMBER.lastIndex = start
    const digits = NUMBER.exec(this.text)?.[0]
    if (digits === undefined || LEADING_ZERO.test(digits)) return this.refuseHere('no value of JSON')
    this.at = start + digits.length
    const value = CANONICAL_INTEGER.test(digits) ? Number(digits) : Number.NaN
    return Number.isSafeInteger(value)
      ? value
      : this.refuse('NOT_CANONICAL', 'a number that is no integer up to 2^53 - 1 in its shortest form', start)
  }

  /** The text in quotes that is next. */
  private readText(): string | undefined {
    if (this.text.charAt(this.at) !== '"') return this.refuseHere('no text in quotes')
    const quoted = readQuoted(this.text, this.at + 1)
    if (!quoted.ok) return this.refuse(quoted.code, quoted.what, quoted.at)
    this.at = quoted.end
    return quoted.text
  }

  private readBraces(depth: number): Ipld | undefined {
    if (this.text.startsWith(BYTES_START, this.at)) return this.readForm(BYTES_START, '}}', parseBase64)
    if (this.text.startsWith(LINK_START, this.at)) return this.readForm(LINK_START, '}', parseLink)
    return this.readMap(depth)
  }

  /** A link or bytes: what `start` begins, up to and with `end`. */
  private readForm(start: string, end: string, parse: (text: string) => Ipld | undefined): Ipld | undefined {
    const from = this.at
    this.at = from + start.length - 1
    const text = this.readText()
    if (text === undefined) return undefined
    if (!this.take(end))
      return this.refuse('NOT_CANONICAL', 'a map that is reserved for links and bytes', from)
    return parse(text) ?? this.refuse('NOT_CANONICAL', 'a link or bytes not in canonical form', from)
  }

  private readList(depth: number): Ipld[] | undefined {
    if (!this.enter(depth)) return undefined
    const list: Ipld[] = []
    if (this.take(']')) return list
    do {
      if (!this.count(1)) return undefined
      const value = this.readValue(depth + 1)
      if (value === undefined) return undefined
      list.push(value)
    } while (this.take(','))
    return this.take(']') ? list : this.refuseHere('neither comma nor bracket')
  }

  private readMap(depth: number): Ipld | undefined {
    if (!this.enter(depth)) return undefined
    const map: { [key: string]: Ipld } = {}
    if (this.take('}')) return map
    let previous: string | undefined
    do {
      const start = this.at
      const key = this.readText()
      if (key === undefined || !this.count(2)) return undefined
      if (previous !== undefined && compareKeys(previous, key) >= 0) {
        return this.refuse('NOT_CANONICAL', 'a key twice or out of order', start)
      }
      previous = key
      if (!this.take(':')) return this.refuseHere('no colon')
      const value = this.readValue(depth + 1)
      if (value === undefined) return undefined
      if (key === '/' && isReserved(value)) {
        return this.refuse('NOT_CANONICAL', 'a map that is reserved for links and bytes', start)
      }
      setOwn(map, key, value)
    } while (this.take(','))
    return this.take('}') ? map : this.refuseHere('neither comma nor brace')
  }

  /** Goes past the bracket or brace of a container. */
  private enter(depth: number): boolean {
    if (depth >= this.limits.depthMax) {
      this.refuse('TOO_LARGE', `more than ${this.limits.depthMax} deep`, this.at)
      return false
    }
    this.at++
    return true
  }

  private count(items: number): boolean {
    this.items += items
    if (this.items <= this.limits.itemsMax) return true
    this.refuse('TOO_LARGE', `more than ${this.limits.itemsMax} items`, this.at)
    return false
  }
}

/** Whether the text has more than `bytesMax` bytes in UTF-8; counts them only where that is in doubt. */
function isLongerThan(text: string, bytesMax: number): boolean {
  if (text.length > bytesMax) return true
  let bytes = text.length
  if (bytes * 3 <= bytesMax) return false
  for (let i = 0; i < text.length && bytes <= bytesMax; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x80) continue
    // a pair of surrogates is four bytes, two for each
    bytes += code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 1 : 2
  }
  return bytes > bytesMax
}
