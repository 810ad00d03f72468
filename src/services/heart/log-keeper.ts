import { type Certificate, encodeCertificate } from '../../codec/certificate/certificate.ts'
import { machineOfGroup } from '../../core/witness/machine.ts'
import { DefectError } from '../../model/fault.ts'
import type { LogRecord, LogSink, LogSource } from '../../ports/network-log.ts'
import type { LeafNotice } from '../raft-host/host-core.ts'

/** Where logs are kept: written, and read for what memory has not got. */
export type LogArchive = LogSink & Pick<LogSource, 'count' | 'record' | 'records'>

/**
 * Keeps every leaf of every machine's log. After a restart a host applies again what is behind its checkpoint: what is
 * kept already is passed over. `flush` must return before a checkpoint becomes durable, so that nothing is missing.
 */
export class LogKeeper {
  readonly #archive: LogArchive
  /** Leaves that are kept, by machine; counted when a machine is first heard of. */
  readonly #kept = new Map<number, number>()
  /** Written with the next flush: a log would grow by every certificate that a leader completes. */
  readonly #newest = new Map<number, Certificate>()
  /** Sizes of trees that end with a change of voters: each needs its own certificate. */
  readonly #changes = new Set<string>()
  #isDirty = false

  constructor(archive: LogArchive) {
    this.#archive = archive
  }

  /** Bytes are copied. A gap is a defect: the group stops. */
  keep({ group, number, kind, leaf, item }: LeafNotice): void {
    const machine = machineOfGroup(group)
    const kept = this.#kept.get(machine) ?? this.#count(machine)
    this.#kept.set(machine, Math.max(kept, number + 1))
    if (number < kept) return
    if (number > kept) throw new DefectError(`leaf ${number} of machine ${machine} after ${kept} leaves`)
    if (kind === 'voters') this.#changes.add(`${machine} ${number + 1}`)
    this.#archive.append(machine, recordOf(kind, leaf, item))
    this.#isDirty = true
  }

  /** Of a machine the newest is kept, and every one that ends with a change of voters. */
  keepCertificate(certificate: Certificate): void {
    const { group, size } = certificate.head
    const machine = machineOfGroup(group)
    if (this.#changes.delete(`${machine} ${size}`)) this.#append(machine, certificate)
    else if (size > (this.#newest.get(machine)?.head.size ?? 0)) this.#newest.set(machine, certificate)
    this.#isDirty = true
  }

  /** Everything that was kept is durable when this returns. */
  flush(): void {
    if (!this.#isDirty) return
    for (const [machine, certificate] of this.#newest) this.#append(machine, certificate)
    this.#newest.clear()
    this.#archive.flush()
    this.#isDirty = false
  }

  #append(machine: number, certificate: Certificate): void {
    this.#archive.append(machine, { kind: 'certificate', certificate: encodeCertificate(certificate) })
  }

  #count(machine: number): number {
    let leaves = 0
    for (const { kind } of this.#archive.records(machine)) if (kind !== 'certificate') leaves++
    return leaves
  }
}

function recordOf(kind: LeafNotice['kind'], leaf: Uint8Array, item: Uint8Array | undefined): LogRecord {
  const kept = leaf.slice()
  if (kind === 'item' && item !== undefined) return { kind: 'item', item: item.slice(), leaf: kept }
  return { kind: kind === 'voters' ? 'voters' : 'passed', leaf: kept }
}
