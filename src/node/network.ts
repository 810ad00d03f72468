import { readFileSync } from 'node:fs'
import type { CID } from '../codec/cid.ts'
import { encodeDagCbor } from '../codec/dag-cbor/encode.ts'
import { decodeDagJson } from '../codec/dag-json/decode.ts'
import { encodeDagJson } from '../codec/dag-json/encode.ts'
import { decodeGenesis, type Genesis, type OpenedGenesis } from '../codec/genesis/genesis.ts'
import { FaultError } from '../model/fault.ts'
import type { Rejection } from '../model/rejection.ts'
import type { Result } from '../model/result.ts'
import { homePaths } from './home.ts'
import { offline } from './offline.ts'

/** The text of a genesis file: canonical dag-json, one line. */
export function genesisText(genesis: Genesis): string {
  return `${encodeDagJson(genesis)}\n`
}

/** Reads what `genesisText` wrote, or the same as dag-cbor. Rejects as `decodeGenesis`. */
export function parseGenesis(bytes: Uint8Array): Result<OpenedGenesis, Rejection> {
  const { sha256 } = offline.crypto
  if (bytes[0] !== BRACE) return decodeGenesis(bytes, sha256)
  const value = decodeDagJson(Buffer.from(bytes).toString('utf8').trimEnd())
  return value.ok ? decodeGenesis(encodeDagCbor(value.value), sha256) : value
}

/** `{`: no dag-cbor map begins with it. */
const BRACE = 0x7b

/** The network of a home; undefined when the home has none. Faults `network-damaged`. */
export function networkOf(home: string): CID | undefined {
  return genesisOf(home)?.net
}

/** The same with all that its genesis says. */
function genesisOf(home: string): OpenedGenesis | undefined {
  const { genesis: path } = homePaths(home)
  const bytes = readIfThere(path)
  if (bytes === undefined) return undefined
  const opened = parseGenesis(bytes)
  if (!opened.ok) throw new FaultError('network-damaged', `${path}: ${opened.error.message}`)
  return opened.value
}

/** Faults `home-missing` when the home has no network, `network-damaged`. */
export function requireNetwork(home: string): CID {
  return requireGenesis(home).net
}

/** The same with all that the genesis says. */
export function requireGenesis(home: string): OpenedGenesis {
  const opened = genesisOf(home)
  if (opened === undefined) throw new FaultError('home-missing', `${home} is not the home of a node`)
  return opened
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new FaultError('store-io', `cannot read ${path}`, { cause })
  }
}
