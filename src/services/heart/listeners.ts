import type { EnvelopeId } from '../../model/ids.ts'
import type { Verdict } from '../../model/replicated.ts'

/** What became of an envelope that the hub decided about. */
export interface HubVerdict {
  readonly id: EnvelopeId
  readonly verdict: Verdict
}

/** Those who want to hear of one kind of thing; they must not throw. */
class Audience<Event> {
  readonly #listeners = new Set<(event: Event) => void>()

  /** The returned function takes the listener away again. */
  add(listener: (event: Event) => void): () => void {
    const own = (event: Event): void => listener(event)
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  tell(event: Event): void {
    for (const listener of this.#listeners) listener(event)
  }
}

/** Those who follow a heart. */
export class Listeners {
  readonly needs = new Audience<string>()
  readonly slots = new Audience<number>()
  readonly verdicts = new Audience<HubVerdict>()
}
