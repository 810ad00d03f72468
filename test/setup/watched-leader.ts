import type { Did } from '../../src/model/ids.ts'
import type { RaftId } from '../../src/model/raft.ts'
import type { Outcome, Verdict } from '../../src/model/replicated.ts'
import type { LeaderOversight } from '../../src/services/heart/group-host.ts'
import { LeaderWatch } from '../../src/services/heart/leader-watch.ts'
import { person } from './said.ts'

/** Ten ticks an election timeout; the watch is patient for three. */
export const PATIENCE = 30

interface Proposal {
  readonly machine: number
  readonly command: Uint8Array
  readonly deadlineTicks: number
  readonly done: (outcome: Outcome) => void
}

/** A host whose groups another node leads, and a watch over it. */
export class WatchedLeader implements LeaderOversight {
  ticks = 0
  readonly electionTicks = 10
  leader = 2
  term = 5
  behind = false
  /** How many more times this node may depose. */
  depositions = 100
  /** What this node's own host says at once. */
  refusesHere = false
  readonly deposed: number[] = []
  readonly proposed: Proposal[] = []
  /** What the log said, by the text of the command. */
  readonly verdicts = new Map<string, Verdict>()
  readonly watch: LeaderWatch

  constructor(isVoter = true) {
    const groups = {
      leader: () => WatchedLeader.did(this.leader),
      wake: () => undefined,
      proposeWithin: (
        machine: number,
        command: Uint8Array,
        deadlineTicks: number,
        done: Proposal['done'],
      ) => {
        if (this.refusesHere) done({ kind: 'refused', why: 'queue-full', detail: '' })
        else this.proposed.push({ machine, command, deadlineTicks, done })
        return command
      },
    }
    this.watch = new LeaderWatch(groups, isVoter ? this : undefined, () => undefined)
  }

  static did(node: number): Did {
    return person(`voter ${node}`).did
  }

  /** As texts, since the last time. */
  taken(): readonly string[] {
    return this.proposed.splice(0).map(({ command }) => new TextDecoder().decode(command))
  }

  reign(): ReturnType<LeaderOversight['reign']> {
    return this.leader === 1 ? undefined : { leader: this.leader as RaftId, term: this.term }
  }

  isBehind(): boolean {
    return this.behind
  }

  verdict(_group: number, key: Uint8Array): Verdict | undefined {
    return this.verdicts.get(new TextDecoder().decode(key))
  }

  depose(group: number): boolean {
    if (this.depositions <= 0) return false
    this.depositions--
    this.deposed.push(group)
    this.leader = 1
    return true
  }

  /** Rounds of ten ticks, in each of which everything is said again. */
  pass(ticks: number, say: () => void): void {
    for (const end = this.ticks + ticks; this.ticks < end; ) {
      this.ticks += 10
      say()
      this.watch.endRound()
    }
  }
}
