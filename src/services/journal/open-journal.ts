import { draftOwn } from '../../codec/journal/drafts.ts'
import { LineEncoder } from '../../codec/journal/encoder.ts'
import type { SignSeal, VerifySeal } from '../../codec/journal/seal.ts'
import type { Sha256Hex } from '../../ports/crypto.ts'
import { Journal, type JournalDeps } from './journal.ts'
import { JOURNAL_LIMITS, type JournalLimits } from './limits.ts'
import { type JournalIdentity, LineBuffer } from './line-buffer.ts'
import { type Damage, recoverJournal, type TornTail } from './recover.ts'

export interface OpenedJournal {
  /** The caller closes it. */
  readonly journal: Journal
  /** What a crash left half written, cut off now. */
  readonly torn?: TornTail
  /** What no crash can have done, left as it is. */
  readonly damage?: Damage
}

export interface OpenJournalDeps extends JournalDeps {
  readonly sha256Hex: Sha256Hex
  readonly signSeal: SignSeal
  readonly verifySeal: VerifySeal
}

/**
 * Opens a node's journal to go on where it ends; what was found there is also its first new line. The home's
 * lock must be held. Faults `journal-io`, `journal-full`, `journal-damaged` (see `recoverJournal`).
 */
export async function openJournal(
  deps: OpenJournalDeps,
  identity: JournalIdentity,
  given: Partial<JournalLimits> = {},
): Promise<OpenedJournal> {
  const limits = { ...JOURNAL_LIMITS, ...given }
  const { store, sha256Hex, signSeal, verifySeal } = deps
  const { rule } = identity
  const encoder = new LineEncoder(sha256Hex)
  const tornBytesMax = 2 * limits.bufferBytesMax
  const found = await recoverJournal(store, identity, { encoder, verifySeal, sha256Hex, rule, tornBytesMax })
  const buffer = new LineBuffer(encoder, identity, limits, signSeal, found)
  const journal = new Journal(deps, buffer, limits.flushAfterMs, found.unsealed)
  const { torn, damage } = found
  if (torn !== undefined) journal.append(draftOwn('recovered', torn))
  if (damage !== undefined) journal.append(draftOwn('damaged', damage))
  return { journal, ...(torn === undefined ? {} : { torn }), ...(damage === undefined ? {} : { damage }) }
}
