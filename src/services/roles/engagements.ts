import type { Scene } from '../../core/agent/scene.ts'
import type { Did } from '../../model/ids.ts'

/**
 * Needs that a worker has bid for and may win, or works at, by capability: what it has promised and not yet done. From the
 * views and what it said, so a restart changes nothing.
 */
export class Engagements {
  readonly #capabilities = new Map<string, string>()
  readonly #counts = new Map<string, number>()

  note(scene: Scene, did: Did, hasBid: boolean): void {
    const { id, terms } = scene
    const isEngaged = isPromised(scene, did, hasBid)
    if (isEngaged === this.#capabilities.has(id)) return
    if (!isEngaged) return this.forget(id)
    this.#capabilities.set(id, terms.capability)
    this.#counts.set(terms.capability, (this.#counts.get(terms.capability) ?? 0) + 1)
  }

  forget(need: string): void {
    const capability = this.#capabilities.get(need)
    if (capability === undefined) return
    this.#capabilities.delete(need)
    this.#counts.set(capability, (this.#counts.get(capability) ?? 1) - 1)
  }

  /** Without this need itself. */
  count(capability: string, except: string): number {
    const own = this.#capabilities.get(except) === capability ? 1 : 0
    return (this.#counts.get(capability) ?? 0) - own
  }
}

function isPromised({ need }: Scene, did: Did, hasBid: boolean): boolean {
  const { state, ranking, lease } = need
  if (state === 'OPEN') return hasBid
  if (state === 'RANKED' || state === 'DECIDED') return ranking[0]?.bidder === did
  return state === 'CLAIMED' && lease?.worker === did
}
