import * as z from 'zod'
import type { ConfigVersion, Generation } from '../../model/certified.ts'
import type { Did } from '../../model/ids.ts'
import type { GroupId } from '../../model/raft.ts'
import type { Ipld } from '../ipld.ts'
import { did, list } from '../payload/fields.ts'
import { isAscending } from './ascending.ts'
import { configVersion, generation, groupId } from './tree-head.ts'

/** Voters of a set, at most. 7 decide in the system group; buckets have fewer. */
export const CONFIG_VOTERS_MAX = 32

/** Who signs for a group. Both lists ascend, none twice. */
export interface VoterConfig {
  readonly group: GroupId
  readonly generation: Generation
  readonly version: ConfigVersion
  readonly voters: readonly Did[]
  /** The set that is being left, while a change is joint: then both sets must sign. Empty otherwise. */
  readonly outgoing: readonly Did[]
}

const VOTER_CONFIG_VERSION = 1

const voterSet = (min: number) =>
  list(did, CONFIG_VOTERS_MAX, min).refine(isAscending, 'expected voters in ascending order, none twice')

/** [version of the form, group, generation, version, voters, outgoing]. */
export const voterConfigTuple = z.tuple([
  z.literal(VOTER_CONFIG_VERSION),
  groupId,
  generation,
  configVersion,
  voterSet(1),
  voterSet(0),
])

export function voterConfigToIpld(config: VoterConfig): z.input<typeof voterConfigTuple> & Ipld {
  const { group, generation: of, version, voters, outgoing } = config
  return [VOTER_CONFIG_VERSION, group, of, version, [...voters], [...outgoing]]
}

export function voterConfigOf([, group, of, version, voters, outgoing]: z.input<
  typeof voterConfigTuple
>): VoterConfig {
  return { group, generation: of, version, voters, outgoing }
}
