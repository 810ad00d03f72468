import * as z from 'zod'
import { did } from '../../codec/payload/fields.ts'
import type { Did } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { KeyPair } from '../../ports/keystore.ts'
import { firstChain } from '../../services/heart/beacon-chain.ts'
import { offline } from '../offline.ts'

/** What the founder of a network must know of a node that is to be one of its voters. Nothing of it is secret. */
export interface VoterCard {
  readonly v: 1
  /** The node's own account, which votes. */
  readonly voter: Did
  /** Of its first beacon chain: 64 hex digits. */
  readonly anchor: string
  readonly length: number
  /** Further accounts that it speaks for: they begin with credits too. */
  readonly accounts: readonly Did[]
}

const ACCOUNTS_MAX = 8

const schema = z.strictObject({
  /** Stands in what `canswarm card --json` prints. */
  schema: z.string().exactOptional(),
  v: z.literal(1),
  voter: did,
  anchor: z.string().regex(/^[0-9a-f]{64}$/u),
  length: z.int().min(1),
  accounts: z.array(did).max(ACCOUNTS_MAX),
})

/** `others`: accounts that it speaks for beside its own. */
export function voterCard({ did: voter, secret }: KeyPair, others: readonly Did[]): VoterCard {
  const { anchor, length } = firstChain(voter, secret, offline.crypto.sha256)
  return { v: 1, voter, anchor: anchor.toHex(), length, accounts: [...others] }
}

/** One line of JSON. */
export function voterCardText(card: VoterCard): string {
  return `${JSON.stringify(card)}\n`
}

/** Reads what `voterCardText` wrote. Rejects MALFORMED. */
export function parseVoterCard(text: string): Result<VoterCard, Rejection> {
  const parsed = schema.safeParse(jsonOf(text))
  if (parsed.success) {
    const { schema: _schema, ...card } = parsed.data
    return ok(card)
  }
  const [issue] = parsed.error.issues
  return reject('MALFORMED', `no voter card: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim())
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // what is no JSON is no card
  }
}
