import type { EnvelopeId } from '../../model/ids.ts'
import { LruMap } from '../../model/lru-map.ts'

/** Envelopes that were forwarded and are remembered: what comes later than that is news again, and charged by rate alone. */
const HEARD_MAX = 65_536

/** Which envelopes came by gossip before: a message without a new one goes no further. Source: network.md, "Network". */
export class HeardBefore {
  readonly #heard = new LruMap<EnvelopeId, true>(HEARD_MAX)

  /** True when at least one of them is new; then all are known. */
  note(ids: Iterable<EnvelopeId>): boolean {
    let isNews = false
    for (const id of ids) {
      isNews ||= this.#heard.get(id) !== true
      this.#heard.set(id, true)
    }
    return isNews
  }
}
