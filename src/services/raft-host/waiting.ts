import type { RaftId, Term } from '../../model/raft.ts'
import type { Outcome, Ticket } from '../../model/replicated.ts'

/** Who is told of an outcome: somebody in this process, or a node that passed its proposal on. */
export type Asker =
  | { readonly kind: 'local'; readonly done: (outcome: Outcome) => void }
  | { readonly kind: 'peer'; readonly peer: RaftId; readonly request: number }

/**
 * A command whose outcome somebody waits for.
 *
 *     queued --proposed here--> proposed      --leadership lost--> queued
 *     queued --sent to the leader--> passed   --refused, no answer, another leader--> queued
 *     any --applied--> settled      any --deadline--> unknown, or refused if no attempt was ever taken
 */
export interface Waiting {
  readonly key: string
  readonly ticket: Ticket
  readonly body: Uint8Array
  readonly askers: Asker[]
  readonly hops: number
  deadline: number
  state:
    | { readonly kind: 'queued'; readonly notBefore: number }
    | { readonly kind: 'proposed'; readonly term: Term; readonly takenBefore: boolean }
    | {
        readonly kind: 'passed'
        readonly to: RaftId
        readonly request: number
        readonly tick: number
        readonly takenBefore: boolean
      }
  /** An attempt may have reached a log: only a verdict or `unknown` can end this. */
  taken: boolean
}
