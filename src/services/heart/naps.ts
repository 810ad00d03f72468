import type { SlotFacts } from '../../core/records/world.ts'

/** What a node does not foresee in more slots than this, it looks at anyway. */
const STRIDE_SLOTS_MAX = 256
/** Looks by time alone that find nothing before it is asked about later slots: short windows are over by then. */
const IDLE_LOOKS = 4

interface Nap {
  readonly slot: number
  readonly timeMs: number
  readonly stride: number
  readonly looks: number
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
    const { stride: last = 1, looks = 0 } = this.#naps.get(need) ?? {}
    const slots = looks < IDLE_LOOKS ? 1 : strideOf(last, (stride) => isQuiet(ahead(now, stride, slotMs)))
    const until = { slot: now.n + slots, timeMs: now.time + slots * slotMs }
    this.#naps.set(need, { ...until, stride: slots, looks: looks + 1 })
  }
}

/** Twice as many slots as last time, or half as many, or the next one: how far nothing is lawful. */
function strideOf(last: number, isQuietFor: (slots: number) => boolean): number {
  const longer = Math.min(STRIDE_SLOTS_MAX, last * 2)
  if (isQuietFor(longer)) return longer
  const shorter = Math.floor(last / 2)
  return shorter > 1 && isQuietFor(shorter) ? shorter : 1
}

function ahead(now: SlotFacts, slots: number, slotMs: number): SlotFacts {
  const ms = slots * slotMs
  return { ...now, n: now.n + slots, time: now.time + ms, clock: now.clock + ms }
}
