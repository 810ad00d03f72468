import { join } from 'node:path'
import { didOfKey } from '../../codec/did/did-key.ts'
import { FaultError } from '../../model/fault.ts'
import type { SecretKey } from '../../model/ids.ts'
import { type KeyName, parseKeyName } from '../../model/key-name.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { KeyListing, KeyPair, Keystore, WriteOptions } from '../../ports/keystore.ts'
import type { Random } from '../../ports/random.ts'
import {
  decodeKeyText,
  encodeKeyText,
  KEY_TEXT_CHARS_MAX,
  type KeyRecord,
  type PlainSecret,
  type ScryptCost,
} from './key-text.ts'
import { PrivateFiles } from './private-files.ts'
import { openSecret, SCRYPT_COST, sealSecret } from './sealing.ts'

export interface FileKeystoreOptions {
  /** The keys are in `<home>/keys`, which the first write makes. */
  readonly home: string
  readonly crypto: Pick<Crypto, 'publicKeyOf'>
  readonly random: Random
  /** Of what is sealed from now on; a file is opened with the cost that it states. */
  readonly cost?: ScryptCost
}

/** One file `<name>.json` a key, as `encodeKeyText` writes it. Rule: `Keystore`. */
export function fileKeystore({ home, crypto, random, cost = SCRYPT_COST }: FileKeystoreOptions): Keystore {
  const files = new PrivateFiles(join(home, 'keys'), random)

  function pairOf(secret: SecretKey): KeyPair {
    const publicKey = crypto.publicKeyOf(secret)
    return { did: didOfKey(publicKey), publicKey, secret }
  }

  async function sealed(plain: PlainSecret, passphrase: string | undefined): Promise<KeyRecord> {
    return passphrase === undefined ? plain : await sealSecret(plain, passphrase, cost, random)
  }

  async function read(name: KeyName): Promise<KeyRecord> {
    const path = files.path(fileName(name))
    const bytes = await files.read(fileName(name), KEY_TEXT_CHARS_MAX)
    if (bytes === undefined) throw new FaultError('key-missing', `there is no key at ${path}`)
    return decodeKeyText(Buffer.from(bytes).toString('utf8'), path)
  }

  /** The key pair of a record, after the secret was found to be the one of the DID. */
  async function opened(record: KeyRecord, passphrase: string | undefined, what: string): Promise<KeyPair> {
    const plain = await plainOf(record, passphrase, what)
    const pair = pairOf(plain.secret)
    if (pair.did !== record.did) {
      throw new FaultError('key-damaged', `the secret in ${what} is not the one of ${record.did}`)
    }
    return pair
  }

  async function write(name: KeyName, pair: KeyPair, options: WriteOptions): Promise<KeyPair> {
    const record = await sealed({ kind: 'plain', did: pair.did, secret: pair.secret }, options.passphrase)
    await files.write(fileName(name), encodeKeyText(record), { replace: options.overwrite ?? false })
    return pair
  }

  async function load(name: KeyName, passphrase?: string): Promise<KeyPair> {
    return opened(await read(name), passphrase, files.path(fileName(name)))
  }

  async function listing(name: KeyName): Promise<KeyListing> {
    try {
      const record = await read(name)
      return { kind: 'key', name, did: record.did, sealed: record.kind === 'sealed' }
    } catch (fault) {
      if (!(fault instanceof FaultError)) throw fault
      return { kind: 'fault', name, fault }
    }
  }

  return {
    load,
    create: (name, options = {}) => write(name, pairOf(random.bytes(32) as SecretKey), options),
    importSecret: (name, secret, options = {}) => write(name, pairOf(secret), options),
    async importText(name, text, options = {}) {
      const what = 'the imported text'
      return write(name, await opened(decodeKeyText(text, what), options.textPassphrase, what), options)
    },
    async exportText(name, options = {}) {
      const { did, secret } = await load(name, options.passphrase)
      return encodeKeyText(await sealed({ kind: 'plain', did, secret }, options.sealWith))
    },
    async list() {
      return await Promise.all((await files.names()).flatMap(keyNameOf).map(listing))
    },
    async changePassphrase(name, { from, to }) {
      const pair = await load(name, from)
      await write(name, pair, { overwrite: true, ...(to === undefined ? {} : { passphrase: to }) })
    },
  }
}

async function plainOf(
  record: KeyRecord,
  passphrase: string | undefined,
  what: string,
): Promise<PlainSecret> {
  if (record.kind === 'plain') return record
  if (passphrase === undefined)
    throw new FaultError('passphrase', `${what} is sealed: it needs its passphrase`)
  return openSecret(record, passphrase, what)
}

function fileName(name: KeyName): string {
  return `${name}.json`
}

function keyNameOf(file: string): readonly KeyName[] {
  if (!file.endsWith('.json')) return []
  const name = parseKeyName(file.slice(0, -'.json'.length))
  return name.ok ? [name.value] : []
}
