/**
 * What a verifiable credential in compact JWT form attests of an account: its organisation, autonomous system and region.
 * Source: RFC 7519 (JWT), RFC 8037 (EdDSA); VC data model 1.1, 6.3.1 and 2.0; economy.md, "Pools, reputation, committees".
 */
import * as z from 'zod'
import type { Did, PublicKey } from '../../model/ids.ts'
import { name } from '../payload/fields.ts'
import type { CheckSignature } from '../signed/statement.ts'

export interface AttestedClaims {
  readonly org?: string
  readonly asn?: number
  readonly region?: string
}

export interface CredentialContext {
  /** Whose signatures count. */
  readonly attestors: readonly string[]
  /** Slot time, milliseconds: `nbf` and `exp` are held against it. */
  readonly timeMs: number
  readonly keyOf: (did: string) => PublicKey | undefined
  readonly verify: CheckSignature
}

const header = z.looseObject({ alg: z.literal('EdDSA') })
const subject = z.looseObject({
  id: z.string().optional(),
  org_id: name.optional(),
  asn: z.int().min(1).max(4_294_967_295).optional(),
  region: name.optional(),
})
const claims = z.looseObject({
  iss: z.string(),
  sub: z.string().optional(),
  nbf: z.number().optional(),
  exp: z.number().optional(),
  vc: z.looseObject({ credentialSubject: subject }).optional(),
  credentialSubject: subject.optional(),
})

/**
 * The claims of one credential on `account`; nothing of one that is not in form, not signed by an attestor (`alg` is EdDSA alone), of somebody
 * else, or out of its time. Never throws.
 */
export function attestedClaims(jwt: string, account: Did, context: CredentialContext): AttestedClaims {
  const [head = '', body = '', signature = ''] = jwt.split('.')
  const parsed = claims.safeParse(jsonOf(body))
  if (!header.safeParse(jsonOf(head)).success || !parsed.success) return {}
  const { iss, sub, nbf, exp } = parsed.data
  const about = parsed.data.vc?.credentialSubject ?? parsed.data.credentialSubject
  if (about === undefined || (sub ?? about.id) !== account || (about.id ?? account) !== account) return {}
  if (!isInTime(nbf, exp, context.timeMs) || !context.attestors.includes(iss)) return {}
  if (!isSignedBy(iss, `${head}.${body}`, signature, context)) return {}
  const { org_id, asn, region } = about
  return {
    ...(org_id === undefined ? {} : { org: org_id }),
    ...(asn === undefined ? {} : { asn }),
    ...(region === undefined ? {} : { region }),
  }
}

function isInTime(nbf: number | undefined, exp: number | undefined, timeMs: number): boolean {
  return (nbf ?? 0) * 1_000 <= timeMs && (exp === undefined || timeMs < exp * 1_000)
}

function isSignedBy(
  iss: string,
  text: string,
  signature: string,
  { keyOf, verify }: CredentialContext,
): boolean {
  const key = keyOf(iss)
  const bytes = bytesOf(signature)
  if (key === undefined || bytes?.length !== 64) return false
  return verify(key, new TextEncoder().encode(text), bytes)
}

function jsonOf(part: string): unknown {
  const bytes = bytesOf(part)
  if (bytes === undefined) return undefined
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined // what is no JSON attests nothing
  }
}

function bytesOf(part: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(part, { alphabet: 'base64url', lastChunkHandling: 'loose' })
  } catch {
    return undefined // nor does what is no base64url
  }
}
