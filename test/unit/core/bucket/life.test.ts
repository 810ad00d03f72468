import { describe, expect, it } from 'vitest'
import { decodeDagCbor } from '../../../../src/codec/dag-cbor/decode.ts'
import { leadTo, must } from '../../../setup/heart-moves.ts'

describe('a need in its bucket, from open to the end (lifecycle.md, "States")', () => {
  it('is ranked, decided, delivered, accepted, settled, paid and certified', () => {
    const { kit, one, workers, proposals, planSeats, resultSeats } = leadTo('FINAL')
    expect(one.state).toBe('FINAL')
    expect(kit.sent.map(({ kind }) => kind)).toEqual(['reserve'])
    kit.advance(4_000)
    must(kit.propose(one.command('settle', {})))
    expect(one.state).toBe('SETTLED')
    const end = kit.lastSent('end')
    expect(end).toMatchObject({ outcome: 'settled', worker: workers[0]?.did, price: '500000' })
    expect(end.answered).toEqual([
      { role: 'plan', attempt: 0, seats: planSeats.map(({ did }) => did) },
      { role: 'result', attempt: 0, seats: resultSeats.map(({ did }) => did) },
    ])
    expect(end.head).toEqual(one.need.head)
    must(kit.receive({ v: 1, kind: 'paid', need: one.id, moves: [] }))
    expect(one.need.over).toMatchObject({ isCertified: false })
    const record = kit.records.get('records', `${one.key} decide`)
    const decoded = decodeDagCbor(record ?? new Uint8Array())
    expect(decoded.ok && decoded.value).toMatchObject({ kind: 'DECIDE', proposal_id: proposals[0]?.cid })
  })
})
