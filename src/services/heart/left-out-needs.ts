import { equalBytes } from '../../codec/bytes.ts'
import { isOver } from '../../core/bucket/transitions.ts'
import type { GroupAccess } from './group-access.ts'
import type { LeaderWatch, Make } from './leader-watch.ts'

/** Needs that are looked at in one round: what is left waits for the next; and those of which something is held already. */
const LOOKS_MAX = 16
const HELD_LOOKS_MAX = 64

export interface LeftOutNeedsDeps {
  readonly groups: Pick<GroupAccess, 'bucket'>
  readonly watch: LeaderWatch
  /** Nothing can be lawful yet. */
  readonly isAsleep: (need: string, bucket: number) => boolean
  /** Nothing would be lawful now, if every voter had seen what this one has; it sleeps then. */
  readonly isQuiet: (need: string, bucket: number) => boolean
  /** What is lawful now, with what voters said: where they have not said it, they are asked. */
  readonly make: (need: string, bucket: number) => ReturnType<Make>
}

/**
 * Needs of buckets that others lead. One whose history moves is not looked at; one that stands still for three election
 * timeouts is asked about as its leader would ask, and what is lawful is held against the leader.
 */
export class LeftOutNeeds {
  readonly #deps: LeftOutNeedsDeps
  /** Of needs that others drive: the head of their history, and since when it is that. */
  #heads = new Map<string, { readonly head: Uint8Array; readonly since: number }>()

  constructor(deps: LeftOutNeedsDeps) {
    this.#deps = deps
  }

  /** All needs that are open, once a round. */
  pass(open: Iterable<readonly [string, number]>): void {
    const before = this.#heads
    this.#heads = new Map()
    let [looks, heldLooks] = [LOOKS_MAX, HELD_LOOKS_MAX]
    for (const [need, bucket] of open) {
      const still = this.#stillOf(need, bucket, before.get(need))
      if (still === undefined) continue
      this.#heads.set(need, still)
      const name = nameOf(need, still.head)
      // What is not said again counts as gone.
      if (this.#deps.watch.holds(bucket, name)) {
        if (heldLooks-- > 0) this.#look(need, bucket, name)
      } else if (looks > 0 && !this.#isMoving(still) && !this.#deps.isAsleep(need, bucket)) {
        looks--
        this.#look(need, bucket, name)
      }
    }
  }

  /** Something was said of the need: voters may have answered. */
  hear(need: string, bucket: number): void {
    if (!this.#deps.watch.holds(bucket)) return
    const still = this.#stillOf(need, bucket, this.#heads.get(need))
    const name = still && nameOf(need, still.head)
    if (name !== undefined && this.#deps.watch.holds(bucket, name)) this.#look(need, bucket, name)
  }

  #look(need: string, bucket: number, name: string): void {
    const { watch, isQuiet, make } = this.#deps
    if (watch.holds(bucket, name) || !isQuiet(need, bucket))
      watch.hold(bucket, name, () => make(need, bucket))
  }

  #stillOf(need: string, bucket: number, before: { head: Uint8Array; since: number } | undefined) {
    const { groups, watch } = this.#deps
    const record = watch.isWatching(bucket) ? groups.bucket(bucket).get('needs', need) : undefined
    if (record === undefined || isOver(record.state)) return undefined
    const { head } = record
    return before !== undefined && isSame(before.head, head) ? before : { head, since: watch.ticks }
  }

  #isMoving({ since }: { readonly since: number }): boolean {
    const { watch } = this.#deps
    return watch.ticks - since < watch.patience
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one === other || equalBytes(one, other)
}

function nameOf(need: string, head: Uint8Array): string {
  return `${need} ${head.toHex()}`
}
