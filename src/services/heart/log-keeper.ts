import {
  type Certificate,
  decodeCertificate,
  encodeCertificate,
} from '../../codec/certificate/certificate.ts'
import { machineOfGroup } from '../../core/witness/machine.ts'
import { assert, DefectError } from '../../model/fault.ts'
import type { LogRecord, LogSink, LogSource } from '../../ports/network-log.ts'
import type { LogPage } from '../log-fetch/log-page.ts'
import type { LeafNotice } from '../raft-host/host-core.ts'

/** Where logs are kept: written, and read for what memory has not got. */
export type LogArchive = LogSink & Pick<LogSource, 'count' | 'kind' | 'record' | 'records'>

/**
 * Keeps every leaf of every machine's log. After a restart a host applies again what is behind its checkpoint: what is
 * kept already is passed over. `flush` must return before a checkpoint becomes durable, so that nothing is missing.
 */
export class LogKeeper {
  readonly #archive: LogArchive
  /** What is kept, by machine; read when a machine is first heard of. */
  readonly #kept = new Map<number, KeptLog>()
  /** Machines whose newest certificate waits for the next flush: a log would grow by every one that a leader completes. */
  readonly #unwritten = new Set<number>()

  constructor(archive: LogArchive) {
    this.#archive = archive
  }

  /** Bytes are copied. A gap is a defect: the group stops. */
  keep({ group, number, kind, leaf, item }: LeafNotice): void {
    const machine = machineOfGroup(group)
    const kept = this.#keptOf(machine)
    if (number < kept.leaves) return
    if (number > kept.leaves)
      throw new DefectError(`leaf ${number} of machine ${machine} after ${kept.leaves} leaves`)
    kept.leaves = number + 1
    if (kind === 'voters') kept.changes.add(number + 1)
    this.#archive.append(machine, recordOf(kind, leaf, item))
  }

  /**
   * Of a machine the newest is kept. One of a tree that ends with a change of voters is not: others may have heard another
   * one first, and exports would differ; see `keepChange`.
   */
  keepCertificate(certificate: Certificate): void {
    const { group, size } = certificate.head
    const machine = machineOfGroup(group)
    const kept = this.#keptOf(machine)
    if (kept.changes.has(size) || size <= (kept.newest?.head.size ?? 0)) return
    kept.newest = certificate
    this.#unwritten.add(machine)
  }

  /** The newest certificate that was kept of a machine, changes of voters aside. */
  newest(machine: number): Certificate | undefined {
    return this.#keptOf(machine).newest
  }

  /** The certificate of a change of voters that an entry of the log recorded: the same on every replica. Kept once. */
  keepChange(certificate: Certificate): void {
    const { group, size } = certificate.head
    const machine = machineOfGroup(group)
    const { recorded } = this.#keptOf(machine)
    if (recorded.has(size)) return
    recorded.add(size)
    this.#append(machine, certificate)
  }

  /** Leaves of a machine that are kept. */
  leaves(machine: number): number {
    return this.#keptOf(machine).leaves
  }

  /** Leaves that were fetched and checked, next after those that are kept; asserts that. Bytes are copied. */
  fill(machine: number, { from, records }: Pick<LogPage, 'from' | 'records'>): void {
    const kept = this.#keptOf(machine)
    assert(from === kept.leaves, `leaf ${from} of machine ${machine} after ${kept.leaves} leaves`)
    for (const record of records) {
      kept.leaves += 1
      if (record.kind === 'voters') kept.changes.add(kept.leaves)
      const item = record.kind === 'item' ? record.item : undefined
      this.#archive.append(machine, recordOf(record.kind, record.leaf, item))
    }
  }

  /** Everything that was kept, or all of that machine's, is durable when this returns. */
  flush(machine?: number): void {
    for (const one of machine === undefined ? this.#unwritten : [machine]) this.#writeNewest(one)
    this.#archive.flush(machine)
  }

  #writeNewest(machine: number): void {
    const { newest } = this.#keptOf(machine)
    if (this.#unwritten.delete(machine) && newest !== undefined) this.#append(machine, newest)
  }

  #append(machine: number, certificate: Certificate): void {
    this.#archive.append(machine, { kind: 'certificate', certificate: encodeCertificate(certificate) })
  }

  #keptOf(machine: number): KeptLog {
    const known = this.#kept.get(machine)
    if (known !== undefined) return known
    const kept = keptIn(this.#archive, machine)
    this.#kept.set(machine, kept)
    return kept
  }
}

/** What is kept of one machine's log. */
interface KeptLog {
  leaves: number
  /** Sizes of trees that end with a change of voters. */
  readonly changes: Set<number>
  /** Those whose certificate is kept. */
  readonly recorded: Set<number>
  /** Of other sizes. */
  newest: Certificate | undefined
}

/**
 * Only certificates are read, of a log without changes of voters the last one alone: many finished needs must not keep a
 * node from its start.
 */
function keptIn(archive: LogArchive, machine: number): KeptLog {
  const kept: KeptLog = { leaves: 0, changes: new Set(), recorded: new Set(), newest: undefined }
  const certificates: number[] = []
  for (let at = 0; at < archive.count(machine); at++) {
    const kind = archive.kind(machine, at)
    if (kind === 'certificate') certificates.push(at)
    else kept.leaves += 1
    if (kind === 'voters') kept.changes.add(kept.leaves)
  }
  for (const at of kept.changes.size === 0 ? certificates.slice(-1) : certificates) {
    const certificate = certificateAt(archive, machine, at)
    if (certificate !== undefined) noteCertificate(kept, certificate)
  }
  return kept
}

function noteCertificate(kept: KeptLog, certificate: Certificate): void {
  const { size } = certificate.head
  if (kept.changes.has(size)) kept.recorded.add(size)
  else if (size > (kept.newest?.head.size ?? 0)) kept.newest = certificate
}

function certificateAt(archive: LogArchive, machine: number, at: number): Certificate | undefined {
  const record = archive.record(machine, at)
  const certificate = record.kind === 'certificate' ? decodeCertificate(record.certificate) : undefined
  return certificate?.ok === true ? certificate.value : undefined
}

function recordOf(kind: LeafNotice['kind'], leaf: Uint8Array, item: Uint8Array | undefined): LogRecord {
  const kept = leaf.slice()
  if (kind === 'item' && item !== undefined) return { kind: 'item', item: item.slice(), leaf: kept }
  return { kind: kind === 'voters' ? 'voters' : 'passed', leaf: kept }
}
