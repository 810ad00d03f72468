import { HUB } from '../../codec/entry/item.ts'

/** Topics of a network. Source: network.md (topics are fixed in number; shard bits 0 while there are few full nodes). */
export interface NetworkTopics {
  /** What the hub applied. */
  readonly system: string
  /** What names a need: what buckets applied, and what others than voters must hear before an entry carries it. */
  readonly need: string
  /** Envelopes of threads alone, which no entry follows from: changes of plans. */
  readonly plan: string
}

/** One shard: a network of more than about 16 full nodes would have up to 256. */
const SHARD = 0

export function topicsOf(net: string): NetworkTopics {
  const topic = (name: string): string => `/canswarm/${net}/${name}`
  return { system: topic('system'), need: topic(`need/${SHARD}`), plan: topic(`plan/${SHARD}`) }
}

/** Where what a machine applied is told. */
export function topicOfMachine({ system, need }: NetworkTopics, machine: number): string {
  return machine === HUB ? system : need
}
