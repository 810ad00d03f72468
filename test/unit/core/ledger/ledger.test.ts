import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { lockBond, returnBond } from '../../../../src/core/ledger/bond.ts'
import { auditHead, Book } from '../../../../src/core/ledger/book.ts'
import { closeChannel, openChannel } from '../../../../src/core/ledger/channel.ts'
import { isConserved, recomputeSupply } from '../../../../src/core/ledger/conservation.ts'
import { mint, transfer } from '../../../../src/core/ledger/credits.ts'
import {
  escrow,
  payFee,
  payFromBudget,
  refillBounty,
  refund,
  takeFromBounty,
} from '../../../../src/core/ledger/escrow.ts'
import { shareOut, slashBond, slashStake, unlockSeat } from '../../../../src/core/ledger/slash.ts'
import {
  completeUnbonding,
  freeStake,
  joinNeed,
  leaveNeed,
  lockSeat,
  stake,
  unstake,
} from '../../../../src/core/ledger/stake.ts'
import { type Account, INSURANCE, type LedgerTables } from '../../../../src/core/ledger/tables.ts'
import { Draft } from '../../../../src/core/records/draft.ts'
import { encodeState } from '../../../../src/core/records/encode-state.ts'
import { Records } from '../../../../src/core/records/tables.ts'

const { sha256 } = nodeCrypto
const SPLIT = { challengerPpm: 300_000, insurancePpm: 200_000 }

/** A ledger with its records, each operation a step of its own. */
class Bank {
  readonly records = new Records<LedgerTables>()
  readonly rows: { readonly id: string }[] = []
  #steps = 0

  do<Value>(operation: (book: Book) => Value): Value {
    const draft = new Draft<LedgerTables>(this.records)
    const book = new Book(draft, `op${this.#steps++}`)
    const value = operation(book)
    book.finish(sha256)
    this.records.apply(draft.writes())
    this.rows.push(...book.rows)
    return value
  }

  account(id: string): Account {
    return new Book(new Draft<LedgerTables>(this.records), '').account(id)
  }

  check(): void {
    const kept = this.records.get('supply', 'all')
    expect(kept).toEqual(recomputeSupply(this.records))
    expect(kept !== undefined && isConserved(kept)).toBe(true)
  }
}

function rich(...ids: readonly string[]): Bank {
  const bank = new Bank()
  for (const id of ids) bank.do((book) => mint(book, id, 1_000n))
  return bank
}

describe('credits (economy.md, "Ledger")', () => {
  it('a transfer moves what is there and no more', () => {
    const bank = rich('a')
    expect(bank.do((book) => transfer(book, 'a', 'b', 400n)).ok).toBe(true)
    expect(bank.do((book) => transfer(book, 'a', 'b', 601n))).toMatchObject({
      ok: false,
      error: { code: 'INSUFFICIENT_FUNDS' },
    })
    expect([bank.account('a').balance, bank.account('b').balance]).toEqual([600n, 400n])
  })

  it('a transfer to oneself moves nothing and makes nothing', () => {
    const bank = rich('a')
    bank.do((book) => transfer(book, 'a', 'a', 400n))
    expect(bank.account('a').balance).toBe(1_000n)
    bank.check()
  })

  it('every operation has an id of its own, and state holds the hash of all rows', () => {
    const bank = rich('a', 'b')
    bank.do((book) => {
      transfer(book, 'a', 'b', 1n)
      transfer(book, 'b', 'a', 2n)
    })
    const ids = bank.rows.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const kept = bank.records.get('audit', 'all')
    expect(kept?.rows).toBe(4)
    const other = auditHead(new Uint8Array(32), [], sha256)
    expect(kept?.head).not.toEqual(other)
  })
})

describe('a need in the ledger (economy.md, "Bounties and payout")', () => {
  it('puts aside, pays the worker and seats, and gives back the rest', () => {
    const bank = rich('r')
    bank.do((book) => escrow(book, 'n', 'r', 300n, 60n))
    expect(bank.do((book) => payFromBudget(book, 'n', 'w', 250n))).toBe(250n)
    expect(bank.do((book) => payFee(book, 'n', 's', 20n))).toBe(20n)
    expect(bank.do((book) => refund(book, 'n'))).toBe(90n)
    expect(['r', 'w', 's'].map((id) => bank.account(id).balance)).toEqual([730n, 250n, 20n])
    expect(bank.records.keys('escrows')).toEqual([])
    bank.check()
  })

  it('is put aside once, and only from what is there', () => {
    const bank = rich('r')
    expect(bank.do((book) => escrow(book, 'n', 'r', 900n, 101n)).ok).toBe(false)
    bank.do((book) => escrow(book, 'n', 'r', 1n, 1n))
    expect(bank.do((book) => escrow(book, 'n', 'r', 1n, 1n))).toMatchObject({ error: { code: 'DUPLICATE' } })
  })

  it('never pays more than the budget, and fees beyond the bounty come from the insurance account', () => {
    const bank = rich('r', INSURANCE)
    bank.do((book) => escrow(book, 'n', 'r', 100n, 30n))
    expect(bank.do((book) => payFromBudget(book, 'n', 'w', 101n))).toBe(100n)
    expect(bank.do((book) => payFee(book, 'n', 's', 20n) + payFee(book, 'n', 't', 20n))).toBe(40n)
    expect(bank.account(INSURANCE).balance).toBe(990n)
    bank.check()
  })

  it('is refilled whole or not at all', () => {
    const bank = rich('r', INSURANCE)
    bank.do((book) => escrow(book, 'n', 'r', 100n, 0n))
    expect(bank.do((book) => refillBounty(book, 'n', 1_001n))).toBe(false)
    expect(bank.do((book) => refillBounty(book, 'n', 1_000n))).toBe(true)
    expect(bank.records.get('escrows', 'n')).toMatchObject({ bounty: 1_000n })
    bank.check()
  })
})

describe('stake (economy.md, "Stake and slashing")', () => {
  it('what seats lock cannot be taken out; what is free can, after its time', () => {
    const bank = rich('v')
    bank.do((book) => stake(book, 'v', 500n))
    expect(bank.do((book) => lockSeat(book, 'v', 300n, 'seat'))).toBe(true)
    expect(bank.do((book) => lockSeat(book, 'v', 201n, 'seat'))).toBe(false)
    expect(bank.do((book) => unstake(book, 'v', 201n, 10)).ok).toBe(false)
    expect(bank.do((book) => unstake(book, 'v', 200n, 10)).ok).toBe(true)
    expect(bank.do((book) => completeUnbonding(book, 'v', 9))).toMatchObject({
      error: { code: 'WINDOW_CLOSED' },
    })
    expect(bank.do((book) => completeUnbonding(book, 'v', 10))).toEqual({ ok: true, value: 200n })
    expect(bank.account('v')).toMatchObject({ balance: 700n, stake: 300n, seats: 300n })
  })

  it('unbonding waits for the needs that were open when it began, and for no later one', () => {
    const bank = rich('v')
    bank.do((book) => stake(book, 'v', 500n))
    const first = bank.do((book) => joinNeed(book, 'v'))
    bank.do((book) => unstake(book, 'v', 100n, 5))
    const second = bank.do((book) => joinNeed(book, 'v'))
    expect(bank.do((book) => completeUnbonding(book, 'v', 5)).ok).toBe(false)
    bank.do((book) => leaveNeed(book, 'v', second))
    expect(bank.do((book) => completeUnbonding(book, 'v', 5)).ok).toBe(false)
    bank.do((book) => leaveNeed(book, 'v', first))
    expect(bank.do((book) => completeUnbonding(book, 'v', 5)).ok).toBe(true)
  })

  it('too many parts on their way out are refused', () => {
    const bank = rich('v')
    bank.do((book) => stake(book, 'v', 500n))
    for (let i = 0; i < 32; i++) bank.do((book) => unstake(book, 'v', 1n, i))
    expect(bank.do((book) => unstake(book, 'v', 1n, 99))).toMatchObject({ error: { code: 'RATE_LIMITED' } })
  })
})

describe('slashing (economy.md, "Stake and slashing")', () => {
  function verifier(): Bank {
    const bank = rich('v')
    bank.do((book) => {
      stake(book, 'v', 900n)
      lockSeat(book, 'v', 300n, 'seat 1')
      lockSeat(book, 'v', 200n, 'seat 2')
      unstake(book, 'v', 100n, 5)
    })
    return bank
  }

  it("takes the need's own lock first, then free stake, then what is on its way out", () => {
    const bank = verifier()
    const slashed = bank.do((book) => slashStake(book, 'v', 300n, 310n, undefined, SPLIT))
    expect(slashed).toEqual({ taken: 310n, fromLock: 300n })
    expect(bank.account('v')).toMatchObject({ stake: 490n, seats: 200n })
    bank.do((book) => slashStake(book, 'v', 0n, 300n, undefined, SPLIT))
    expect(bank.account('v')).toMatchObject({ stake: 200n, seats: 200n, unbonding: [{ amount: 90n }] })
    bank.check()
  })

  it('reaches the locks of other needs only as they open, and shares what they owe as it was to be shared', () => {
    const bank = verifier()
    const { taken } = bank.do((book) => slashStake(book, 'v', 300n, 900n, 'c', SPLIT))
    expect(taken).toBe(700n)
    expect(bank.account('v')).toMatchObject({
      stake: 200n,
      seats: 200n,
      owed: [{ amount: 200n, challenger: 'c' }],
    })
    expect(bank.account('c').balance).toBe(210n)
    bank.do((book) => unlockSeat(book, 'v', 150n, 'seat 2', SPLIT))
    expect(bank.account('v')).toMatchObject({ stake: 50n, seats: 50n, owed: [{ amount: 50n }] })
    bank.do((book) => unlockSeat(book, 'v', 50n, 'seat 2', SPLIT))
    expect(bank.account('v')).toMatchObject({ stake: 0n, seats: 0n, owed: [] })
    expect(bank.account('c').balance).toBe(270n)
    bank.check()
  })

  it('takes what is there and owes no more than the other locks hold', () => {
    const bank = verifier()
    const { taken } = bank.do((book) => slashStake(book, 'v', 300n, 1_000_000n, undefined, SPLIT))
    expect(taken).toBe(700n)
    expect(bank.account('v').owed).toEqual([{ amount: 200n }])
  })

  it('is split 30 / 20 / 50, rounding burns, and without a challenger its part burns too', () => {
    const bank = rich('v')
    bank.do((book) => {
      lockBond(book, 'v', 111n, 'bond')
      slashBond(book, 'v', 101n, 'c', SPLIT)
    })
    expect([bank.account('c').balance, bank.account(INSURANCE).balance]).toEqual([30n, 20n])
    expect(bank.records.get('supply', 'all')?.burned).toBe(51n)
    bank.do((book) => slashBond(book, 'v', 10n, undefined, SPLIT))
    expect(bank.records.get('supply', 'all')?.burned).toBe(59n)
    bank.check()
  })
})

describe('channels in the ledger (economy.md, "Registry, … channels")', () => {
  it('hold deposits of two, and pay out exactly those', () => {
    const bank = rich('a', 'b')
    expect(bank.do((book) => openChannel(book, 'c', ['a', 'a'], [1n, 1n])).ok).toBe(false)
    expect(bank.do((book) => openChannel(book, 'c', ['a', 'b'], [1n, 1_001n])).ok).toBe(false)
    expect(bank.do((book) => openChannel(book, 'c', ['a', 'b'], [100n, 50n])).ok).toBe(true)
    expect(bank.do((book) => openChannel(book, 'c', ['a', 'b'], [1n, 1n])).ok).toBe(false)
    bank.check()
    expect(bank.do((book) => closeChannel(book, 'c', 151n))).toMatchObject({ error: { code: 'OVER_CAP' } })
    expect(bank.do((book) => closeChannel(book, 'c', 20n)).ok).toBe(true)
    expect(bank.do((book) => closeChannel(book, 'c', 20n))).toMatchObject({ error: { code: 'CONFLICT' } })
    expect([bank.account('a').balance, bank.account('b').balance]).toEqual([920n, 1_080n])
    bank.check()
  })
})

const id = fc.constantFrom('a', 'b', 'c', INSURANCE)
const need = fc.constantFrom('n', 'm')
const amount = fc.bigInt({ min: 0n, max: 700n })

/** Any operation that its caller might ask for, in any state. */
const operation: fc.Arbitrary<(book: Book) => unknown> = fc.oneof(
  fc.tuple(id, amount).map(
    ([to, n]) =>
      (book: Book) =>
        mint(book, to, n),
  ),
  fc.tuple(id, id, amount).map(
    ([from, to, n]) =>
      (book: Book) =>
        transfer(book, from, to, n),
  ),
  fc.tuple(need, id, amount, amount).map(
    ([n, owner, x, y]) =>
      (book: Book) =>
        escrow(book, n, owner, x, y),
  ),
  fc.tuple(need, id, amount).map(
    ([n, to, x]) =>
      (book: Book) =>
        book.escrow(n) && payFromBudget(book, n, to, x),
  ),
  fc.tuple(need, id, amount).map(
    ([n, to, x]) =>
      (book: Book) =>
        book.escrow(n) && payFee(book, n, to, x),
  ),
  fc.tuple(need, amount).map(
    ([n, x]) =>
      (book: Book) =>
        book.escrow(n) && refillBounty(book, n, x),
  ),
  fc.tuple(need, amount, id).map(([n, x, to]) => (book: Book) => {
    if (book.escrow(n) !== undefined) shareOut(book, n, takeFromBounty(book, n, x), to, SPLIT)
  }),
  need.map((n) => (book: Book) => book.escrow(n) && refund(book, n)),
  fc.tuple(id, amount).map(
    ([who, n]) =>
      (book: Book) =>
        stake(book, who, n),
  ),
  fc.tuple(id, amount, fc.nat(9)).map(
    ([who, n, until]) =>
      (book: Book) =>
        unstake(book, who, n, until),
  ),
  fc.tuple(id, fc.nat(9)).map(
    ([who, clock]) =>
      (book: Book) =>
        completeUnbonding(book, who, clock),
  ),
  fc.tuple(id, amount).map(
    ([who, n]) =>
      (book: Book) =>
        lockSeat(book, who, n, 'seat'),
  ),
  fc.tuple(id, amount).map(([who, n]) => (book: Book) => {
    const { seats } = book.account(who)
    unlockSeat(book, who, n < seats ? n : seats, 'seat', SPLIT)
  }),
  fc
    .tuple(id, amount, amount, fc.option(id, { nil: undefined }))
    .map(([who, lock, n, to]) => (book: Book) => {
      const { seats } = book.account(who)
      slashStake(book, who, lock < seats ? lock : seats, n, to, SPLIT)
    }),
  fc.tuple(id, amount).map(
    ([who, n]) =>
      (book: Book) =>
        lockBond(book, who, n, 'bond'),
  ),
  fc.tuple(id, amount, fc.boolean()).map(([who, n, isSlash]) => (book: Book) => {
    const { bonds } = book.account(who)
    const taken = n < bonds ? n : bonds
    if (isSlash) slashBond(book, who, taken, 'a', SPLIT)
    else returnBond(book, who, taken, 'bond')
  }),
  fc.tuple(amount, amount).map(
    ([x, y]) =>
      (book: Book) =>
        openChannel(book, 'ch', ['a', 'b'], [x, y]),
  ),
  amount.map((x) => (book: Book) => closeChannel(book, 'ch', x)),
)

describe('whatever is asked of the ledger, in whatever order', () => {
  it('credits in = credits out, sums that are kept are sums that are made, and nothing is below zero', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const bank = rich('a', 'b', 'c')
        for (const one of operations) {
          bank.do(one)
          bank.check()
          for (const key of bank.records.keys('accounts')) {
            const account = bank.account(key)
            expect(account.balance >= 0n && account.bonds >= 0n && freeStake(account) >= 0n).toBe(true)
          }
        }
      }),
      { numRuns: 150 },
    )
  })

  it('what is refused has written nothing', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 30 }), operation, (operations, last) => {
        const bank = rich('a', 'b', 'c')
        for (const one of operations) bank.do(one)
        const before = encodeState(bank.records)
        const result = bank.do(last)
        const isRefused =
          result === false || (typeof result === 'object' && result !== null && 'ok' in result && !result.ok)
        if (isRefused) expect(encodeState(bank.records)).toEqual(before)
      }),
      { numRuns: 200 },
    )
  })
})
