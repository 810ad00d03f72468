import type { SlotFacts } from '../../core/records/world.ts'

/** What a node does not foresee in more slots than this, it looks at anyway. */
const STRIDE_SLOTS_MAX = 256

interface Nap {
  readonly slot: number
  readonly timeMs: number
  readonly stride: number
}

/**
 * Needs in which time alone changes nothing for a while: a window of days is not asked about in each of its slots. How long
 * is found by asking the rules about a later slot, twice as far each time: what is refused then is refused until
 * then, since only a window's end makes an entry lawful where nothing is said and nothing applied.
 */
export class Naps {
  readonly #naps = new Map<string, Nap>()

  /** Slots may come further apart than they should, and windows count time as well: whichever is reached first ends it. */
  isAsleep(need: string, { n, time }: SlotFacts): boolean {
    const nap = this.#naps.get(need)
    return nap !== undefined && n < nap.slot && time < nap.timeMs
  }

  /** Something else than time happened. */
  end(need: string): void {
    this.#naps.delete(need)
  }

  /** After a look that found nothing to do. `isQuiet`: nothing would be lawful in that slot either. */
  begin(need: string, now: SlotFacts, slotMs: number, isQuiet: (later: SlotFacts) => boolean): void {
    const last = this.#naps.get(need)?.stride ?? 1
    const longer = Math.min(STRIDE_SLOTS_MAX, last * 2)
    const stride = isQuiet(ahead(now, longer, slotMs)) ? longer : Math.max(1, Math.floor(last / 2))
    const isSure = stride === longer || stride === 1 || isQuiet(ahead(now, stride, slotMs))
    const [slots, timeMs] = isSure ? [stride, stride * slotMs] : [1, slotMs]
    this.#naps.set(need, { slot: now.n + slots, timeMs: now.time + timeMs, stride: slots })
  }
}

function ahead(now: SlotFacts, slots: number, slotMs: number): SlotFacts {
  const ms = slots * slotMs
  return { ...now, n: now.n + slots, time: now.time + ms, clock: now.clock + ms }
}
