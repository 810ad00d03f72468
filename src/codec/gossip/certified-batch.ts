/**
 * A piece of a machine's log as those follow it who are no voters: its next leaves with their items, and the certificate of
 * the tree that ends with the last one. The roots of the whole trees before the first leaf come along, so that whoever
 * knows the voters can judge the batch by itself and forward it, wherever its own log ends.
 * Source: consensus.md, "Membership" (certified batches), "Certificates"; network.md (the committed batch by gossip).
 */
import * as z from 'zod'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { LogRecord } from '../../ports/network-log.ts'
import {
  type Certificate,
  certificateOf,
  certificateToIpld,
  certificateTuple,
} from '../certificate/certificate.ts'
import { TREE_LEVELS_MAX } from '../certificate/voter-chain.ts'
import { decodeLogRecord, encodeLogRecord, RECORD_BYTES_MAX } from '../network-log/log-record.ts'
import { bytes, count, hash32, list } from '../payload/fields.ts'

export interface CertifiedBatch {
  /** Leaves before the first one. */
  readonly from: number
  /** Of the tree of `from` leaves, the largest first: one for each bit of its size. */
  readonly peaks: readonly Uint8Array[]
  /** One for each leaf from `from` up to the certified size; none where they are to be fetched: too long, or a change of voters is among them. */
  readonly records: readonly LogRecord[]
  readonly certificate: Certificate
}

const RECORDS_MAX = 65_536

/** [from, peaks, [record, …], certificate]; records as in a stored log. */
export const certifiedBatchTuple = z.tuple([
  count,
  list(hash32, TREE_LEVELS_MAX),
  list(bytes(1, RECORD_BYTES_MAX), RECORDS_MAX),
  certificateTuple,
])

export function certifiedBatchToIpld({ from, peaks, records, certificate }: CertifiedBatch) {
  return [from, [...peaks], records.map(encodeLogRecord), certificateToIpld(certificate)] as const
}

/** Rejects MALFORMED where the parts cannot be of one log; signatures and hashes are not judged. Bytes are views. */
export function certifiedBatchOf([from, peaks, encoded, certified]: z.output<
  typeof certifiedBatchTuple
>): Result<CertifiedBatch, Rejection> {
  const records: LogRecord[] = []
  for (const bytesOfOne of encoded) {
    const record = decodeLogRecord(bytesOfOne)
    if (!record.ok) return record
    if (record.value.kind === 'certificate') return reject('MALFORMED', 'a certificate is no leaf', 'records')
    records.push(record.value)
  }
  const certificate = certificateOf(certified)
  const { size } = certificate.head
  if (bitsOf(from) !== peaks.length) return reject('MALFORMED', 'a peak for each bit of the size', 'peaks')
  if (from >= size) return reject('MALFORMED', 'a batch has a leaf', 'from')
  if (records.length > 0 && from + records.length !== size)
    return reject('MALFORMED', `${records.length} leaves after ${from} are not ${size}`, 'records')
  return ok({ from, peaks, records, certificate })
}

function bitsOf(size: number): number {
  let bits = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2
  return bits
}
