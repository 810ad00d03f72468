import type { LogRecord, LogSink, LogSource } from '../../src/ports/network-log.ts'

/** Stored logs in memory. */
export class MemoryLogs implements LogSink, LogSource {
  readonly genesis: Uint8Array
  readonly #logs = new Map<number, LogRecord[]>()
  readonly #capsules: Uint8Array[] = []
  readonly #content = new Map<string, Uint8Array>()

  constructor(genesis: Uint8Array) {
    this.genesis = genesis
  }
  append(machine: number, record: LogRecord): void {
    const log = this.#logs.get(machine) ?? []
    this.#logs.set(machine, log)
    log.push(record)
  }
  addCapsule(bundle: Uint8Array): void {
    this.#capsules.push(bundle)
  }
  addContent(cid: string, bytes: Uint8Array): void {
    this.#content.set(cid, bytes)
  }
  flush(): void {}
  machines(): readonly number[] {
    return [...this.#logs.keys()].sort((a, b) => a - b)
  }
  count(machine: number): number {
    return this.#logs.get(machine)?.length ?? 0
  }
  kind(machine: number, at: number): LogRecord['kind'] {
    return this.record(machine, at).kind
  }
  record(machine: number, at: number): LogRecord {
    return this.#logs.get(machine)?.[at] as LogRecord
  }
  *records(machine: number): Iterable<LogRecord> {
    yield* this.#logs.get(machine) ?? []
  }
  capsules(): Iterable<Uint8Array> {
    return this.#capsules
  }
  content(cid: string): Uint8Array | undefined {
    return this.#content.get(cid)
  }
}
