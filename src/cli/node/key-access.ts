import { peerIdOfKey } from '../../codec/did/peer-id.ts'
import { type KeyName, parseKeyName } from '../../model/key-name.ts'
import { loadConfig } from '../../node/home.ts'
import { offline } from '../../node/offline.ts'
import type { KeyListing, KeyPair } from '../../ports/keystore.ts'
import type { Context } from '../context.ts'
import { unwrap } from '../failure.ts'
import { passphraseOf } from './passphrase.ts'

/** The key that a command is about: the one named, else the node's own by its settings. */
export function keyNameOf(context: Context, name: string | undefined): KeyName {
  return unwrap(parseKeyName(name ?? loadConfig(context.home, context.env).config.keyName))
}

/** Loads a key and asks for its passphrase only if it is sealed. Faults as `Keystore.load`. */
export async function loadKey(
  context: Context,
  name: KeyName,
  passphraseFile: string | undefined,
): Promise<KeyPair> {
  const keystore = offline.keystore(context.home)
  if (!(await isSealed(context, name))) return await keystore.load(name)
  return await keystore.load(name, await passphraseOf(context, name, passphraseFile))
}

/** The passphrase that opens a key; undefined for one in plain. */
export async function openingPassphrase(
  context: Context,
  name: KeyName,
  passphraseFile: string | undefined,
): Promise<{ readonly passphrase?: string }> {
  if (!(await isSealed(context, name))) return {}
  return { passphrase: await passphraseOf(context, name, passphraseFile) }
}

async function isSealed(context: Context, name: KeyName): Promise<boolean> {
  const found = (await offline.keystore(context.home).list()).find((one) => one.name === name)
  return found?.kind === 'key' && found.sealed
}

/** One key as `--json` and tables show it. */
export function describeKey(key: Extract<KeyListing, { kind: 'key' }>, publicKey: KeyPair['publicKey']) {
  return { name: key.name, did: key.did, peer_id: peerIdOfKey(publicKey), sealed: key.sealed }
}
