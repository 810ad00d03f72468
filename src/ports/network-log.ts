/**
 * The stored logs of a network: what its machines applied, in order, with the leaf that says what came of it. A driver
 * of machines writes them, export reads them. Source: record.md, "History and export".
 */

/** One entry of a stored log. All bytes are canonical dag-cbor. */
export type LogRecord =
  /** What a machine was given (`encodeItem`) and its leaf (`itemLeaf`): the next leaf of its group's tree. */
  | { readonly kind: 'item'; readonly item: Uint8Array; readonly leaf: Uint8Array }
  /** A leaf in which no machine has a say: how hosts answer each other. These bytes alone. */
  | { readonly kind: 'passed'; readonly leaf: Uint8Array }
  /** A change of the group's voters, a leaf of the tree too: these bytes (`votersLeaf`). */
  | { readonly kind: 'voters'; readonly leaf: Uint8Array }
  /**
   * A certificate that was seen (`encodeCertificate`): no leaf. Of a size that ends with a change of voters it is the one
   * that an entry of the log recorded, the same on every replica; of others those that this replica saw, so that what is not
   * over yet can be exported.
   */
  | { readonly kind: 'certificate'; readonly certificate: Uint8Array }

/**
 * Takes what machines apply. A machine is -1 (the hub) or a bucket's number, 0 to 255. Nothing is durable before
 * `flush` of all, or of that machine, returns. Faults `store-io`, `store-full`.
 */
export interface LogSink {
  append(machine: number, record: LogRecord): void
  /** A policy capsule with all that is needed to check it (`encodeBundle` of capsules). */
  addCapsule(bundle: Uint8Array): void
  /** Content that a commit or a need names, by the text of its CID. */
  addContent(cid: string, bytes: Uint8Array): void
  flush(machine?: number): void
}

/** Reads stored logs. Faults `store-io`; `store-damaged` for bytes that nobody wrote so, with their place. */
export interface LogSource {
  /** Bytes of the genesis. */
  readonly genesis: Uint8Array
  /** Machines whose logs are not empty, ascending: the hub first. */
  machines(): readonly number[]
  /** Records of a machine: a torn last one is none. */
  count(machine: number): number
  /** What record number `at` is, without reading it. */
  kind(machine: number, at: number): LogRecord['kind']
  /** Record number `at`, from 0 on; asserts that there is one. */
  record(machine: number, at: number): LogRecord
  /** All of them, in order. */
  records(machine: number): Iterable<LogRecord>
  capsules(): Iterable<Uint8Array>
  /** Undefined where it is not kept. */
  content(cid: string): Uint8Array | undefined
}
