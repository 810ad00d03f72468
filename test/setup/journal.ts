import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { type CID, cidOf, parseCid } from '../../src/codec/cid.ts'
import { didOfKey, keyOfDid } from '../../src/codec/did/did-key.ts'
import {
  draftAgent,
  draftEffect,
  draftEntry,
  draftEnvelopeIn,
  draftEnvelopeOut,
  draftError,
  draftPolicy,
  type LineDraft,
} from '../../src/codec/journal/drafts.ts'
import type { HashHex } from '../../src/codec/journal/kinds.ts'
import type { Head, JournalLine } from '../../src/codec/journal/line.ts'
import { type SignSeal, sealBody, type VerifySeal } from '../../src/codec/journal/seal.ts'
import { signStatement, verifyStatement } from '../../src/codec/signed/statement.ts'
import type { FaultError } from '../../src/model/fault.ts'
import type { Did, EnvelopeId, PublicKey, SecretKey, ThreadId } from '../../src/model/ids.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { JournalStore } from '../../src/ports/journal-store.ts'
import type { JournalLimits } from '../../src/services/journal/limits.ts'
import { type OpenedJournal, openJournal } from '../../src/services/journal/open-journal.ts'
import { showJournal } from '../../src/services/journal/show-journal.ts'
import { type JournalVerdict, verifyJournal } from '../../src/services/journal/verify-journal.ts'
import { ManualClock } from './manual-clock.ts'

export const { sha256Hex } = nodeCrypto
const { sha256 } = nodeCrypto
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const GENESIS: CID = cidOf(utf8('a genesis'), sha256)
export const NET = GENESIS.toString()
export const OTHER_NET = cidOf(utf8('another genesis'), sha256).toString()
export const THREAD = 'abcdefghijklmnopqrstuvwxyz234567' as ThreadId
export const RULE = 'zip215/1'

export interface JournalSigner {
  readonly node: Did
  readonly signSeal: SignSeal
}

/** A node's key, of a seed that this number fills. */
export function journalSigner(seed: number): JournalSigner {
  const secret = new Uint8Array(32).fill(seed) as SecretKey
  return {
    node: didOfKey(nodeCrypto.publicKeyOf(secret)),
    signSeal: (statement) => signStatement(nodeCrypto, 'journal-seal', GENESIS, secret, sealBody(statement)),
  }
}

export const verifySeal: VerifySeal = (net, statement, signature) => {
  const key = keyOfDid(statement.node)
  const cid = parseCid(net)
  if (!key.ok || !cid.ok) return false
  const { verify } = nodeCrypto
  const body = sealBody(statement)
  return verifyStatement(verify, 'journal-seal', cid.value, key.value as PublicKey, body, signature).ok
}

export const SIGNER: JournalSigner = journalSigner(1)

export interface TestJournal extends OpenedJournal {
  /** What `onFault` was told. */
  readonly faults: FaultError[]
}

/** Opens a journal of SIGNER; `clock` stands still unless it is given. */
export async function openTestJournal(
  store: JournalStore,
  given: {
    readonly clock?: Clock
    readonly limits?: Partial<JournalLimits>
    readonly signer?: JournalSigner
    readonly rule?: string
    readonly net?: string
  } = {},
): Promise<TestJournal> {
  const { clock = new ManualClock(), limits = {}, signer = SIGNER, rule = RULE, net = NET } = given
  const faults: FaultError[] = []
  const onFault = (fault: FaultError) => faults.push(fault)
  const { node, signSeal } = signer
  const opened = await openJournal(
    { store, clock, sha256Hex, signSeal, verifySeal, onFault },
    { node, net, rule },
    limits,
  )
  return { ...opened, faults }
}

/** A body that no other number has, with its id and hash. */
export function sampleBody(i: number): {
  readonly body: Uint8Array
  readonly id: EnvelopeId
  readonly hash: HashHex
} {
  const body = utf8(`body ${i} ${'x'.repeat(i % 50)}`)
  return { body, id: cidOf(body, sha256).toString() as EnvelopeId, hash: sha256Hex(body) as HashHex }
}

/** One draft of every kind in turn; some with a thread, some with what strangers wrote. */
export function sampleDraft(i: number): LineDraft {
  const { body, id, hash } = sampleBody(i)
  const capsule = NET
  switch (i % 7) {
    case 0:
      return draftEnvelopeIn({
        thread: THREAD,
        id,
        hash,
        body,
        signature: utf8('sig'),
        peer: 'peer "quoted"\n',
      })
    case 1:
      return draftEnvelopeOut({ thread: THREAD, id, hash })
    case 2:
      return draftPolicy(THREAD, {
        gate: 'INGRESS',
        capsule,
        input: id,
        decision: 'deny',
        gas: i,
        reasons: ['ü\u2028'],
      })
    case 3:
      return draftEntry(THREAD, hash, { group: 3, index: i, name: 'decide', need: id })
    case 4:
      return draftEffect(undefined, hash, { group: 0, generation: 1, target: 7, n: i, name: 'reserve' })
    case 5:
      return draftAgent(THREAD, {
        agent: SIGNER.node,
        event: 'exit',
        attempt: 0,
        ms: 12,
        message: 'done \u0000',
      })
    default:
      return draftError(undefined, { code: 'store-io', message: `text ${i} \ud800 \\ "`, where: 'store' })
  }
}

export function sampleDrafts(count: number, from = 0): readonly LineDraft[] {
  return Array.from({ length: count }, (_, i) => sampleDraft(from + i))
}

interface Sample {
  readonly flushes?: number
  readonly lines?: number
  readonly limits?: Partial<JournalLimits>
  readonly signer?: JournalSigner
}

/** Writes `flushes` flushes of `lines` lines each to the store and closes. */
export async function writeSample(
  store: JournalStore,
  { flushes = 4, lines = 5, limits = {}, signer = SIGNER }: Sample = {},
): Promise<void> {
  const clock = new ManualClock()
  const { journal } = await openTestJournal(store, { clock, limits, signer })
  for (let i = 0; i < flushes; i++) {
    journal.appendAll(sampleDrafts(lines, i * lines))
    await journal.flush()
    clock.advance(10)
  }
  await journal.close()
}

/** The lines of the whole journal that can be read, in order. */
export async function shownLines(store: JournalStore): Promise<readonly JournalLine[]> {
  const lines: JournalLine[] = []
  for await (const shown of showJournal(store)) if ('line' in shown) lines.push(shown.line)
  return lines
}

/** Verifies as a node's operator would: knowing whose journal it is. */
export function verifySample(store: JournalStore, head?: Head): Promise<JournalVerdict> {
  const expected = { node: SIGNER.node, net: NET, ...(head === undefined ? {} : { head }) }
  return verifyJournal(store, { sha256Hex, verifySeal }, expected)
}
