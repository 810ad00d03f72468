import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { type CID, cidOf } from '../../codec/cid.ts'
import { isLogHead, logHead } from '../../codec/network-log/frame.ts'
import { decodeLogRecord, encodeLogRecord, kindOfByte } from '../../codec/network-log/log-record.ts'
import { FaultError } from '../../model/fault.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { LogRecord, LogSink, LogSource } from '../../ports/network-log.ts'
import { guarded } from './fault.ts'
import { LogFile } from './log-file.ts'

const HUB = -1
const LOG_NAME = /^(hub|bucket-([0-9]{3}))\.log$/
const CONTENT_NAME = /^b[a-z2-7]{58}$/

/**
 * A stored network of logs in a directory: `genesis.cbor`, `logs/hub.log`, `logs/bucket-007.log`, `capsules/<CID>.cbor`,
 * `content/<CID>`. One process writes it at a time. Format: `src/codec/network-log`.
 */
export class LogFiles implements LogSink, LogSource {
  readonly genesis: Uint8Array
  readonly net: CID
  readonly #dir: string
  readonly #sha256: Sha256
  readonly #writable: boolean
  readonly #files = new Map<number, LogFile>()

  private constructor(dir: string, genesis: Uint8Array, sha256: Sha256, writable: boolean) {
    this.#dir = dir
    this.genesis = genesis
    this.net = cidOf(genesis, sha256)
    this.#sha256 = sha256
    this.#writable = writable
    const logs = join(dir, 'logs')
    const names = existsSync(logs) ? guarded(`list ${logs}`, () => readdirSync(logs)) : []
    for (const name of names) {
      const [, kind, bucket] = LOG_NAME.exec(name) ?? []
      if (kind !== undefined) this.#open(bucket === undefined ? HUB : Number(bucket))
    }
  }

  /** Opens what is there. Faults `store-io` where nothing is. The caller closes it. */
  static open(dir: string, sha256: Sha256, mode: 'read' | 'write' = 'read'): LogFiles {
    const genesis = guarded(`read ${dir}/genesis.cbor`, () => readFileSync(join(dir, 'genesis.cbor')))
    return new LogFiles(dir, new Uint8Array(genesis), sha256, mode === 'write')
  }

  /** Makes a new one, or opens the one of this genesis for writing. Faults `config` for another network's. */
  static create(dir: string, genesis: Uint8Array, sha256: Sha256): LogFiles {
    guarded(`make ${dir}`, () => mkdirSync(join(dir, 'logs'), { recursive: true }))
    const path = join(dir, 'genesis.cbor')
    if (!existsSync(path)) writeWhole(path, genesis)
    const files = LogFiles.open(dir, sha256, 'write')
    if (files.net.equals(cidOf(genesis, sha256))) return files
    files.close()
    throw new FaultError('config', `${dir} holds the logs of network ${files.net.toString()}`)
  }

  append(machine: number, record: LogRecord): void {
    this.#open(machine).append(encodeLogRecord(record))
  }

  addCapsule(bundle: Uint8Array): void {
    this.#keep('capsules', `${cidOf(bundle, this.#sha256).toString()}.cbor`, bundle)
  }

  addContent(cid: string, bytes: Uint8Array): void {
    if (CONTENT_NAME.test(cid)) this.#keep('content', cid, bytes)
  }

  flush(machine?: number): void {
    if (machine !== undefined) this.#files.get(machine)?.flush()
    else for (const file of this.#files.values()) file.flush()
  }

  machines(): readonly number[] {
    return [...this.#files]
      .flatMap(([machine, file]) => (file.count > 1 ? [machine] : []))
      .sort((a, b) => a - b)
  }

  count(machine: number): number {
    return Math.max(0, (this.#files.get(machine)?.count ?? 0) - 1)
  }

  kind(machine: number, at: number): LogRecord['kind'] {
    const kind = kindOfByte(this.#open(machine).kindByte(at + 1))
    if (kind !== undefined) return kind
    throw new FaultError('store-damaged', `${nameOf(machine)}, record ${at}: of no kind`)
  }

  record(machine: number, at: number): LogRecord {
    const decoded = decodeLogRecord(this.#open(machine).payload(at + 1))
    if (decoded.ok) return decoded.value
    throw new FaultError('store-damaged', `${nameOf(machine)}, record ${at}: ${decoded.error.message}`)
  }

  *records(machine: number): Iterable<LogRecord> {
    for (let at = 0; at < this.count(machine); at++) yield this.record(machine, at)
  }

  *capsules(): Iterable<Uint8Array> {
    const folder = join(this.#dir, 'capsules')
    if (!existsSync(folder)) return
    for (const name of guarded(`list ${folder}`, () => readdirSync(folder)).sort()) {
      const path = join(folder, name)
      yield new Uint8Array(guarded(`read ${path}`, () => readFileSync(path)))
    }
  }

  content(cid: string): Uint8Array | undefined {
    const path = join(this.#dir, 'content', cid)
    if (!CONTENT_NAME.test(cid) || !existsSync(path)) return undefined
    return new Uint8Array(guarded(`read ${path}`, () => readFileSync(path)))
  }

  close(): void {
    for (const file of this.#files.values()) file.close()
  }

  #open(machine: number): LogFile {
    const known = this.#files.get(machine)
    if (known !== undefined) return known
    const path = join(this.#dir, 'logs', nameOf(machine))
    const file = LogFile.open(path, crc32, this.#writable)
    if (file.count === 0 && this.#writable) file.append(logHead(this.net, machine))
    if (file.count > 0 && !isLogHead(file.payload(0), this.net, machine)) {
      file.close()
      throw new FaultError('store-damaged', `${path} is not the log of this machine in this network`)
    }
    this.#files.set(machine, file)
    return file
  }

  #keep(folder: string, name: string, bytes: Uint8Array): void {
    const whole = join(this.#dir, folder)
    guarded(`make ${whole}`, () => mkdirSync(whole, { recursive: true }))
    const path = join(whole, name)
    if (!existsSync(path)) writeWhole(path, bytes)
  }
}

function nameOf(machine: number): string {
  return machine === HUB ? 'hub.log' : `bucket-${String(machine).padStart(3, '0')}.log`
}

/** A reader never sees half of it. */
function writeWhole(path: string, bytes: Uint8Array): void {
  guarded(`write ${path}`, () => {
    writeFileSync(`${path}.part`, bytes, { mode: 0o600 })
    renameSync(`${path}.part`, path)
  })
}
