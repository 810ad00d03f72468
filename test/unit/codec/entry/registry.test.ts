import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { cidOf } from '../../../../src/codec/cid.ts'
import {
  decodeRegistryRecord,
  encodeRegistryRecord,
  type RegistryRecord,
} from '../../../../src/codec/entry/registry-record.ts'
import { decodeRelatedLink, encodeRelatedLink } from '../../../../src/codec/entry/related-link.ts'
import type { Signature } from '../../../../src/model/ids.ts'
import type { MicroText } from '../../../../src/model/micro.ts'
import { testSigner } from '../../../setup/arbitrary-field.ts'

const [a, b] = [1, 2].map((seed) => testSigner(seed).did) as [RegistryRecord['did'], RegistryRecord['did']]

const RECORD: RegistryRecord = {
  v: 1,
  did: a,
  offers: ['text/summarize'],
  manifest: { id: cidOf(new Uint8Array(1), nodeCrypto.sha256), version: 3 },
  judges: [],
  active: false,
  stake: '12' as MicroText,
  org: 'acme',
  tee: false,
  reputation: 500_000,
  recency: 100_000,
  banned_until: 0,
  links: [b],
}
const LINK = {
  body: { v: 1 as const, a, b },
  sa: new Uint8Array(64) as Signature,
  sb: new Uint8Array(64) as Signature,
}

describe('records of the registry and links (economy.md, "Registry, …", "Pools, reputation, committees")', () => {
  it('what was written is read', () => {
    expect(decodeRegistryRecord(encodeRegistryRecord(RECORD))).toEqual({ ok: true, value: RECORD })
    expect(decodeRelatedLink(encodeRelatedLink(LINK))).toEqual({ ok: true, value: LINK })
  })

  it('whatever stands in their place is read or refused with a code', () => {
    const made = [encodeRegistryRecord(RECORD), encodeRelatedLink(LINK)]
    fc.assert(
      fc.property(fc.nat(1), fc.nat(), fc.nat(255), (which, at, byte) => {
        const bytes = Uint8Array.from(made[which] as Uint8Array)
        bytes[at % bytes.length] = byte
        for (const decode of [decodeRegistryRecord, decodeRelatedLink]) {
          const read = decode(bytes)
          if (!read.ok) expect(['MALFORMED', 'NOT_CANONICAL', 'TOO_LARGE']).toContain(read.error.code)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('are no larger than a PROPOSE can carry', () => {
    const name = (i: number) => `${'n'.repeat(120)}${i}`
    const large = { ...RECORD, offers: Array.from({ length: 64 }, (_, i) => name(i)) }
    expect(decodeRegistryRecord(encodeRegistryRecord(large))).toMatchObject({ error: { code: 'TOO_LARGE' } })
  })
})
