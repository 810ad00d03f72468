/** Items of bytes on a disk, each once, in the order in which they came. Faults `store-io`, `store-full`. */
export interface FrameStore {
  /** All that is kept. What a crash left half-written is none. */
  all(): Iterable<Uint8Array>
  /** Nothing is durable before `flush` returns. */
  add(item: Uint8Array): void
  flush(): void
}
