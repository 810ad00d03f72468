/**
 * Ways to break the rules of hub and buckets: each replaces one piece of the source, which must stand there just once. The
 * plays of `npm run sim:core -- --mutants` must find every one of them. Source: verification.md, "Simulator".
 */
export interface RuleMutant {
  readonly name: string
  /** Below src/. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

const mutant = (name: string, file: string, find: string, replace: string): RuleMutant => ({
  name,
  file: `core/${file}`,
  find,
  replace,
})

export const RULE_MUTANTS: readonly RuleMutant[] = [
  mutant(
    'decide with too few verdicts',
    'bucket/entries/decide.ts',
    'if (seats.length < kPlan)',
    'if (seats.length < kPlan - 1)',
  ),
  mutant(
    'decide under an old fence',
    'bucket/entries/decide.ts',
    'if (command.fence_epoch !== bucket.fenceEpoch)',
    'if (command.fence_epoch > bucket.fenceEpoch)',
  ),
  mutant(
    'governance raises no fence',
    'bucket/entries/fence.ts',
    'fenceEpoch: bucket.fenceEpoch + 1, raised: { slot, by: GOVERNANCE',
    'fenceEpoch: bucket.fenceEpoch, raised: { slot, by: GOVERNANCE',
  ),
  mutant(
    'what is taken back is not refunded',
    'system/commands/cancel.ts',
    'refund(turn.book, id)\n',
    'void refund\n',
  ),
  mutant(
    'finalize with too few verdicts',
    'bucket/entries/finalize.ts',
    'if (accepting.length < committee.k)',
    'if (accepting.length < committee.k - 1)',
  ),
  mutant(
    'hear who has no seat',
    'bucket/committee.ts',
    'if (!committee.seats.includes(seat) || committee.silent.includes(seat))',
    'if (committee.silent.includes(seat))',
  ),
  mutant(
    'count a seat twice',
    'bucket/committee.ts',
    'if (vote.on !== on || heard.has(vote.seat) || out.has(vote.seat)) continue',
    'if (vote.on !== on || out.has(vote.seat)) continue',
  ),
  mutant(
    'count who said two things',
    'bucket/committee.ts',
    'if (vote.on !== on || heard.has(vote.seat) || out.has(vote.seat)) continue',
    'if (vote.on !== on || heard.has(vote.seat)) continue',
  ),
  mutant(
    'commit without the lease',
    'bucket/entries/commit.ts',
    'if (lease === undefined || lease.worker !== sender)',
    'if (lease === undefined)',
  ),
  mutant(
    'an attempt stays the same',
    'bucket/succession.ts',
    'attempt: need.attempt + 1',
    'attempt: need.attempt',
  ),
  mutant(
    'settle at once',
    'bucket/entries/settle.ts',
    'if (turn.elapsed(finalized.at) < wait)',
    'if (turn.elapsed(finalized.at) < 0)',
  ),
  mutant(
    'challenge at any time',
    'bucket/entries/challenge.ts',
    'return turn.elapsed(finalized.at) >= windowMs',
    'return turn.elapsed(finalized.at) >= 100 * windowMs',
  ),
  mutant(
    'a refusal writes',
    'bucket/step.ts',
    'if (!result.ok) return refused(result.error)',
    'if (!result.ok) { turn.finish(); return { ...refused(result.error), writes: turn.draft.writes() } }',
  ),
  mutant(
    'the worker is paid twice',
    'system/effects/end.ts',
    "payFromBudget(turn.book, id, effect.worker, price), 'price')",
    "payFromBudget(turn.book, id, effect.worker, price) + payFromBudget(turn.book, id, effect.worker, price), 'price')",
  ),
  mutant(
    'pay without taking',
    'ledger/escrow.ts',
    'book.putEscrow(need, { ...held, budget: held.budget - paid })',
    'book.putEscrow(need, held)',
  ),
  mutant(
    'refund and keep the escrow',
    'ledger/escrow.ts',
    'book.putEscrow(need, undefined)',
    'book.putEscrow(need, { owner, budget, bounty })',
  ),
  mutant(
    'a seat without a lock',
    'system/committee.ts',
    'const isLocked = lockSeat(turn.book, did, need.lock, `seat ${id} ${key}`)',
    'const isLocked = true',
  ),
  mutant(
    'locks never open',
    'system/effects/end.ts',
    'unlockSeat(turn.book, account, amount, `seat ${id} ${role}`, split)',
    'unlockSeat(turn.book, account, amount - amount, `seat ${id} ${role}`, split)',
  ),
  mutant(
    'bonds never go back',
    'system/effects/end.ts',
    'returnBond(turn.book, account, left, `bond ${id}`)',
    'returnBond(turn.book, account, 0n, `bond ${id}`)',
  ),
  mutant(
    'a slash rounds up',
    'ledger/slash.ts',
    'burn(book, from, amount - reward - insured)',
    'burn(book, from, amount - reward - insured + 1n)',
  ),
  mutant(
    'a reward from nothing',
    'ledger/slash.ts',
    'credit(book, challenger, reward)',
    'credit(book, challenger, reward + 1n)',
  ),
  mutant('an effect twice', 'system/receive.ts', 'if (from.n !== last + 1)', 'if (from.n > last + 1)'),
  mutant(
    'an envelope twice',
    'system/commands/envelope.ts',
    'if (body.seq <= nonce)',
    'if (body.seq < nonce)',
  ),
  mutant(
    'a need is escrowed twice',
    'system/commands/need.ts',
    'if (first !== undefined)',
    'if (first !== undefined && first.need !== id)',
  ),
  mutant(
    'time goes back',
    'system/commands/slot.ts',
    'const time = Math.max(median, last?.time ?? 0)',
    'const time = median',
  ),
  mutant(
    'a beacon that was foreseen',
    'system/slots.ts',
    "return hashDagCbor(['canswarm/beacon/1', previous, link], sha256)",
    "return hashDagCbor(['canswarm/beacon/1', previous, previous], sha256)",
  ),
  mutant(
    'any link will do',
    'system/commands/slot.ts',
    'return ok(nextBeacon(network.beacon, link, world.sha256))',
    'return ok(nextBeacon(network.beacon, chain.anchor, world.sha256))',
  ),
  mutant(
    'a need is aimed at a bucket',
    'system/waiting/open-need.ts',
    'bucketOf(',
    '((..._: unknown[]) => 7)(',
  ),
  mutant(
    'the hash forgets what was deleted',
    'records/tables.ts',
    '      this.#note(table, key)',
    '      if (value !== undefined) this.#note(table, key)',
  ),
  mutant(
    'the order of writing shows',
    'records/tables.ts',
    'const sorted = [...(this.#tables.get(table)?.keys() ?? [])].sort()',
    'const sorted = [...(this.#tables.get(table)?.keys() ?? [])]',
  ),
  mutant(
    'credits from nowhere',
    'ledger/credits.ts',
    'balance: account.balance + amount',
    'balance: account.balance + amount + 1n',
  ),
]
