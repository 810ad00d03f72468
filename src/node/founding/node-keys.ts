import { assert } from '../../model/fault.ts'
import { type KeyName, parseKeyName } from '../../model/key-name.ts'
import type { KeyPair } from '../../ports/keystore.ts'
import { offline } from '../offline.ts'

/** The node's own. */
export const NODE_KEY = keyName('node')
/** Accounts of their own for work and for verdicts: nobody may judge what he bids for. */
export const WORKER_KEY = keyName('worker')
export const VERIFIER_KEY = keyName('verifier')

/** Keys by their names in a home; `passphrase` opens and seals. */
export interface KeyWish {
  readonly home: string
  /** With the accounts that work and judge. */
  readonly hosts: boolean
  readonly passphrase: string | undefined
}

/** The keys of a node: those that are there, and those that are not made. Faults as `Keystore`. */
export async function nodeKeys({
  home,
  hosts,
  passphrase,
}: KeyWish): Promise<readonly [KeyPair, ...KeyPair[]]> {
  const keystore = offline.keystore(home)
  const there = new Set((await keystore.list()).map(({ name }) => name))
  const options = passphrase === undefined ? {} : { passphrase }
  const open = (name: KeyName): Promise<KeyPair> =>
    there.has(name) ? keystore.load(name, passphrase) : keystore.create(name, options)
  const own = await open(NODE_KEY)
  return hosts ? [own, await open(WORKER_KEY), await open(VERIFIER_KEY)] : [own]
}

function keyName(text: string): KeyName {
  const name = parseKeyName(text)
  assert(name.ok, 'a name of ours is one')
  return name.value
}
