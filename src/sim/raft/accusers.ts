import type { Chance } from './chance.ts'
import type { World } from './world.ts'

/** Voters that depose whoever leads, rightly or not: one alone, or several within a moment, in any group, at any time. */
export class Accusers {
  readonly #world: World
  readonly #chance: Chance
  #isOver = false
  /** Depositions that hosts did. */
  count = 0

  constructor(world: World, chance: Chance) {
    this.#world = world
    this.#chance = chance
  }

  begin(): void {
    this.#world.events.after(200 + this.#chance.next() * 3000, () => {
      if (this.#isOver) return
      this.#accuse()
      this.begin()
    })
  }

  end(): void {
    this.#isOver = true
  }

  #accuse(): void {
    const group = this.#chance.pick(this.#world.groups)
    const share = this.#chance.next()
    for (const { id } of this.#world.up()) {
      if (!this.#chance.is(share)) continue
      this.#world.events.after(this.#chance.next() * 300, () =>
        this.#world.act(id, (host) => {
          if (!this.#isOver && host.oversight.depose(group)) this.count++
        }),
      )
    }
  }
}
