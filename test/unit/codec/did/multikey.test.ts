import { base58btc } from 'multiformats/bases/base58'
import { describe, expect, it } from 'vitest'
import { agreementMultikeyOf, multikeyOf, parseMultikey } from '../../../../src/codec/did/multikey.ts'
import type { AgreementKey, PublicKey } from '../../../../src/model/ids.ts'

const bytes = new Uint8Array(32).fill(77)

describe('a multikey', () => {
  it('is an Ed25519 or an X25519 key, told apart by its code', () => {
    expect(multikeyOf(bytes as PublicKey)).toMatch(/^z6Mk/)
    expect(agreementMultikeyOf(bytes as AgreementKey)).toMatch(/^z6LS/)
    expect(parseMultikey(multikeyOf(bytes as PublicKey))).toEqual({
      ok: true,
      value: { kind: 'ed25519', bytes },
    })
    expect(parseMultikey(agreementMultikeyOf(bytes as AgreementKey))).toEqual({
      ok: true,
      value: { kind: 'x25519', bytes },
    })
  })

  it('is of no other code, even where the text has the same length', () => {
    let sameLength = 0
    for (let code = 0; code < 0x10000; code += 1) {
      if (code === 0xed01 || code === 0xec01) continue
      const text = base58btc.encode(Uint8Array.of(code >> 8, code & 255, ...bytes))
      if (text.length === 48) sameLength += 1
      else if (code % 16 !== 0) continue
      const parsed = parseMultikey(text)
      expect(parsed.ok ? `${code}` : parsed.error.code).toBe('BAD_KEY')
    }
    expect(sameLength).toBeGreaterThan(1000)
  })
})
