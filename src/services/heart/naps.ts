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

/**
 * Needs in which time alone changes nothing for a while: a window of days is not asked about in each of its slots. How long
 * is found by asking the rules about a later slot: what is refused then is refused until then, since only a window's end
 * makes an entry lawful where nothing is said and nothing applied. Which slot is asked about is a guess from other needs in the
 * same phase: the last one before time gave them something, or twice as far as nothing was found. A wrong guess costs a
 * question or a look, and no slot.
 */
export class Naps {
  readonly #naps = new Map<string, Nap>()
  /** By phase, after how long time alone made an entry lawful. */
  readonly #ages = new Map<string, number>()
  /** By phase, slots that are asked about where that is not known. */
  readonly #strides = new Map<string, number>()

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
  wake(need: string, { name, ageMs }: Phase, slotMs: number): void {
    if (!this.#naps.delete(need)) return
    const known = this.#ages.get(name)
    const isOther = known === undefined || ageMs < known || ageMs > known + 2 * slotMs
    if (isOther) this.#ages.set(name, ageMs)
  }

  /** After a look that found nothing to do. `isQuiet`: nothing would be lawful in that slot either. */
  begin(
    need: string,
    phase: Phase,
    now: SlotFacts,
    slotMs: number,
    isQuiet: (later: SlotFacts) => boolean,
  ): void {
    const foreseen = this.#foreseen(phase, slotMs)
    const stride = foreseen ?? this.#strides.get(phase.name) ?? 1
    const slots = quietSlots(stride, (ahead) => isQuiet(later(now, ahead, slotMs)))
    if (foreseen === undefined) {
      const isAsFar = slots === stride || stride === 1
      this.#strides.set(phase.name, isAsFar ? Math.min(STRIDE_SLOTS_MAX, stride * 2) : Math.max(1, slots))
    }
    const { n, clock, time } = later(now, slots, slotMs)
    this.#naps.set(need, { slot: n, clock, timeMs: time })
  }

  /** Slots until the last one before others found something; undefined where that is not known, or over. */
  #foreseen({ name, ageMs }: Phase, slotMs: number): number | undefined {
    const age = this.#ages.get(name)
    if (age === undefined || age < ageMs) return undefined
    return Math.max(1, Math.min(STRIDE_SLOTS_MAX, Math.ceil((age - ageMs) / slotMs) - 1))
  }
}

/** So many slots, or a quarter as many, and so on, as nothing is lawful in; of the next one alone nothing is asked. */
function quietSlots(most: number, isQuietFor: (slots: number) => boolean): number {
  for (let slots = most; slots > 1; slots = Math.floor(slots / 4)) if (isQuietFor(slots)) return slots
  return 0
}

function later(now: SlotFacts, slots: number, slotMs: number): SlotFacts {
  const ms = slots * slotMs
  return { ...now, n: now.n + slots, time: now.time + ms * TIME_PER_CLOCK, clock: now.clock + ms }
}
