/** Flags, width and precision of one verb of a format. Source: Go, package fmt, "Printing". */
export interface Layout {
  /** `+`, but not that of `%+v`. */
  plus: boolean
  minus: boolean
  /** `#`, but not that of `%#v`. */
  sharp: boolean
  space: boolean
  zero: boolean
  /** Characters; undefined: not said. */
  width: number | undefined
  precision: number | undefined
}

export const PLAIN: Readonly<Layout> = {
  plus: false,
  minus: false,
  sharp: false,
  space: false,
  zero: false,
  width: undefined,
  precision: undefined,
}

/** Builds a text out of pieces, each paid for before it is made. */
export class FormatWriter {
  readonly #spend: (bytes: number) => void
  #text = ''

  constructor(spend: (bytes: number) => void) {
    this.#spend = spend
  }

  get text(): string {
    return this.#text
  }

  write(piece: string): void {
    this.#spend(piece.length)
    this.#text += piece
  }

  repeat(char: string, count: number): void {
    if (count <= 0) return
    this.#spend(count)
    this.#text += char.repeat(count)
  }

  /** Widths count characters, not bytes; `-` pads on the right, and there never with zeros. */
  padded(piece: string, { width, minus, zero }: Readonly<Layout>): void {
    const room = width === undefined ? 0 : width - Array.from(piece).length
    if (!minus) this.repeat(zero ? '0' : ' ', room)
    this.write(piece)
    if (minus) this.repeat(' ', room)
  }
}
