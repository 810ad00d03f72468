import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import type { DoubleSigning } from '../../../../src/codec/certificate/double-signing.ts'
import { type SealShare, shareRoot } from '../../../../src/codec/certificate/share.ts'
import type { TreeHead } from '../../../../src/codec/certificate/tree-head.ts'
import type { ConfigVersion, Generation, TreeSize } from '../../../../src/model/certified.ts'
import type { GroupId, RaftId } from '../../../../src/model/raft.ts'
import { DoubleSigners } from '../../../../src/services/raft-host/double-signers.ts'
import { SimKeys } from '../../../../src/sim/raft/sim-keys.ts'

const { sha256 } = nodeCrypto
const KEYS = new SimKeys(sha256)
const { judge } = KEYS.certification(4, 1)(1 as RaftId).rules

function head(root: number, size = 1, group = 0): TreeHead {
  return {
    group: group as GroupId,
    generation: 0 as Generation,
    config: 1 as ConfigVersion,
    size: size as TreeSize,
    root: new Uint8Array(32).fill(root),
    state: new Uint8Array(32),
  }
}

/** A share of a voter, with the signature of another one where it is forged. */
function share(voter: number, of: TreeHead, signer = voter): SealShare {
  return {
    head: of,
    voter: KEYS.didOf(voter as RaftId),
    path: [],
    s: KEYS.sign(signer as RaftId, shareRoot([of], sha256)),
  }
}

function watch(): { signers: DoubleSigners; found: DoubleSigning[] } {
  const found: DoubleSigning[] = []
  return { signers: new DoubleSigners(judge, sha256, (evidence) => found.push(evidence)), found }
}

const certificate = (one: SealShare) => ({ head: one.head, shares: [one] })

describe('DoubleSigners', () => {
  it.each([
    ['a share, then a certificate that nobody judged', [true, false]],
    ['a certificate that nobody judged, then a share', [false, true]],
    ['two certificates that nobody judged', [false, false]],
    ['two good certificates', [true, true]],
  ])('two roots for one size convict: %s', (_, [first, second]) => {
    const { signers, found } = watch()
    signers.takeCertificate(certificate(share(2, head(1))), first === true)
    signers.takeCertificate(certificate(share(2, head(2))), second === true)
    expect(found.map(({ first: one }) => one.voter)).toEqual([KEYS.didOf(2 as RaftId)])
    expect(signers.evidence).toEqual(found)
  })

  it.each([
    ['another size', head(2, 2)],
    ['another group', head(2, 1, 1)],
    ['the same root', head(1)],
  ])('%s convicts nobody', (_, other) => {
    const { signers, found } = watch()
    signers.take(share(2, head(1)))
    signers.takeCertificate(certificate(share(2, other)), false)
    expect(found).toEqual([])
  })

  it('a signature that is not its own convicts nobody, and does not hide one that is', () => {
    const { signers, found } = watch()
    signers.takeCertificate(certificate(share(2, head(3), 1)), false)
    signers.takeCertificate(certificate(share(2, head(1))), false)
    signers.takeCertificate(certificate(share(2, head(4), 1)), false)
    expect(found).toEqual([])
    signers.takeCertificate(certificate(share(2, head(2))), false)
    expect(found).toHaveLength(1)
  })

  it('a voter is convicted once a group', () => {
    const { signers, found } = watch()
    for (const root of [1, 2, 3]) signers.take(share(2, head(root)))
    for (const root of [1, 2]) signers.take(share(2, head(root, 9)))
    expect(found).toHaveLength(1)
  })
})
