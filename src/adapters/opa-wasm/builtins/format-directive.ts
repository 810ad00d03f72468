import { type Layout, PLAIN } from './format-writer.ts'

/** Width or precision as a format says it: a number, or the argument that holds it. */
type Measure = { readonly kind: 'number'; readonly value: number } | { readonly kind: 'argument' }

/** Reads one verb of a format after its percent sign. Source: Go, fmt, "Printing", "Explicit argument indexes". */
export class DirectiveReader {
  readonly #format: string
  readonly #arguments: number
  #at: number
  #argument: number
  #afterIndex = false
  /** An argument was named by its number: then what is left over is not reported. */
  reordered = false
  isGood = true

  constructor(format: string, at: number, argument: number, count: number) {
    this.#format = format
    this.#at = at
    this.#argument = argument
    this.#arguments = count
  }

  get at(): number {
    return this.#at
  }

  get argument(): number {
    return this.#argument
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#format.length
  }

  flags(): Layout {
    const layout = { ...PLAIN }
    for (; !this.isAtEnd; this.#at++) {
      const flag = FLAGS[this.#format[this.#at] ?? '']
      if (flag === undefined) break
      layout[flag] = true
    }
    return layout
  }

  width(): Measure | undefined {
    this.#index()
    if (this.#takes('*')) return this.#measureByArgument()
    const width = this.#number()
    if (this.#afterIndex && width !== undefined) this.isGood = false
    return width === undefined ? undefined : { kind: 'number', value: width }
  }

  /** A point with no number after it is a precision of 0; one that ends the format is the verb. */
  precision(): Measure | undefined {
    if (this.#at + 1 >= this.#format.length || !this.#takes('.')) return undefined
    if (this.#afterIndex) this.isGood = false
    this.#index()
    if (this.#takes('*')) return this.#measureByArgument()
    return { kind: 'number', value: this.#number() ?? 0 }
  }

  /** One character; undefined at the end. */
  verb(): string | undefined {
    if (!this.#afterIndex) this.#index()
    const code = this.#format.codePointAt(this.#at)
    if (code === undefined) return undefined
    const verb = String.fromCodePoint(code)
    this.#at += verb.length
    return verb
  }

  /** Number of the argument that comes next; it is then taken. */
  takeArgument(): number {
    return this.#argument++
  }

  #measureByArgument(): Measure {
    this.#afterIndex = false
    return { kind: 'argument' }
  }

  #takes(char: string): boolean {
    if (this.#format[this.#at] !== char) return false
    this.#at++
    return true
  }

  /** `[n]`, from 1. */
  #index(): void {
    this.#afterIndex = false
    if (this.#format[this.#at] !== '[') return
    this.reordered = true
    const end = this.#format.indexOf(']', this.#at)
    if (end === -1 || this.#format.length - this.#at < 3) {
      this.isGood = false
      this.#at++
      return
    }
    const inside = this.#format.slice(this.#at + 1, end)
    const number = /^\d{1,7}$/.test(inside) ? Number(inside) : 0
    this.#at = end + 1
    this.#afterIndex = /^\d+$/.test(inside)
    if (number < 1 || number > this.#arguments) this.isGood = false
    else this.#argument = number - 1
  }

  /** Undefined where there is none; a number too large takes the rest of the format with it. */
  #number(): number | undefined {
    let value: number | undefined
    for (; !this.isAtEnd; this.#at++) {
      const digit = this.#format.charCodeAt(this.#at) - 0x30
      if (digit < 0 || digit > 9) break
      if ((value ?? 0) > NUMBER_MAX) {
        this.#at = this.#format.length
        return undefined
      }
      value = (value ?? 0) * 10 + digit
    }
    return value
  }
}

const FLAGS: Readonly<Record<string, 'plus' | 'minus' | 'sharp' | 'space' | 'zero'>> = {
  '#': 'sharp',
  '0': 'zero',
  '+': 'plus',
  '-': 'minus',
  ' ': 'space',
}

/** Of a width or precision, before its next digit; and of one that an argument holds. */
export const NUMBER_MAX = 1_000_000
