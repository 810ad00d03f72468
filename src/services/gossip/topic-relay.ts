import type { Did } from '../../model/ids.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Mesh, TopicJudge } from '../../ports/mesh.ts'

export interface TopicRelayDeps {
  readonly mesh: Pick<Mesh, 'subscribe' | 'unsubscribe' | 'subscribers'>
  /** Those who need nothing of the topics for themselves. */
  readonly voters: ReadonlySet<Did>
  readonly judges: ReadonlyMap<string, TopicJudge>
  readonly clock: Clock
  /** Somebody may have begun or ceased to listen. */
  readonly onLook: () => void
}

const LOOK_MS = 1_000

/**
 * A voter takes part in the topics of those who follow only while one of them is its peer: then what a group's leader
 * tells comes to a node that is connected to other voters alone. Between voters nothing of it is sent.
 */
export class TopicRelay {
  readonly #deps: TopicRelayDeps
  readonly #relayed = new Set<string>()
  #cancel: () => void = () => undefined
  #isOver = false

  private constructor(deps: TopicRelayDeps) {
    this.#deps = deps
  }

  static open(deps: TopicRelayDeps): TopicRelay {
    const relay = new TopicRelay(deps)
    relay.#tick()
    return relay
  }

  stop(): void {
    this.#isOver = true
    this.#cancel()
  }

  #tick(): void {
    this.#look()
    if (!this.#isOver) this.#cancel = this.#deps.clock.after(LOOK_MS, () => this.#tick())
  }

  #look(): void {
    const { mesh, judges, voters, onLook } = this.#deps
    for (const [topic, judge] of judges) {
      const isWanted = mesh.subscribers(topic).some((peer) => !voters.has(peer))
      if (isWanted === this.#relayed.has(topic)) continue
      if (isWanted) mesh.subscribe(topic, judge)
      else mesh.unsubscribe(topic)
      if (isWanted) this.#relayed.add(topic)
      else this.#relayed.delete(topic)
    }
    onLook()
  }
}
