import { join } from 'node:path'
import { type ResolvedConfig, readConfigFile, resolveConfig } from './config.ts'

/** Where things lie in a node's home directory. */
export interface HomePaths {
  readonly home: string
  readonly config: string
  readonly genesis: string
  readonly keys: string
  readonly journal: string
  readonly lock: string
  /** The raft host's store. */
  readonly raft: string
  /** Logs of the machines, with the content that needs name: what export reads. */
  readonly record: string
  readonly slots: string
  /** What the ledger did. */
  readonly ledger: string
  /** States of groups of which this node is no voter. */
  readonly followed: string
  /** What was said in threads beside entries. */
  readonly threads: string
  /** What its key signed of acts of governance. */
  readonly votes: string
  /** What this node's accounts said, as far as it matters: made from the journal again where it is lost. */
  readonly said: string
  /** Peers of before the last stop. */
  readonly peers: string
  /** Content, by its CID. */
  readonly content: string
  /** Of the local API. */
  readonly socket: string
  /** Of the API over TCP. */
  readonly apiToken: string
}

export function homePaths(home: string): HomePaths {
  return {
    home,
    config: join(home, 'config.toml'),
    genesis: join(home, 'genesis.json'),
    keys: join(home, 'keys'),
    journal: join(home, 'journal'),
    lock: join(home, 'lock'),
    raft: join(home, 'raft'),
    record: join(home, 'record'),
    slots: join(home, 'slots.bin'),
    ledger: join(home, 'ledger.jsonl'),
    followed: join(home, 'followed'),
    threads: join(home, 'threads.log'),
    votes: join(home, 'votes.log'),
    said: join(home, 'said.sqlite'),
    peers: join(home, 'peers.json'),
    content: join(home, 'blocks'),
    socket: join(home, 'api.sock'),
    apiToken: join(home, 'api.token'),
  }
}

/** The node's settings from its file, the environment and flags. Faults `config`. */
export function loadConfig(
  home: string,
  env: Readonly<Record<string, string | undefined>>,
  flags: Parameters<typeof resolveConfig>[0]['flags'] = {},
): ResolvedConfig {
  return resolveConfig({ flags, env, file: readConfigFile(homePaths(home).config) })
}
