import { readFileSync } from 'node:fs'
import manifest from '../../package.json' with { type: 'json' }
import { ZIP215_RULE } from '../adapters/crypto/zip215.ts'
import { JOURNAL_VERSION } from '../codec/journal/limits.ts'
import { SIGNED_TYPES } from '../codec/signed/table.ts'
import { FaultError } from '../model/fault.ts'

/** Versions of the program and of what it speaks, and hashes of the WebAssembly that travels with it. */
export interface About {
  readonly version: string
  readonly node: string
  readonly platform: string
  readonly envelope_batch: number
  readonly journal: number
  readonly signature_rule: string
  /** SHA-256 of the consensus engine, hex. */
  readonly raft_engine: string
  /** SHA-256 of the default policy, hex: the `policy_engine_hash` of its capsule. */
  readonly default_policy: string
}

/** Faults `install-damaged` when a file of the package is missing. */
export function aboutThis(): About {
  return {
    version: manifest.version,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    envelope_batch: SIGNED_TYPES['envelope-batch-root'].version,
    journal: JOURNAL_VERSION,
    signature_rule: ZIP215_RULE,
    raft_engine: hashIn('../adapters/etcd-raft/raft.wasm.sha256', 'raft.wasm'),
    default_policy: hashIn('../../policies/default/policy.wasm.sha256', 'policy.wasm'),
  }
}

/** The hash of `name` in a list as sha256sum writes it. */
function hashIn(list: string, name: string): string {
  try {
    const lines = readFileSync(new URL(list, import.meta.url), 'utf8').split('\n')
    const [, hash] =
      lines.map((line) => /^([0-9a-f]{64}) {2}(\S+)$/u.exec(line)).find((found) => found?.[2] === name) ?? []
    if (hash !== undefined) return hash
    throw new Error(`it does not name ${name}`)
  } catch (cause) {
    throw new FaultError('install-damaged', `cannot read ${list}`, { cause })
  }
}
