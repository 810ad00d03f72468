import type { FaultError } from '../model/fault.ts'
import type { Did, PublicKey, SecretKey } from '../model/ids.ts'
import type { KeyName } from '../model/key-name.ts'

/** A key that can sign. Whoever holds it keeps the secret out of logs and messages. */
export interface KeyPair {
  readonly did: Did
  readonly publicKey: PublicKey
  readonly secret: SecretKey
}

/** How a new file is written. */
export interface WriteOptions {
  /** Seals the secret; without one it rests in plain in a file that its owner alone can read. */
  readonly passphrase?: string
  /** Replaces a key of the same name, for good. */
  readonly overwrite?: boolean
}

/** A key at rest. `did` is what the file says; only loading checks it against the secret. */
export type KeyListing =
  | { readonly kind: 'key'; readonly name: KeyName; readonly did: Did; readonly sealed: boolean }
  | { readonly kind: 'fault'; readonly name: KeyName; readonly fault: FaultError }

/**
 * Ed25519 keys at rest, by name (protocol.md, "Identity").
 * All fault with `store-io` or `store-full` when the disk does. Passphrases are normalised (NFKC), so that the same one typed on
 * another keyboard is the same; an empty one faults with `passphrase`. No message of a fault holds a secret.
 */
export interface Keystore {
  /** Makes a new key. Faults `key-exists`. */
  create(name: KeyName, options?: WriteOptions): Promise<KeyPair>
  /** Keeps a key that was made elsewhere. Faults `key-exists`. */
  importSecret(name: KeyName, secret: SecretKey, options?: WriteOptions): Promise<KeyPair>
  /** Keeps a key out of a text that `exportText` wrote. Faults `key-exists`, `key-damaged`, `passphrase`. */
  importText(
    name: KeyName,
    text: string,
    options?: WriteOptions & { readonly textPassphrase?: string },
  ): Promise<KeyPair>
  /** The key as a text, sealed with `sealWith` or in plain. Faults as `load`. */
  exportText(
    name: KeyName,
    options?: { readonly passphrase?: string; readonly sealWith?: string },
  ): Promise<string>
  /** All keys by name; what cannot be read is listed with its fault. */
  list(): Promise<readonly KeyListing[]>
  /**
   * Faults `key-missing`; `key-mode` when others than the owner can read it; `key-damaged` for a file that is no key or whose
   * secret is not its DID's; `passphrase` for a wrong one, a missing one, or a sealed part that was altered.
   */
  load(name: KeyName, passphrase?: string): Promise<KeyPair>
  /** Seals anew, or with `to` undefined no more. The old file is there until the new one is. Faults as `load`. */
  changePassphrase(name: KeyName, change: { readonly from?: string; readonly to?: string }): Promise<void>
}
