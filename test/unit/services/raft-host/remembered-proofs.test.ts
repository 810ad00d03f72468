import { describe, expect, it } from 'vitest'
import type { VoterChain } from '../../../../src/core/certificate/voter-chain.ts'
import type { ProofCheck } from '../../../../src/core/replica/proof-check.ts'
import { rememberingProofs } from '../../../../src/services/raft-host/remembered-proofs.ts'
import { A, B, FORGERIES, Pair } from '../../../setup/effect-pair.ts'

/** The judge of a pair, remembering, and how often it had to judge anew. */
function remembered(pair: Pair) {
  const judged: string[] = []
  const counted: ProofCheck = {
    ...pair.proofs,
    effects(replica, batch) {
      judged.push('effects')
      return pair.proofs.effects(replica, batch)
    },
  }
  return { proofs: rememberingProofs(counted), judged }
}

describe('proofs that were judged', () => {
  it('are judged once, by the leader that makes an entry and then applies it, and say the same of each effect', () => {
    const pair = new Pair()
    pair.tell('one')
    const batch = pair.batch(pair.tell('two'))
    const { proofs, judged } = remembered(pair)
    const [first, second] = [1, 2].map(() => proofs.effects(pair.replica(B), { ...batch }))
    expect(judged).toHaveLength(1)
    for (const number of [1, 2, 3])
      expect(second?.proofOf(number)).toEqual(pair.proofs.effects(pair.replica(B), batch).proofOf(number))
    expect(first?.isProven).toBe(true)
  })

  it.each(FORGERIES)('lend nothing to a batch that %s', (_, forge) => {
    const pair = new Pair()
    const head = pair.tell('one')
    pair.tell('two')
    const batch = pair.batch(head)
    const { proofs } = remembered(pair)
    expect(proofs.effects(pair.replica(B), batch).isProven).toBe(true)
    const forged = forge(pair, batch, head)
    expect(proofs.effects(pair.replica(B), forged)).toMatchObject({ isProven: false })
  })

  it('are judged again once other voters of the source are known, and for another group', () => {
    const pair = new Pair()
    const batch = pair.batch(pair.tell('one'))
    const { proofs, judged } = remembered(pair)
    const { sources } = pair.sealed(B)
    expect(proofs.effects(pair.replica(B), batch).isProven).toBe(true)
    expect(proofs.effects(pair.replica(A), { ...batch, target: A }).isProven).toBe(false)
    expect(judged).toHaveLength(2)
    const chain: VoterChain = { ...pair.sealed(A).chain }
    sources.set(A, chain)
    proofs.effects(pair.replica(B), batch)
    expect(judged).toHaveLength(3)
  })

  it('rest on no bytes of whoever sent them', () => {
    const pair = new Pair()
    const batch = pair.batch(pair.tell('one'))
    const { proofs } = remembered(pair)
    const { proof } = batch
    const before = proofs.effects(pair.replica(B), { ...batch, proof: proof.slice() }).proofOf(1)
    const lent = proof.slice()
    const known = rememberingProofs(pair.proofs).effects(pair.replica(B), { ...batch, proof: lent })
    lent.fill(0)
    expect(known.proofOf(1)).toEqual(before)
  })

  it('are not remembered when they prove nothing', () => {
    const pair = new Pair()
    const batch = pair.batch(pair.tell('one'))
    const { proofs, judged } = remembered(pair)
    const empty = { ...batch, proof: new Uint8Array(0) }
    for (const _ of [1, 2]) expect(proofs.effects(pair.replica(B), empty).isProven).toBe(false)
    expect(judged).toHaveLength(2)
  })
})
