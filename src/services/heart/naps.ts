import type { SlotFacts } from '../../core/records/world.ts'

/** What a node does not foresee in more slots than this, it looks at anyway. */
const STRIDE_SLOTS_MAX = 256
/** Where slots come late, so many times as much time passes as windows count: it is asked about both at once. */
const TIME_PER_CLOCK = 8

/** The last slot, clock and time of which it is known that nothing is lawful. */
interface Nap {
  readonly slot: number
  readonly clock: number
  readonly timeMs: number
}

/** Where a need stands, by a name that is the same for all that wait for the same kind of window, and for how long it has. */
export interface Phase {
  readonly name: string
  readonly ageMs: number
}

/** Ages at which needs in a phase were found with nothing lawful, and with something. */
interface Known {
  readonly quietMs: number
  readonly lawfulMs: number | undefined
}

/**
 * Needs in which time alone changes nothing for a while: a window of days is not asked about in each of its slots. How long
 * is found by asking the rules about a later slot: what is refused then is refused until then, since only a window's end
 * makes an entry lawful where nothing is said and nothing applied. Which slot is asked about is a guess from other needs in the
 * same phase, between the ages at which they had nothing and something. A wrong guess costs a question or a look, and no slot.
 */
export class Naps {
  readonly #naps = new Map<string, Nap>()
  readonly #known = new Map<string, Known>()

  /** Windows count the clock of slots, deadlines their time: whichever is reached first ends it. */
  isAsleep(need: string, { n, clock, time }: SlotFacts): boolean {
    const nap = this.#naps.get(need)
    return nap !== undefined && n <= nap.slot && clock <= nap.clock && time <= nap.timeMs
  }

  /** Something else than time happened. */
  end(need: string): void {
    this.#naps.delete(need)
  }

  /** A look found something. Where the one before did not, it was time that did it. */
  wake(need: string, { name, ageMs }: Phase): void {
    if (this.#naps.delete(need)) this.#learn(name, ageMs, false)
  }

  /** After a look that found nothing to do. `isQuiet`: nothing would be lawful in that slot either. */
  begin(
    need: string,
    phase: Phase,
    now: SlotFacts,
    slotMs: number,
    isQuiet: (later: SlotFacts) => boolean,
  ): void {
    this.#learn(phase.name, phase.ageMs, true)
    const isQuietFor = (slots: number): boolean => {
      const found = isQuiet(later(now, slots, slotMs))
      this.#learn(phase.name, phase.ageMs + slots * slotMs, found)
      return found
    }
    const { n, clock, time } = later(now, quietSlots(this.#guess(phase, slotMs), isQuietFor), slotMs)
    this.#naps.set(need, { slot: n, clock, timeMs: time })
  }

  /** Slots to ask about: as far as others had nothing, or halfway to where they had something. */
  #guess({ name, ageMs }: Phase, slotMs: number): number {
    const { quietMs, lawfulMs } = this.#known.get(name) ?? UNKNOWN
    if (lawfulMs === undefined) return STRIDE_SLOTS_MAX
    const guess = lawfulMs - quietMs <= slotMs ? quietMs : (quietMs + lawfulMs) / 2
    return Math.min(STRIDE_SLOTS_MAX, Math.floor((guess - ageMs) / slotMs))
  }

  /** What contradicts what was known is of other windows: the newest word counts. */
  #learn(name: string, ageMs: number, isQuiet: boolean): void {
    const { quietMs, lawfulMs } = this.#known.get(name) ?? UNKNOWN
    if (isQuiet) {
      const isLonger = lawfulMs !== undefined && ageMs >= lawfulMs
      this.#known.set(name, { quietMs: Math.max(quietMs, ageMs), lawfulMs: isLonger ? undefined : lawfulMs })
    } else {
      const least = Math.min(ageMs, lawfulMs ?? ageMs)
      this.#known.set(name, { quietMs: quietMs < least ? quietMs : 0, lawfulMs: least })
    }
  }
}

const UNKNOWN: Known = { quietMs: 0, lawfulMs: undefined }

/** So many slots, or a quarter as many, and so on, as nothing is lawful in; of the next one alone nothing is asked. */
function quietSlots(most: number, isQuietFor: (slots: number) => boolean): number {
  for (let slots = most; slots > 1; slots = Math.floor(slots / 4)) if (isQuietFor(slots)) return slots
  return 0
}

function later(now: SlotFacts, slots: number, slotMs: number): SlotFacts {
  const ms = slots * slotMs
  return { ...now, n: now.n + slots, time: now.time + ms * TIME_PER_CLOCK, clock: now.clock + ms }
}
