import { z } from 'zod'

/** One setting of a node: where it stands in the file, what it may be, and what it means. */
export interface Setting<Schema extends z.ZodType> {
  /** Key in the config file, with its table: `journal.flush_ms`. */
  readonly key: string
  readonly schema: Schema
  readonly default: z.output<Schema>
  readonly about: string
}

function setting<Schema extends z.ZodType>(one: Setting<Schema>): Setting<Schema> {
  return one
}

const MIB = 1024 * 1024

const keyName = z.string().regex(/^(?:[a-z0-9][a-z0-9-]{0,31})?$/)

const addresses = z.string().regex(/^(?:\/[^\s,]+(?:,\/[^\s,]+)*)?$/)

/** Every setting of a node. Units stand last in the names. */
export const SETTINGS = {
  keyName: setting({
    key: 'key',
    schema: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/),
    default: 'node',
    about: "Name of the node's own key in <home>/keys",
  }),
  passphraseFile: setting({
    key: 'passphrase_file',
    schema: z.string(),
    default: '',
    about: 'File with the passphrase of sealed keys; empty: ask on the terminal',
  }),
  journalFlushMs: setting({
    key: 'journal.flush_ms',
    schema: z.int().min(10).max(1_000),
    default: 1_000,
    about: 'The journal is sealed and synced at most this long after a line was written, in milliseconds',
  }),
  journalSegmentBytes: setting({
    key: 'journal.segment_bytes',
    schema: z
      .int()
      .min(MIB)
      .max(1024 * MIB),
    default: 16 * MIB,
    about: 'A journal file of this size is followed by the next one, in bytes',
  }),
  meshListen: setting({
    key: 'mesh.listen',
    schema: addresses,
    default: '/ip4/0.0.0.0/tcp/4001',
    about: 'Multiaddrs to listen on, with commas between',
  }),
  meshAnnounce: setting({
    key: 'mesh.announce',
    schema: addresses,
    default: '',
    about: 'Multiaddrs to tell others instead of those it listens on, with commas between',
  }),
  meshBootstrap: setting({
    key: 'mesh.bootstrap',
    schema: addresses,
    default: '',
    about: 'Multiaddrs of nodes to begin with, with commas between',
  }),
  meshMdns: setting({
    key: 'mesh.mdns',
    schema: z.boolean(),
    default: true,
    about: 'Finds nodes on the local network by multicast DNS',
  }),
  meshDht: setting({
    key: 'mesh.dht',
    schema: z.boolean(),
    default: true,
    about:
      'Finds nodes by Kademlia, from those that are known: without it voters that know one address meet nobody else',
  }),
  apiListen: setting({
    key: 'api.listen',
    schema: z
      .string()
      .regex(/^(?:(?:\[[0-9a-f:.]+\]|[a-z0-9.-]+):\d{1,5})?$/)
      .refine((place) => Number(/\d*$/.exec(place)?.[0]) <= 65_535, 'ports go up to 65535'),
    default: '',
    about:
      'HOST:PORT where the API listens beside its socket, as 127.0.0.1:4080, to who has the token of <home>/api.token; empty: nowhere',
  }),
  apiHosts: setting({
    key: 'api.hosts',
    schema: z.string(),
    default: '',
    about:
      'Further names under which that address is asked for, as node.example.org:4080, with commas between',
  }),
  apiOrigins: setting({
    key: 'api.origins',
    schema: z.string(),
    default: '',
    about: 'Origins of pages of other sites that may ask, as https://example.org, with commas between',
  }),
  workerKey: setting({
    key: 'agents.worker_key',
    schema: keyName,
    default: '',
    about: "Name of the key whose account works; empty: the node's own",
  }),
  verifierKey: setting({
    key: 'agents.verifier_key',
    schema: keyName,
    default: '',
    about: "Name of the key whose account judges; empty: the node's own. Nobody may judge what he bids for",
  }),
  verifierStakeCredits: setting({
    key: 'agents.verifier_stake_credits',
    schema: z.int().min(0).max(1_000_000),
    default: 100,
    about: 'What the node stakes when it registers as a verifier for what its agents judge, in credits',
  }),
  challengeBondMaxCredits: setting({
    key: 'agents.challenge_bond_max_credits',
    schema: z.int().min(0).max(1_000_000),
    default: 500,
    about: 'Largest bond that agents which look for wrong results put up for one challenge, in credits',
  }),
  challengePercent: setting({
    key: 'agents.challenge_percent',
    schema: z.int().min(0).max(100),
    default: 100,
    about: 'Part of the accepted results that they look at, in per cent; nobody can foresee which',
  }),
  logLevel: setting({
    key: 'log.level',
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error']),
    default: 'info',
    about: 'Least level of lines in the log',
  }),
  raftTickMs: setting({
    key: 'raft.tick_ms',
    schema: z.int().min(10).max(1_000),
    default: 100,
    about: 'A tenth of the time after which a leader that is silent is replaced, in milliseconds',
  }),
  raftCheckpointEntries: setting({
    key: 'raft.checkpoint_entries',
    schema: z.int().min(16).max(1_048_576),
    default: 4_096,
    about: "A group's state is stored whole after so many entries",
  }),
  raftTailEntries: setting({
    key: 'raft.tail_entries',
    schema: z.int().min(1).max(1_048_576),
    default: 1_024,
    about: 'Entries below that which are kept for voters that come back soon; the others get the whole state',
  }),
} as const

export type SettingName = keyof typeof SETTINGS

/** `CANSWARM_JOURNAL_FLUSH_MS` for `journal.flush_ms`. */
export function variableOf({ key }: Setting<z.ZodType>): string {
  return `CANSWARM_${key.replaceAll('.', '_').toUpperCase()}`
}
