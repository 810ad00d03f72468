import { type CID, parseCid, RAW } from '../cid.ts'

const PREFIX = 'wasm/'

/**
 * The capability that names a module by its CID (raw, sha2-256), so that whoever reads the need knows the program.
 * Source: operations.md, "Agents" (wasm).
 */
export function wasmCapability(module: CID): string {
  return `${PREFIX}${module.toString()}`
}

/** The module that a capability names; undefined for every other capability. */
export function moduleOfCapability(capability: string): CID | undefined {
  if (!capability.startsWith(PREFIX)) return undefined
  const cid = parseCid(capability.slice(PREFIX.length))
  return cid.ok && cid.value.code === RAW ? cid.value : undefined
}
