import { stderr } from 'node:process'

const WIDTH = 30
const LEAST_MS = 100

/** A bar on standard error, where that is a terminal: shows a share from 0 to 1 and a word; the caller ends it. */
export class ProgressBar {
  readonly #isShown = stderr.isTTY
  #last = 0

  show(share: number, word: string): void {
    if (!this.#isShown || Date.now() - this.#last < LEAST_MS) return
    this.#last = Date.now()
    const filled = Math.round(Math.min(1, share) * WIDTH)
    const bar = `${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}`
    stderr.write(`\r[${bar}] ${String(Math.floor(share * 100)).padStart(3)}% ${word}`)
  }

  end(): void {
    if (this.#isShown && this.#last > 0) stderr.write(`\r${' '.repeat(WIDTH + 40)}\r`)
  }
}
