/** Something that puts a value under a key unless there is one already. */
export interface PutStore {
  /** True: it was put; false: there was one already. Rejects when nobody can say. */
  put(key: Uint8Array, value: Uint8Array): Promise<boolean>
  close(): void
}

/** Every key of the benchmark is as long. */
export const KEY_BYTES = 16

/** A key that is like no other: of a run, a caller and a number. */
export function keyOf(run: number, number: number): Uint8Array {
  const key = new Uint8Array(KEY_BYTES)
  const view = new DataView(key.buffer)
  view.setUint32(0, 0x62656e63)
  view.setUint32(4, run)
  view.setUint32(12, number)
  // The numbers of neighbours lie far apart, as hashes do.
  view.setUint32(8, Math.imul(number, 0x9e3779b1) >>> 0)
  return key
}
