import * as z from 'zod'
import { assert } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import type { MicroText } from '../../model/micro.ts'
import type { NetworkClass, ParameterName, Parameters } from '../../model/parameters.ts'
import { parseParameters } from '../../model/parse-parameters.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { err, ok, type Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { type CID, cidOf, parseCid } from '../cid.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import {
  did,
  distinct,
  exactBytes,
  hash32,
  integer,
  micro,
  microMoved,
  name,
  text,
  timeMs,
} from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'

/** The first block of a network. Its CID is the network's name: two that differ in one byte are two networks. */
export type Genesis = {
  readonly v: 1
  /** For people, at most 64 characters. */
  readonly label: string
  readonly class: NetworkClass
  /** 16 random bytes, so that two networks with the same settings are two. */
  readonly nonce: Uint8Array
  /** When it was made, milliseconds since 1970. No rule reads it. */
  readonly created: number
  /** First voters, 1 to 7, none twice. Their order is kept. */
  readonly voters: readonly Did[]
  /** Lying voters that certificates withstand: at most `faultsOf` the voters. Source: consensus.md, "Certificates". */
  readonly f: number
  /** Whose signatures count for governance and forced recovery; a development network may name none. */
  readonly governance: readonly Did[]
  /** What differs from the defaults of the class, as it stands on the wire. */
  readonly parameters: { readonly [Name in ParameterName]?: number | MicroText }
  /** Credits that exist from the start, nobody twice. */
  readonly accounts?: readonly { readonly did: Did; readonly amount: MicroText }[]
  /** Of the insurance account, which refills fees. */
  readonly insurance?: MicroText
  /** Verifiers that need no registration: their stake exists beside their account's credits, and genesis attests them. */
  readonly verifiers?: readonly GenesisVerifier[]
  /** Hash chains of voters, by which they draw the beacons. */
  readonly chains?: readonly { readonly voter: Did; readonly anchor: Uint8Array; readonly length: number }[]
  /** Buckets that needs are drawn into, each a group of its own: 1 to 256; absent: 256. Never changed. */
  readonly buckets?: number
  /** CID of the policy capsule that threads are opened with; absent: the network has none. */
  readonly capsule?: string
  /** Whose credentials on organisation, system and region count. */
  readonly attestors?: readonly Did[]
}

export type GenesisVerifier = {
  readonly did: Did
  readonly stake: MicroText
  readonly capabilities: readonly string[]
  readonly org?: string
  readonly asn?: number
  readonly region?: string
}

/** A genesis that was read, with all that follows from it. */
export interface OpenedGenesis {
  readonly genesis: Genesis
  /** CID of the bytes: the `net` of every envelope. */
  readonly net: CID
  readonly parameters: Parameters
}

const VOTERS_MAX = 7
const GOVERNANCE_MAX = 64
const GENESIS_BYTES_MAX = 65_536
const ACCOUNTS_MAX = 256
const VERIFIERS_MAX = 128
const CAPABILITIES_MAX = 64
const ATTESTORS_MAX = 64
/** Buckets of a network whose genesis says nothing, and of any at most: one byte names them. */
export const BUCKETS_MAX = 256

const verifier = z.strictObject({
  did,
  stake: microMoved,
  capabilities: distinct(name, CAPABILITIES_MAX, 1),
  org: name.exactOptional(),
  asn: integer(1, 4_294_967_295).exactOptional(),
  region: name.exactOptional(),
})
const account = z.strictObject({ did, amount: microMoved })
const chain = z.strictObject({ voter: did, anchor: hash32, length: integer(1, 2 ** 31 - 1) })

const genesisSchema = z.strictObject({
  v: z.literal(1),
  label: text(1, 64),
  class: z.enum(['development', 'production']),
  nonce: exactBytes(16),
  created: timeMs,
  voters: distinct(did, VOTERS_MAX, 1),
  f: integer(0, VOTERS_MAX),
  governance: distinct(did, GOVERNANCE_MAX),
  parameters: z.record(z.string(), z.union([integer(0, Number.MAX_SAFE_INTEGER), micro])),
  accounts: distinct(account, ACCOUNTS_MAX, 0, (one) => one.did).exactOptional(),
  insurance: micro.exactOptional(),
  verifiers: distinct(verifier, VERIFIERS_MAX, 0, (one) => one.did).exactOptional(),
  chains: distinct(chain, VOTERS_MAX, 0, (one) => one.voter).exactOptional(),
  buckets: integer(1, BUCKETS_MAX).exactOptional(),
  capsule: z
    .string()
    .max(128)
    .refine((cid) => parseCid(cid).ok, 'expected the text of a link')
    .exactOptional(),
  attestors: distinct(did, ATTESTORS_MAX).exactOptional(),
})

/** The most liars that so many first voters can withstand; what a production genesis names by default. */
export function faultsOf(voters: number): number {
  return Math.floor((voters - 1) / 3)
}

/** Asserts what `decodeGenesis` would reject: ours are checked before they are written (`checkGenesis`). */
export function encodeGenesis(genesis: Genesis): Uint8Array {
  const checked = checkGenesis(genesis)
  assert(checked.ok, 'a genesis that is written is lawful')
  return encodeDagCbor(genesis)
}

/**
 * Reads a genesis; everything that follows from it follows from its bytes alone. Rejects TOO_LARGE, NOT_CANONICAL,
 * MALFORMED (also a parameter that is none or beyond its bounds, with its path).
 */
export function decodeGenesis(bytes: Uint8Array, sha256: Sha256): Result<OpenedGenesis, Rejection> {
  const decoded = decodeDagCbor(bytes, { bytesMax: GENESIS_BYTES_MAX })
  if (!decoded.ok) return decoded
  const checked = checkGenesis(decoded.value)
  return checked.ok ? ok({ ...checked.value, net: cidOf(bytes, sha256) }) : checked
}

/** A genesis that is not yet encoded, as `canswarm init` makes it of what people say. Rejects as `decodeGenesis`. */
export function checkGenesis(value: unknown): Result<Omit<OpenedGenesis, 'net'>, Rejection> {
  const checked = checkSchema(genesisSchema, value, '')
  if (!checked.ok) return checked
  const genesis = checked.value as Genesis
  const faultsMax = faultsOf(genesis.voters.length)
  if (genesis.f > faultsMax) {
    return reject('MALFORMED', `${genesis.voters.length} voters withstand at most ${faultsMax}`, 'f')
  }
  if (genesis.class === 'production' && genesis.governance.length === 0) {
    return reject('MALFORMED', 'a production network names who governs it', 'governance')
  }
  const parameters = parseParameters(genesis.class, genesis.parameters)
  if (parameters.ok) return ok({ genesis, parameters: parameters.value })
  const { field } = parameters.error
  return err({ ...parameters.error, field: field === undefined ? 'parameters' : `parameters.${field}` })
}
