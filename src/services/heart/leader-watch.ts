import { decodeBucketCommand } from '../../codec/entry/bucket-command.ts'
import { HUB } from '../../codec/entry/item.ts'
import { groupOfMachine } from '../../core/witness/machine.ts'
import type { Verdict } from '../../model/replicated.ts'
import type { GroupAccess } from './group-access.ts'
import type { LeaderOversight } from './group-host.ts'
import type { SteppedItem } from './hosted-machine.ts'

/** In election timeouts: what is held for so long is proposed from here, and what does not come of that then deposes. */
const PATIENCE = 3
/** So many times as patient with a log that has something which is not applied here: it may wait for a quorum. */
const BEHIND = 3
/** Times that a leader may refuse what the machine would accept. */
const REFUSALS_MAX = 3
/** What came after so long came because another voter proposed it, whose round was a little earlier. */
const LATE = 2
/** So often may others propose what a leader should have, within so many election timeouts, while it proposes nothing itself. */
const HELPS_MAX = 3
const HELPED_WITHIN = 100
/** Proposals of this kind on their way. */
const UNDERWAY_MAX = 64

interface Proposed {
  readonly at: number
  key: Uint8Array
  isRefused: boolean
}

interface Held {
  since: number
  /** Round in which it was last said to be held. */
  round: number
  proposed: Proposed | undefined
  refusals: number
}

/** One leader in one term. */
interface Reign {
  readonly leader: number
  readonly term: number
  readonly since: number
  readonly held: Map<string, Held>
  /** When this node proposed for it, or another one did. */
  helps: number[]
}

/** Gives a command that the machine would accept now; `waiting`: once others have said what it takes; undefined: none after all. */
export type Make = () => Uint8Array | 'waiting' | undefined

/**
 * Sees to it that no leader leaves out what this voter holds. What is lawful for three election timeouts and does not come is
 * proposed from here first: a leader whose drivers only sleep passes it into the log, and is deposed when that is needed again
 * and again; one whose host leaves it out too is deposed at once. What counts is what this replica applies, not what the leader
 * answers. A new leader has its full time; a time of the host's ticks, so that a node which stood still accuses nobody.
 *
 *     held --lawful for 3 timeouts--> proposed --applied or refused by the log--> gone
 *     proposed --nothing within 3 timeouts--> the leader is deposed      any --another leader or term--> gone
 *
 * Source: consensus.md, "Buckets" (Commands go to all voters).
 */
export class LeaderWatch {
  readonly #groups: Pick<GroupAccess, 'leader' | 'proposeWithin' | 'wake'>
  readonly #oversight: LeaderOversight | undefined
  readonly #trace: (text: string) => void
  readonly #reigns = new Map<number, Reign>()
  #round = 0
  #roundAt = 0
  /** Ticks from the last round to the one before it. */
  #roundTicks = 0
  #underway = 0

  /** `oversight`: undefined where nobody is watched. */
  constructor(
    groups: Pick<GroupAccess, 'leader' | 'proposeWithin' | 'wake'>,
    oversight: LeaderOversight | undefined,
    trace: (text: string) => void,
  ) {
    this.#groups = groups
    this.#oversight = oversight
    this.#trace = trace
  }

  get ticks(): number {
    return this.#oversight?.ticks ?? 0
  }

  /** Ticks. */
  get patience(): number {
    return PATIENCE * (this.#oversight?.electionTicks ?? 0)
  }

  /** Ticks. Two rounds at least: what is held in one may be gone in the next though it came at once. */
  get lateness(): number {
    return Math.max(LATE * (this.#oversight?.electionTicks ?? 0), 2 * this.#roundTicks)
  }

  /** Whether another node leads the machine, and has for long enough. */
  isWatching(machine: number): boolean {
    const reign = this.#reignOf(machine)
    return reign !== undefined && this.ticks - reign.since >= this.patience
  }

  /** Whether anything of the machine is held, or what has that name. */
  holds(machine: number, name?: string): boolean {
    const held = this.#reigns.get(machine)?.held
    return held !== undefined && (name === undefined ? held.size > 0 : held.has(name))
  }

  /**
   * This node holds something that the machine would accept: said again in each round for as long as it is so, by the same name.
   * Gives what the log said, where it refused what this node proposed of it: that is nobody's fault.
   */
  hold(machine: number, name: string, make: Make): Verdict | undefined {
    if (!this.isWatching(machine)) return undefined
    const reign = this.#reigns.get(machine) as Reign
    const held = reign.held.get(name) ?? { since: this.ticks, round: 0, proposed: undefined, refusals: 0 }
    reign.held.set(name, held)
    held.round = this.#round
    if (held.proposed === undefined) {
      if (this.ticks - held.since >= this.patience) this.#help(machine, reign, name, held, make)
      return undefined
    }
    return this.#judge(machine, reign, name, held, held.proposed, make)
  }

  /** Everything that is held was said: what was not is held no more. */
  endRound(): void {
    for (const [machine, reign] of this.#reigns) {
      const gone = [...reign.held].filter(([, { round }]) => round < this.#round)
      for (const [name] of gone) reign.held.delete(name)
      const isLate = ([, held]: [string, Held]): boolean =>
        held.proposed === undefined && this.ticks - held.since > this.lateness
      if (gone.some(isLate)) this.#noteHelp(machine, reign)
    }
    this.#round++
    this.#roundTicks = this.ticks - this.#roundAt
    this.#roundAt = this.ticks
  }

  /**
   * A leader that gets its own entries into the log only leaves some out: those are proposed for it. It may not have heard of them,
   * whoever wants that sees to it.
   */
  applied({ machine, item, verdict }: SteppedItem): void {
    if (machine === HUB || item.kind !== 'command' || verdict.kind !== 'applied') return
    if (![...this.#reigns.values()].some(({ helps }) => helps.length > 0)) return
    const command = decodeBucketCommand(item.command)
    if (command.ok && 'by' in command.value && command.value.by === this.#groups.leader(machine))
      this.works(machine)
  }

  /** The leader did something by itself that was due: whatever else it leads, its drivers do not sleep. */
  works(machine: number): void {
    const leader = this.#reigns.get(machine)?.leader
    for (const reign of this.#reigns.values()) if (reign.leader === leader) reign.helps = []
  }

  #judge(
    machine: number,
    reign: Reign,
    name: string,
    held: Held,
    proposed: Proposed,
    make: Make,
  ): Verdict | undefined {
    const oversight = this.#oversight as LeaderOversight
    const verdict = oversight.verdict(groupOfMachine(machine), proposed.key)
    if (verdict !== undefined) {
      reign.held.delete(name)
      reign.helps = reign.helps.filter((at) => at !== proposed.at)
      return verdict
    }
    const waited = this.ticks - proposed.at
    if (waited < this.patience) return undefined
    if (proposed.isRefused && ++held.refusals < REFUSALS_MAX) this.#help(machine, reign, name, held, make)
    else if (waited >= BEHIND * this.patience || !oversight.isBehind(groupOfMachine(machine)))
      this.#depose(machine, name, held)
    return undefined
  }

  #help(machine: number, reign: Reign, name: string, held: Held, make: Make): void {
    if (this.#underway >= UNDERWAY_MAX) return
    const command = make()
    if (command === undefined) reign.held.delete(name)
    if (command === undefined || command === 'waiting') return
    const proposed = { at: this.ticks, key: command, isRefused: false }
    held.proposed = proposed
    this.#underway++
    let isHere = true
    proposed.key = this.#groups.proposeWithin(machine, command, this.patience, (outcome) => {
      this.#underway--
      if (outcome.kind !== 'refused') return
      // This node's own host took nothing: the leader has not heard of it.
      if (isHere) this.#again(held)
      else proposed.isRefused = true
    })
    isHere = false
    if (held.proposed !== undefined) this.#noteHelp(machine, reign)
  }

  /** Counts how often, at different times: in the end it is too often. */
  #noteHelp(machine: number, reign: Reign): void {
    const { ticks } = this
    const within = (HELPED_WITHIN / PATIENCE) * this.patience
    const last = reign.helps.at(-1)
    if (last === undefined || ticks - last >= this.patience) reign.helps.push(ticks)
    reign.helps = reign.helps.filter((at) => ticks - at < within)
    if (reign.helps.length >= HELPS_MAX) this.#depose(machine, 'too much')
  }

  #depose(machine: number, what: string, held?: Held): void {
    if (held !== undefined) this.#again(held)
    if (this.#oversight?.depose(groupOfMachine(machine)) !== true) return
    this.#trace(`deposed the leader of ${machine}, who left out ${what}`)
    this.#reigns.delete(machine)
    this.#groups.wake()
  }

  #again(held: Held): void {
    held.since = this.ticks
    held.proposed = undefined
  }

  /** Begins anew with every other leader and term. */
  #reignOf(machine: number): Reign | undefined {
    const known = this.#reigns.get(machine)
    const now = this.#oversight?.reign(groupOfMachine(machine))
    if (now === undefined) {
      this.#reigns.delete(machine)
      return undefined
    }
    if (known?.leader === now.leader && known.term === now.term) return known
    const reign = { ...now, since: this.ticks, held: new Map<string, Held>(), helps: [] }
    this.#reigns.set(machine, reign)
    return reign
  }
}
