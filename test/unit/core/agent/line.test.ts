import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { cidOf } from '../../../../src/codec/cid.ts'
import { KINDS, VERBS } from '../../../../src/codec/payload/verbs.ts'
import { lineKeyOf } from '../../../../src/core/agent/line.ts'
import { Ensemble } from '../../../setup/ensemble.ts'

const id = (n: number) => cidOf(new Uint8Array([n]), nodeCrypto.sha256)

describe('the key of a line', () => {
  it('tells apart what is about different things, and nothing else', () => {
    const key = (commit: number, verdict: string) =>
      lineKeyOf({ kind: 'ATTEST', payload: { commit_id: id(commit), verdict } } as never)
    expect(key(1, 'accept')).toBe(key(1, 'reject'))
    expect(key(1, 'accept')).not.toBe(key(2, 'accept'))
  })

  it('is there for all that an agent says once', () => {
    const payload = {
      bid_round: 0,
      attempt: 0,
      proposal_id: id(1),
      lease_id: id(2),
      commit_id: id(3),
      challenge_id: id(4),
    }
    const without = KINDS.filter((kind) => lineKeyOf({ kind, payload }) === undefined)
    const account = KINDS.filter((kind) => VERBS[kind].thread === 'account')
    expect(without).toEqual(['NEED', 'HEARTBEAT', 'UPDATE_PLAN', ...account])
  })

  it('is the one that its envelope has', () => {
    const ensemble = new Ensemble()
    ensemble.play(ensemble.post())
    const once = ensemble.lines.filter(({ line }) => line.kind !== 'HEARTBEAT')
    expect(once.map(({ line }) => lineKeyOf(line))).toEqual(once.map(({ line }) => line.key))
  })
})
