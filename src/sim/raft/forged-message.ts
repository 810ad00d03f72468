import { concatBytes } from '../../codec/bytes.ts'

/** Messages as no engine would write them: the wire format of docs/engine.md, "Messages", written out by hand. */

const HEAD_BYTES = 60

/** raftpb's numbers. */
export const TYPE = {
  hup: 0,
  beat: 1,
  propose: 2,
  append: 3,
  appendResponse: 4,
  vote: 5,
  snapshot: 7,
  heartbeat: 8,
  heartbeatResponse: 9,
  checkQuorum: 12,
  transferLeader: 13,
  timeoutNow: 14,
  readIndex: 15,
  storageAppend: 19,
  forgetLeader: 23,
} as const

/** An entry; what is left out is not written. */
export interface RawEntry {
  readonly index: number
  readonly term: number
  readonly kind?: number
  readonly data?: Uint8Array
}

/** A message; what is left out is not written. */
export interface RawMessage {
  readonly type: number
  readonly to: number
  readonly from: number
  readonly term?: number
  readonly logTerm?: number
  readonly index?: number
  readonly commit?: number
  readonly reject?: boolean
  readonly context?: Uint8Array
  readonly entries?: readonly RawEntry[]
  readonly snapshot?: { readonly index: number; readonly term: number; readonly voters: readonly number[] }
}

/** A whole message; `lie` changes what the head says without changing the bytes. */
export function messageOf(message: RawMessage, lie: Partial<RawMessage> = {}): Uint8Array {
  const body = bodyOf(message)
  const told = { ...message, ...lie }
  const place = told.snapshot ?? { term: told.logTerm ?? 0, index: told.index ?? 0 }
  const head = new DataView(new ArrayBuffer(HEAD_BYTES))
  for (const [at, byte] of [1, told.type, told.reject === true ? 1 : 0, 0].entries()) head.setUint8(at, byte)
  head.setUint32(4, told.entries?.length ?? 0, true)
  const numbers = [told.to, told.from, told.term ?? 0, place.term, place.index, told.commit ?? 0]
  for (const [at, value] of numbers.entries()) head.setBigUint64(8 + 8 * at, BigInt(value), true)
  head.setUint32(56, body.length, true)
  return concatBytes(new Uint8Array(head.buffer), body)
}

function bodyOf(message: RawMessage): Uint8Array {
  return concatBytes(
    number(1, message.type),
    number(2, message.to),
    number(3, message.from),
    number(4, message.term),
    number(5, message.logTerm),
    number(6, message.index),
    ...(message.entries ?? []).map((entry) => bytes(7, entryOf(entry))),
    number(8, message.commit),
    ...(message.snapshot === undefined ? [] : [bytes(9, snapshotOf(message.snapshot))]),
    number(10, message.reject === true ? 1 : undefined),
    ...(message.context === undefined ? [] : [bytes(12, message.context)]),
  )
}

function entryOf({ index, term, kind, data }: RawEntry): Uint8Array {
  return concatBytes(
    number(1, kind),
    number(2, term),
    number(3, index),
    ...(data === undefined ? [] : [bytes(4, data)]),
  )
}

function snapshotOf({ index, term, voters }: NonNullable<RawMessage['snapshot']>): Uint8Array {
  const membership = concatBytes(...voters.map((id) => number(1, id)))
  return bytes(2, concatBytes(bytes(1, membership), number(2, index), number(3, term)))
}

function number(field: number, value: number | undefined): Uint8Array {
  return value === undefined ? new Uint8Array(0) : concatBytes(varint(field * 8), varint(value))
}

function bytes(field: number, value: Uint8Array): Uint8Array {
  return concatBytes(varint(field * 8 + 2), varint(value.length), value)
}

function varint(value: number): Uint8Array {
  const out: number[] = []
  for (let left = BigInt(value); ; left >>= 7n) {
    if (left < 128n) return Uint8Array.from([...out, Number(left)])
    out.push(Number(left & 127n) | 128)
  }
}
