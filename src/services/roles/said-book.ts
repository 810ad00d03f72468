import type { ReadBody } from '../../codec/envelope/read-body.ts'
import { lineKeyOf, needOfBody } from '../../core/agent/line.ts'

/** Which lines an agent has said, by need: each is said once, restarts included. */
export class SaidBook {
  readonly #keys = new Map<string, Set<string>>()

  has(need: string, key: string): boolean {
    return this.#keys.get(need)?.has(key) === true
  }

  add(need: string, key: string): void {
    const keys = this.#keys.get(need) ?? new Set()
    this.#keys.set(need, keys.add(key))
  }

  /** It was not said after all. */
  remove(need: string, key: string): void {
    this.#keys.get(need)?.delete(key)
  }

  /** An envelope that the agent's journal holds. */
  restore({ body }: ReadBody): void {
    const [need, key] = [needOfBody(body), lineKeyOf(body)]
    if (need !== undefined && key !== undefined) this.add(need, key)
  }

  forget(need: string): void {
    this.#keys.delete(need)
  }

  /** Needs in which something was said. */
  get needs(): readonly string[] {
    return [...this.#keys.keys()]
  }
}
