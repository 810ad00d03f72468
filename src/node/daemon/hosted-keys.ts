import type { KeyPair } from '../../ports/keystore.ts'
import type { Cast } from './roles-part.ts'

/** Keys of accounts that a node speaks for beside its own. */
export interface HostedKeys {
  readonly worker?: KeyPair
  readonly verifier?: KeyPair
}

interface Keys {
  /** The node's own. */
  readonly key: KeyPair
  readonly hosted?: HostedKeys
}

/** Of all accounts, the node's own first, none twice. */
export function keysOf({ key, hosted: { worker, verifier } = {} }: Keys): [KeyPair, ...KeyPair[]] {
  const others = new Map([worker, verifier].flatMap((one) => (one === undefined ? [] : [[one.did, one]])))
  others.delete(key.did)
  return [key, ...others.values()]
}

/** Whose account works, judges, and looks for mistakes. */
export function castOf({ key, hosted = {} }: Keys): Cast {
  return {
    works: (hosted.worker ?? key).did,
    judges: (hosted.verifier ?? key).did,
    challenges: key.did,
  }
}
