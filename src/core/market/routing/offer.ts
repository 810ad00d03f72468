/**
 * Routing is the requester's own choice of whom to ask. It uses floats, and nothing that nodes must agree on comes from it; what it
 * decided can be recomputed from its trace and the random numbers it was given. Source: economy.md, "Auction, leases, routing".
 */
import type { Did } from '../../../model/ids.ts'
import type { Micro } from '../../../model/micro.ts'

/** What a requester knows of an agent: from its manifest, the registry, and its own dealings with it. */
export interface Offer {
  readonly did: Did
  readonly capabilities: readonly string[]
  /** Names of the schemas that it takes and gives. */
  readonly takes: readonly string[]
  readonly gives: readonly string[]
  readonly tags: readonly string[]
  /** Absent: it works for any zone. */
  readonly zone?: string
  /** Least isolation that it offers, of none, sandbox, vm. */
  readonly isolation: Isolation
  readonly price: Micro
  readonly latencyMs: number
  /** Attested. */
  readonly org?: string
  readonly stake: Micro
  readonly reputationPpm: number
  readonly recencyPpm: number
  /** Finished work for this requester in the domain at hand. */
  readonly past: { readonly done: number; readonly good: number }
}

export type Isolation = 'none' | 'sandbox' | 'vm'

/** What is asked for. */
export interface Wish {
  readonly capability: string
  readonly takes?: string
  readonly gives?: string
  readonly tags: readonly string[]
  readonly zone?: string
  readonly isolation: Isolation
  readonly budget: Micro
  readonly deadlineMs: number
}
