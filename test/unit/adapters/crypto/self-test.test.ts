import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { assertSignatureRule } from '../../../../src/adapters/crypto/self-test.ts'
import { GENUINE, KNOWN_VERDICTS } from '../../../../src/adapters/crypto/self-test-cases.ts'
import { acceptsZip215 } from '../../../../src/adapters/crypto/zip215.ts'
import { DefectError } from '../../../../src/model/fault.ts'
import type { Signature } from '../../../../src/model/ids.ts'
import { zip215Accepts } from '../../../setup/zip215-reference.ts'

const sound = { crypto: nodeCrypto, rule: acceptsZip215 }

describe('the self-test of signatures', () => {
  it('passes on this Node, at start and in full', () => {
    expect(() => assertSignatureRule('start')).not.toThrow()
    expect(() => assertSignatureRule('full')).not.toThrow()
  })

  it.each(KNOWN_VERDICTS)('knows the verdict that the reference gives: $edge', (known) => {
    expect(zip215Accepts(bytes(known.key), bytes(known.message), bytes(known.signature))).toBe(known.accepted)
  })

  it('stops a node whose native verification accepts what ZIP215 refuses', () => {
    const crypto = { ...nodeCrypto, verifyFast: () => true }
    expect(() => assertSignatureRule('start', { ...sound, crypto })).toThrow(DefectError)
  })

  it.each(KNOWN_VERDICTS.filter((known) => known.atStart))(
    'stops a node at start that judges wrongly: $edge',
    (known) => {
      const rule = wrongOn(known.key, known.signature)
      expect(() => assertSignatureRule('start', { ...sound, rule })).toThrow(known.edge)
    },
  )

  it.each(KNOWN_VERDICTS)('finds in full a wrong verdict on any case: $edge', (known) => {
    const rule = wrongOn(known.key, known.signature)
    expect(() => assertSignatureRule('full', { ...sound, rule })).toThrow(known.edge)
  })

  it('stops a node that does not sign deterministically or refuses what is genuine', () => {
    const signing = { ...nodeCrypto, sign: () => new Uint8Array(64) as Signature }
    expect(() => assertSignatureRule('start', { ...sound, crypto: signing })).toThrow('RFC 8032')
    const refusing = { ...nodeCrypto, verifyFast: () => false }
    expect(() => assertSignatureRule('start', { ...sound, crypto: refusing })).toThrow('genuine')
  })

  it('needs no table of base-point multiples at start: S is 0 or the case is refused before', () => {
    const withTable = KNOWN_VERDICTS.filter(
      (known) => known.atStart && known.signature.startsWith(GENUINE.signature),
    )
    expect(withTable).toEqual([])
    for (const known of KNOWN_VERDICTS.filter((one) => one.atStart && one.accepted)) {
      expect(known.signature.slice(64)).toBe('00'.repeat(32))
    }
  })
})

function wrongOn(key: string, signature: string): typeof acceptsZip215 {
  return (keyBytes, message, signatureBytes) => {
    const verdict = acceptsZip215(keyBytes, message, signatureBytes)
    const hit = hex(keyBytes) === key && hex(signatureBytes) === signature
    return hit ? !verdict : verdict
  }
}

function bytes(hexText: string): Uint8Array {
  return new Uint8Array(Buffer.from(hexText, 'hex'))
}

function hex(data: Uint8Array): string {
  return Buffer.from(data).toString('hex')
}
