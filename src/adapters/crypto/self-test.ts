import { DefectError } from '../../model/fault.ts'
import type { PublicKey, SecretKey } from '../../model/ids.ts'
import type { Crypto } from '../../ports/crypto.ts'
import { nodeCrypto } from './node-crypto.ts'
import { GENUINE, KNOWN_VERDICTS, type KnownVerdict } from './self-test-cases.ts'
import { acceptsZip215 } from './zip215.ts'

/**
 * `start`: what a daemon can afford before it serves (milliseconds): native verification on every case, and
 * the rule on those that are cheap. `full` has the rule on all: the second opinion's worker thread runs it before
 * its first verdict, and replay before it starts (tens of milliseconds).
 */
export type SelfTestDepth = 'start' | 'full'

/** What is tested; others than the node's own only in tests. */
export interface SelfTestSubject {
  readonly crypto: Crypto
  readonly rule: typeof acceptsZip215
}

/**
 * Throws `DefectError` when this Node's Ed25519 is not what the network relies on:
 * 1. what native verification accepts, the rule accepts;
 * 2. the rule gives the known verdict on each kind of edge case;
 * 3. native verification accepts a genuine signature, and signing is RFC 8032's, deterministic.
 * Rule: protocol.md, "Identity".
 */
export function assertSignatureRule(
  depth: SelfTestDepth,
  { crypto, rule }: SelfTestSubject = { crypto: nodeCrypto, rule: acceptsZip215 },
): void {
  for (const known of KNOWN_VERDICTS) {
    assertNativeSubset(crypto, known)
    if (depth === 'full' || known.atStart) assertRule(rule, known)
  }
  assertGenuine(crypto)
}

function assertNativeSubset(crypto: Crypto, known: KnownVerdict): void {
  const native = crypto.verifyFast(
    bytes(known.key) as PublicKey,
    bytes(known.message),
    bytes(known.signature),
  )
  if (native && !known.accepted) {
    throw new DefectError(`native Ed25519 accepts what ZIP215 refuses: ${known.edge}`)
  }
}

function assertRule(rule: typeof acceptsZip215, known: KnownVerdict): void {
  const verdict = rule(bytes(known.key), bytes(known.message), bytes(known.signature))
  if (verdict !== known.accepted) {
    throw new DefectError(`ZIP215 must ${known.accepted ? 'accept' : 'refuse'} and does not: ${known.edge}`)
  }
}

function assertGenuine(crypto: Crypto): void {
  const secret = bytes(GENUINE.secret) as SecretKey
  const message = bytes(GENUINE.message)
  const signature = crypto.sign(secret, message)
  const key = crypto.publicKeyOf(secret)
  if (hex(key) !== GENUINE.key || hex(signature) !== GENUINE.signature) {
    throw new DefectError('native Ed25519 does not sign as RFC 8032 says')
  }
  if (!crypto.verifyFast(key, message, signature)) {
    throw new DefectError('native Ed25519 refuses a genuine signature')
  }
}

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'))
}

function hex(data: Uint8Array): string {
  return Buffer.from(data).toString('hex')
}
