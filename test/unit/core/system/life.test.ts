import { describe, expect, it } from 'vitest'
import { Hub, linkTo, micro, needPayload } from './hub-fixture.ts'

describe('a need at the hub, from escrow to the end (lifecycle.md, "Committees", "Entries of a need")', () => {
  it('is escrowed, waits for the second beacon, opens with locked seats, and pays when it ends', () => {
    const hub = new Hub()
    hub.slots(1)
    const [requester, worker] = [hub.person(0), hub.person(1)]
    const need = requester.need(needPayload(), 0)
    expect(hub.envelope(need).verdict).toMatchObject({ kind: 'applied' })
    expect(hub.balance(requester.did)).toBe(9_997_000_000n)
    hub.nextSlot()
    expect(hub.sent).toEqual([])
    hub.nextSlot()
    const opened = hub.lastSent('open')
    expect(opened).toMatchObject({ k_plan: 1, k_result: 1, fee: micro(1), lock: micro(6), bootstrap: true })
    expect(opened.plan.seats.length).toBe(1)
    expect(opened.result?.seats.length).toBe(1)
    const plan = opened.plan.seats[0] as string
    expect(hub.records.get('accounts', plan)?.seats).toBeGreaterThanOrEqual(6_000_000n)

    hub.receive(opened.at, {
      v: 1,
      kind: 'reserve',
      need: need.cid,
      bid_round: 0,
      bids: [{ bidder: worker.did, proposal: linkTo(1), bond: micro(10) }],
    })
    expect(hub.lastSent('reserved')).toMatchObject({ refused: [] })
    expect(hub.records.get('accounts', worker.did)).toMatchObject({ bonds: 10_000_000n })

    const { seats } = opened.plan
    hub.receive(opened.at, {
      v: 1,
      kind: 'end',
      need: need.cid,
      outcome: 'settled',
      worker: worker.did,
      price: micro(0.75),
      answered: [
        { role: 'plan', attempt: 0, seats },
        { role: 'result', attempt: 0, seats: opened.result?.seats ?? [] },
      ],
      silent: [],
      confirmed: seats,
      envelopes: new Uint8Array(32),
      head: new Uint8Array(32),
    })
    expect(hub.lastSent('paid').moves).toEqual(
      expect.arrayContaining([{ to: worker.did, amount: micro(0.75), what: 'price' }]),
    )
    expect(hub.balance(worker.did)).toBe(10_000_750_000n)
    expect(hub.balance(requester.did)).toBe(9_997_250_000n)
    expect(hub.records.keys('needs')).toEqual([])
    expect(hub.records.keys('rosters')).toEqual([])
    const { kept, made } = hub.supplies()
    expect(kept).toEqual(made)
    expect(made).toMatchObject({ escrows: 0n, bonds: 0n })
  })
})
