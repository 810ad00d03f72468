import type { VoterConfig } from '../../codec/certificate/voter-config.ts'
import type { Genesis } from '../../codec/genesis/genesis.ts'
import type { ConfigVersion, Generation } from '../../model/certified.ts'
import { groupOfMachine } from './machine.ts'

/** Voters of a machine's group before any change: those of genesis. Source: consensus.md, "Membership". */
export function firstVoters({ voters }: Pick<Genesis, 'voters'>, machine: number): VoterConfig {
  return {
    group: groupOfMachine(machine),
    generation: 0 as Generation,
    version: 1 as ConfigVersion,
    voters: voters.toSorted((a, b) => (a < b ? -1 : 1)),
    outgoing: [],
  }
}
