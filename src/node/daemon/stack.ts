/** What was opened, to be closed in the opposite order. */
export class Stack {
  readonly #closers: (() => void | Promise<void>)[] = []

  push(close: () => void | Promise<void>): void {
    this.#closers.push(close)
  }

  /** Closes all, also where one fails; then throws the first failure. A second call does nothing. */
  async unwind(): Promise<void> {
    const failures: unknown[] = []
    for (let close = this.#closers.pop(); close !== undefined; close = this.#closers.pop()) {
      try {
        await close()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
