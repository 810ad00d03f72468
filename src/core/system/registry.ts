import { encodeRegistryRecord } from '../../codec/entry/registry-record.ts'
import { inclusionPath, type PathStep } from '../../codec/merkle/inclusion.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { ALL, NO_ACCOUNT } from '../ledger/tables.ts'
import type { View } from '../records/view.ts'
import { registryRecordOf } from './agents.ts'
import type { HubTables } from './tables.ts'

/** What a PROPOSE shows of its bidder. */
export interface RegistryProof {
  readonly slot: number
  readonly record: Uint8Array
  readonly path: readonly PathStep[]
}

/**
 * The account's registry record with its path to the root of the last slot; undefined for who is not in the registry, or
 * where it has changed since that slot: then the next one is waited for. Source: lifecycle.md (`close`).
 */
export function proveRegistry(view: View<HubTables>, did: string, sha256: Sha256): RegistryProof | undefined {
  const network = view.get('network', ALL)
  const agent = view.get('agents', did)
  if (network === undefined || agent === undefined || network.isDirty || network.slot === 0) return undefined
  const dids = view.keys('agents')
  const leaves = dids.flatMap((one) => view.get('agents', one)?.leaf ?? [])
  const record = encodeRegistryRecord(registryRecordOf(did, agent, view.get('accounts', did) ?? NO_ACCOUNT))
  return { slot: network.slot, record, path: inclusionPath(leaves, dids.indexOf(did), sha256) }
}
