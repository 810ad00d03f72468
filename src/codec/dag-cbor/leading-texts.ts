import { Cursor, REFUSED } from './cursor.ts'
import { ARRAY, TEXT } from './major.ts'
import { readUtf8 } from './utf8.ts'

/**
 * The texts that a list of `length` items begins with, as `decodeDagCbor` reads them, without a look at the others. Undefined
 * where it is no such list.
 */
export function readLeadingTexts(
  bytes: Uint8Array,
  length: number,
  count: number,
): readonly string[] | undefined {
  return new LeadingTexts(bytes).read(length, count)
}

class LeadingTexts extends Cursor {
  read(length: number, count: number): readonly string[] | undefined {
    const head = this.bytes[0]
    if (head === undefined || (head & 0xe0) !== ARRAY || this.readArgument(head) !== length) return undefined
    const texts: string[] = []
    for (let n = 0; n < count; n++) {
      const text = this.#text()
      if (text === undefined) return undefined
      texts.push(text)
    }
    return texts
  }

  #text(): string | undefined {
    const head = this.bytes[this.at]
    if (head === undefined || (head & 0xe0) !== TEXT) return undefined
    const length = this.readLength(head)
    if (length === REFUSED) return undefined
    const from = this.at
    this.at = from + length
    return readUtf8(this.bytes, from, this.at)
  }
}
