import type { EnvelopeId, ThreadId } from '../../model/ids.ts'
import type { RejectionCode } from '../../model/rejection.ts'
import type { HashHex, JournalData, JournalKind } from './kinds.ts'
import { BODY_INLINE_MAX, SIGNATURE_INLINE_MAX, TEXT_CHARS_MAX, TEXTS_MAX } from './limits.ts'

/** What a line will say; number, time and chain come when it is written. */
export interface LineDraft {
  readonly kind: JournalKind
  readonly thread?: ThreadId | undefined
  /** SHA-256 of the payload; without it, of `data`. */
  readonly hash?: HashHex
  /** JSON in one line, by the shape of the kind. */
  readonly data: string
}

export interface EnvelopeSeen {
  readonly thread: ThreadId
  readonly id: EnvelopeId
  /** SHA-256 of the body, which is the digest in `id`: known, so never computed again. */
  readonly hash: HashHex
  /** Bytes of the body, when the line is to carry them. Over BODY_INLINE_MAX they are left out. */
  readonly body?: Uint8Array
  /** Canonical dag-cbor of the signature's form. Over SIGNATURE_INLINE_MAX it is left out. */
  readonly signature?: Uint8Array
}

export function draftEnvelopeIn(
  seen: EnvelopeSeen & { readonly peer?: string; readonly refused?: RejectionCode },
): LineDraft {
  const { thread, hash, peer, refused } = seen
  const data = `{${envelopeFields(seen)}${textField('peer', peer)}${textField('refused', refused)}}`
  return { kind: 'envelope.in', thread, hash, data }
}

export function draftEnvelopeOut(seen: EnvelopeSeen): LineDraft {
  return { kind: 'envelope.out', thread: seen.thread, hash: seen.hash, data: `{${envelopeFields(seen)}}` }
}

export function draftPolicy(thread: ThreadId | undefined, verdict: JournalData['policy']): LineDraft {
  const { gate, capsule, input, decision, gas, digest, id, reasons } = verdict
  const listed = reasons?.slice(0, TEXTS_MAX).map(quote).join(',')
  const data =
    `{"gate":"${gate}","capsule":${quote(capsule)},"input":${quote(input)},"decision":"${decision}","gas":${gas}` +
    `${digest === undefined ? '' : `,"digest":"${digest}"`}${textField('id', id)}${listed === undefined ? '' : `,"reasons":[${listed}]`}}`
  return { kind: 'policy', thread, data }
}

/** `hash` is of the entry's bytes. */
export function draftEntry(
  thread: ThreadId | undefined,
  hash: HashHex,
  { group, index, name, need }: JournalData['entry'],
): LineDraft {
  const data = `{"group":${group},"index":${index},"name":${quote(name)}${textField('need', need)}}`
  return { kind: 'entry', thread, hash, data }
}

/** `hash` is of the effect's bytes. */
export function draftEffect(
  thread: ThreadId | undefined,
  hash: HashHex,
  { group, generation, target, n, name, need }: JournalData['effect'],
): LineDraft {
  const data =
    `{"group":${group},"generation":${generation},"target":${target},"n":${n},"name":${quote(name)}` +
    `${textField('need', need)}}`
  return { kind: 'effect', thread, hash, data }
}

export function draftAgent(thread: ThreadId | undefined, run: JournalData['agent']): LineDraft {
  const { agent, event, need, attempt, ms, message } = run
  const data =
    `{"agent":${quote(agent)},"event":${quote(event)}${textField('need', need)}${numberField('attempt', attempt)}` +
    `${numberField('ms', ms)}${textField('message', message)}}`
  return { kind: 'agent', thread, data }
}

export function draftError(
  thread: ThreadId | undefined,
  { code, message, where }: JournalData['error'],
): LineDraft {
  const data = `{"code":${quote(code)},"message":${quote(message)}${textField('where', where)}}`
  return { kind: 'error', thread, data }
}

/** Lines that the journal writes about itself: rare, so made without a template. */
export function draftOwn<Kind extends 'open' | 'recovered' | 'damaged' | 'lost' | 'seal'>(
  kind: Kind,
  data: JournalData[Kind],
): LineDraft {
  return { kind, data: JSON.stringify(data) }
}

function envelopeFields({ id, body, signature }: EnvelopeSeen): string {
  const held = body !== undefined && body.length <= BODY_INLINE_MAX ? `,"body":"${body.toBase64()}"` : ''
  const sealed =
    signature !== undefined && signature.length <= SIGNATURE_INLINE_MAX
      ? `,"sig":"${signature.toBase64()}"`
      : ''
  return `"id":"${id}"${held}${sealed}`
}

function textField(key: string, text: string | undefined): string {
  return text === undefined ? '' : `,"${key}":${quote(text)}`
}

function numberField(key: string, value: number | undefined): string {
  return value === undefined ? '' : `,"${key}":${value}`
}

/** JSON of a text of at most TEXT_CHARS_MAX units: what a stranger wrote can neither end a line nor fill it. */
function quote(text: string): string {
  return JSON.stringify(text.length <= TEXT_CHARS_MAX ? text : `${text.slice(0, TEXT_CHARS_MAX - 1)}…`)
}
