/** Which promise was broken, and what was seen. */
export class Violation extends Error {
  override readonly name = 'Violation'
  readonly check: string

  constructor(check: string, detail: string) {
    super(`${check}: ${detail}`)
    this.check = check
  }
}
