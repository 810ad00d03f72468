import type { CID } from '../cid.ts'

/** Order of ids in `prev`: by their bytes, which all have one length. Negative, zero or positive. */
export function compareIds(a: CID, b: CID): number {
  const { bytes } = a
  const others = b.bytes
  for (let i = 0; i < bytes.length; i++) {
    const difference = (bytes[i] as number) - (others[i] as number)
    if (difference !== 0) return difference
  }
  return 0
}

/** True when every id is greater than the one before it: in order, and none twice. */
export function isAscending(ids: readonly CID[]): boolean {
  for (let i = 1; i < ids.length; i++) {
    if (compareIds(ids[i - 1] as CID, ids[i] as CID) >= 0) return false
  }
  return true
}
