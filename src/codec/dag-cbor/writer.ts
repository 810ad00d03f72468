import { GrowingBytes } from '../growing-bytes.ts'
import { assertText } from '../ipld-asserts.ts'
import { TEXT } from './major.ts'

/** Up to here a text of ASCII is written by hand, which is cheaper than a call of the encoder. */
const BY_HAND_CHARS = 40
const HEAD_BYTES_MAX = 9
const UTF8_BYTES_PER_CHAR_MAX = 3

const encoder = new TextEncoder()

/** Items of CBOR one behind the other. */
export class Writer extends GrowingBytes {
  /** The shortest head of a major type with a safe integer that is not negative. */
  writeHead(major: number, argument: number): void {
    this.reserve(HEAD_BYTES_MAX)
    switch (headBytesOf(argument)) {
      case 1:
        this.buffer[this.at++] = major | argument
        return
      case 2:
        this.buffer[this.at++] = major | 24
        this.buffer[this.at++] = argument
        return
      case 3:
        this.buffer[this.at++] = major | 25
        this.putBigEndian(argument, 2)
        return
      case 5:
        this.buffer[this.at++] = major | 26
        this.putBigEndian(argument, 4)
        return
      default:
        this.buffer[this.at++] = major | 27
        this.putBigEndian(Math.floor(argument / 0x1_0000_0000), 4)
        this.putBigEndian(argument % 0x1_0000_0000, 4)
    }
  }

  /** Bytes alone, without a head. */
  writeBytes(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.buffer.set(bytes, this.at)
    this.at += bytes.length
  }

  /** Head and text. Asserts that the text is well-formed. */
  writeText(text: string): void {
    if (text.length > BY_HAND_CHARS || !this.isWrittenAsAscii(text)) this.writeUtf8(text)
  }

  /** Writes head and text where every character is one byte; else leaves all as it was. */
  private isWrittenAsAscii(text: string): boolean {
    const start = this.at
    this.writeHead(TEXT, text.length)
    this.reserve(text.length)
    const { buffer } = this
    let at = this.at
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code >= 0x80) {
        this.at = start
        return false
      }
      buffer[at++] = code
    }
    this.at = at
    return true
  }

  /** The text goes to where it lies if it is ASCII, and is moved if its head turns out longer. */
  private writeUtf8(text: string): void {
    this.reserve(HEAD_BYTES_MAX + UTF8_BYTES_PER_CHAR_MAX * text.length)
    const guess = this.at + headBytesOf(text.length)
    const { written } = encoder.encodeInto(text, this.buffer.subarray(guess))
    if (written !== text.length) assertText(text)
    const from = this.at + headBytesOf(written)
    if (from !== guess) this.buffer.copyWithin(from, guess, guess + written)
    this.writeHead(TEXT, written)
    this.at += written
  }

  private putBigEndian(value: number, width: number): void {
    for (let shift = (width - 1) * 8; shift >= 0; shift -= 8) {
      this.buffer[this.at++] = (value >>> shift) & 0xff
    }
  }
}

function headBytesOf(argument: number): number {
  if (argument < 24) return 1
  if (argument < 0x100) return 2
  if (argument < 0x1_0000) return 3
  return argument < 0x1_0000_0000 ? 5 : 9
}
