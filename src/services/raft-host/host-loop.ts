import type { Clock } from '../../ports/clock.ts'
import type { RaftHost } from './host.ts'

/** What a loop needs of a host. */
type LoopedHost = Pick<
  RaftHost,
  | 'beginStop'
  | 'isLed'
  | 'isStoring'
  | 'isWriting'
  | 'leads'
  | 'onSettled'
  | 'storeStates'
  | 'tick'
  | 'trim'
  | 'turn'
>

/** How much faster a host ticks that has just begun, and for how many ticks at most. */
const HASTE = 4
const HASTY_TICKS = 40

/**
 * Gives a host its ticks and turns. Until every group has a leader, a host that has just begun ticks faster: nodes that
 * start together would wait a whole election timeout for nothing. Where there is a leader that disturbs nobody, because
 * who hears of one votes for no other (PreVote, CheckQuorum). `soon` is called after anything was given to the host; turns run
 * one after another with room for everything else between them, and none while the store is at one: it would cost as much
 * as another, and write nothing. A fault of a turn ends the loop and goes to `onFault`.
 */
export class HostLoop {
  readonly #host: LoopedHost
  readonly #clock: Clock
  readonly #tickMs: number
  readonly #onFault: (error: unknown) => void
  readonly #later: (task: () => void) => void
  #turns = 0
  #isDue = false
  #isOver = false
  #cancelTick: () => void = () => undefined
  #hastyTicks = HASTY_TICKS

  /** `later` runs a task once what came in meanwhile was handed over: setImmediate, of the shell. */
  constructor(
    host: LoopedHost,
    options: {
      readonly clock: Clock
      readonly tickMs: number
      readonly later: (task: () => void) => void
      readonly onFault: (error: unknown) => void
    },
  ) {
    this.#host = host
    this.#clock = options.clock
    this.#tickMs = options.tickMs
    this.#later = options.later
    this.#onFault = options.onFault
    host.onSettled(() => this.soon())
    this.#tickLater()
  }

  /** Turns taken. */
  get turns(): number {
    return this.#turns
  }

  soon(): void {
    if (this.#isDue || this.#isOver) return
    this.#isDue = true
    this.#later(() => this.#turn())
  }

  /**
   * Gives leaderships to others; proposals of this node are refused meanwhile. Resolves once none is left, with 0, or
   * after so many ticks with how many nobody took. The caller then stops the loop. Source: raft-host-catalogue T1.
   */
  async handOver(ticksMax: number): Promise<number> {
    this.#host.beginStop()
    for (let tick = 0; tick < ticksMax && this.#host.leads().length > 0 && !this.#isOver; tick++) {
      await new Promise<void>((resolve) => void this.#clock.after(this.#tickMs, resolve))
    }
    return this.#host.leads().length
  }

  /**
   * Stores the states of all groups and lets go of what that makes unnecessary, unless it takes too long: then the next start
   * reads more, and applies some of it again.
   */
  async storeStates(ticksMax: number): Promise<void> {
    this.#host.storeStates()
    const isMore = (): boolean => this.#host.isStoring || this.#host.trim()
    for (let tick = 0; tick < ticksMax && !this.#isOver && isMore(); tick++) {
      this.soon()
      await new Promise<void>((resolve) => void this.#clock.after(this.#tickMs, resolve))
    }
  }

  /** No turn begins any more, and whoever waits for one waits for ever. */
  stop(): void {
    this.#isOver = true
    this.#cancelTick()
  }

  #tickLater(): void {
    if (this.#hastyTicks > 0) this.#hastyTicks = this.#host.isLed ? 0 : this.#hastyTicks - 1
    const afterMs = this.#hastyTicks > 0 ? this.#tickMs / HASTE : this.#tickMs
    this.#cancelTick = this.#clock.after(afterMs, () => {
      this.#host.tick()
      this.soon()
      this.#tickLater()
    })
  }

  #turn(): void {
    this.#isDue = false
    if (this.#isOver || this.#host.isWriting) return
    this.#turns++
    try {
      if (this.#host.turn()) this.soon()
    } catch (error) {
      this.stop()
      this.#onFault(error)
    }
  }
}
