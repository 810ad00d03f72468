import type { Certificate } from '../../codec/certificate/certificate.ts'
import { FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import type { Clock } from '../../ports/clock.ts'

export interface NewestCertificatesDeps {
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** What this node has of a machine: leaves, and how many of them its newest certificate covers. */
  readonly leaves: (machine: number) => number
  readonly certified: (machine: number) => number
  /** Who leads it, as far as that is known; undefined too where this node does. */
  readonly leaderOf: (machine: number) => Did | undefined
  /** The others that may have one. */
  readonly voters: readonly Did[]
  readonly isConnected: (peer: Did) => boolean
  /** As `LogFetch.newest`, checked. */
  readonly fetch: (peer: Did, machine: number) => Promise<Certificate | undefined>
  readonly keep: (certificate: Certificate) => void
  /** Anything but a peer that cannot help: the process must end. */
  readonly onDefect: (error: unknown) => void
}

interface Asked {
  /** Leaves that there were, and the number of the next voter to ask. */
  readonly leaves: number
  readonly turn: number
  readonly againMs: number
  readonly waitMs: number
}

/** From one time that a voter is asked for a machine to the next: longer each time that it brings nothing. */
const WAIT_MS = 1_000
const WAIT_MS_MAX = 60_000
const UNDERWAY_MAX = 8

/**
 * A voter applies what its leader says, with no need of a certificate: of a group that is quiet the last one may be with who led
 * it alone. Who follows by way of this voter needs it: when it is asked for a log whose end its own certificate does not cover,
 * it asks the leader, then the other voters in turn, and has it when it is asked again. Where nobody follows nothing is sent.
 * Source: consensus.md, "Membership" (everybody else follows by certified batches from any peer).
 */
export class NewestCertificates {
  readonly #deps: NewestCertificatesDeps
  readonly #asked = new Map<number, Asked>()
  readonly #underway = new Set<number>()

  constructor(deps: NewestCertificatesDeps) {
    this.#deps = deps
  }

  /** Somebody wants a machine's newest certificate. */
  wanted(machine: number): void {
    const { leaves, certified, clock, onDefect } = this.#deps
    const length = leaves(machine)
    if (certified(machine) >= length) {
      this.#asked.delete(machine)
      return
    }
    const asked = this.#asked.get(machine)
    const isNews = asked === undefined || asked.leaves !== length
    if (!isNews && clock.monotonicMs() < asked.againMs) return
    if (this.#underway.has(machine) || this.#underway.size >= UNDERWAY_MAX) return
    const turn = isNews ? 0 : asked.turn
    const waitMs = isNews ? WAIT_MS : Math.min(2 * asked.waitMs, WAIT_MS_MAX)
    this.#asked.set(machine, {
      leaves: length,
      turn: turn + 1,
      waitMs,
      againMs: clock.monotonicMs() + waitMs,
    })
    this.#underway.add(machine)
    this.#ask(machine, turn)
      .catch(onDefect)
      .finally(() => this.#underway.delete(machine))
  }

  async #ask(machine: number, turn: number): Promise<void> {
    const { fetch, keep, certified, isConnected } = this.#deps
    const peers = this.#peersOf(machine).filter(isConnected)
    const peer = peers[turn % Math.max(1, peers.length)]
    if (peer === undefined) return
    try {
      const certificate = await fetch(peer, machine)
      if (certificate !== undefined && certificate.head.size > certified(machine)) keep(certificate)
    } catch (error) {
      // The next one is asked the next time; who lied was charged.
      if (!(error instanceof FaultError)) throw error
    }
  }

  #peersOf(machine: number): readonly Did[] {
    const { leaderOf, voters } = this.#deps
    const leader = leaderOf(machine)
    return leader === undefined ? voters : [leader, ...voters.filter((voter) => voter !== leader)]
  }
}
