import { agreementKeyOf } from '../adapters/crypto/agreement-keys.ts'
import { nodeCrypto } from '../adapters/crypto/node-crypto.ts'
import { fileKeystore } from '../adapters/keystore/file-keystore.ts'
import { systemClock } from '../adapters/system/clock.ts'
import { systemRandom } from '../adapters/system/random.ts'
import type { KeyRules } from '../codec/did/resolve-did.ts'
import type { Clock } from '../ports/clock.ts'
import type { Crypto } from '../ports/crypto.ts'
import type { Keystore } from '../ports/keystore.ts'
import type { Random } from '../ports/random.ts'

/** What commands without a daemon work with. */
export interface Offline {
  readonly crypto: Crypto
  readonly clock: Clock
  readonly random: Random
  readonly keyRules: KeyRules
  keystore(home: string): Keystore
}

export const offline: Offline = {
  crypto: nodeCrypto,
  clock: systemClock,
  random: systemRandom,
  keyRules: { isAcceptableKey: (bytes) => nodeCrypto.isAcceptableKey(bytes), agreementKeyOf },
  keystore: (home) => fileKeystore({ home, crypto: nodeCrypto, random: systemRandom }),
}
