/** Envelopes on a disk, each once, in the order in which they came. Faults `store-io`, `store-full`. */
export interface EnvelopeStore {
  /** All that is kept, each `encodeEnvelope`. What a crash left half-written is none. */
  all(): Iterable<Uint8Array>
  /** Nothing is durable before `flush` returns. */
  add(envelope: Uint8Array): void
  flush(): void
}
