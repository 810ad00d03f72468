import { ZIP215_RULE } from '../adapters/crypto/zip215.ts'
import { journalFiles } from '../adapters/journal-files/journal-files.ts'
import { type CID, isId, parseCid } from '../codec/cid.ts'
import { acceptedKeys } from '../codec/did/accepted-keys.ts'
import { type SignSeal, sealBody, type VerifySeal } from '../codec/journal/seal.ts'
import { signStatement, verifyStatement } from '../codec/signed/statement.ts'
import type { FaultError } from '../model/fault.ts'
import type { Crypto } from '../ports/crypto.ts'
import type { JournalStore } from '../ports/journal-store.ts'
import type { KeyPair } from '../ports/keystore.ts'
import { type OpenedJournal, openJournal } from '../services/journal/open-journal.ts'
import { type ShowFilter, type ShownLine, showJournal } from '../services/journal/show-journal.ts'
import {
  type JournalVerdict,
  type VerifyExpectation,
  verifyJournal,
} from '../services/journal/verify-journal.ts'
import type { NodeConfig } from './config.ts'
import { homePaths } from './home.ts'
import { offline } from './offline.ts'

export { SHOW_LAST_MAX, type ShowFilter, type ShownLine } from '../services/journal/show-journal.ts'
export type { JournalVerdict } from '../services/journal/verify-journal.ts'

/** Lines of a home's journal; no lock is needed. Faults `journal-io`. */
export function showHomeJournal(home: string, filter: ShowFilter): AsyncGenerator<ShownLine> {
  return showJournal(journalOf(home), filter)
}

/** Checks a home's journal; no lock is needed. Faults `journal-io`. */
export function verifyHomeJournal(home: string, expect: VerifyExpectation): Promise<JournalVerdict> {
  const { crypto } = offline
  const tools = { sha256Hex: crypto.sha256Hex, verifySeal: sealVerifier(crypto) }
  return verifyJournal(journalOf(home), tools, expect)
}

/** The journal of a home, for readers: no lock is needed. */
function journalOf(home: string): JournalStore {
  return journalFiles(homePaths(home).journal)
}

/** Seals are judged by ZIP215, under the key that the DID names. */
function sealVerifier(crypto: Crypto): VerifySeal {
  const keys = acceptedKeys(crypto, 16)
  return (net, statement, signature) => {
    const cid = parseCid(net)
    const signer = keys.ofDid(statement.node)
    if (!cid.ok || !isId(cid.value) || !signer.ok) return false
    const { key } = signer.value
    return verifyStatement(crypto.verify, 'journal-seal', cid.value, key, sealBody(statement), signature).ok
  }
}

export interface NodeJournalOptions {
  readonly home: string
  readonly config: NodeConfig
  readonly key: KeyPair
  readonly net: CID
  readonly onFault: (fault: FaultError) => void
}

/** Opens a home's journal for writing; the home's lock must be held. Faults as `openJournal`. */
export async function openNodeJournal(options: NodeJournalOptions): Promise<OpenedJournal> {
  const { home, config, key, net, onFault } = options
  const { crypto, clock } = offline
  const signSeal: SignSeal = (statement) =>
    signStatement(crypto, 'journal-seal', net, key.secret, sealBody(statement))
  return await openJournal(
    {
      store: journalOf(home),
      clock,
      sha256Hex: crypto.sha256Hex,
      signSeal,
      verifySeal: sealVerifier(crypto),
      onFault,
    },
    { node: key.did, net: net.toString(), rule: ZIP215_RULE },
    { flushAfterMs: config.journalFlushMs, segmentBytesMax: config.journalSegmentBytes },
  )
}
