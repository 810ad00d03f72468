import { expect } from 'vitest'
import { dataAt, GROUPS, lastIndex, openAt } from '../../../setup/turn-writer.ts'
import { group, index } from '../../../setup/turn-writes.ts'

/**
 * Opens what a writer of turns left, and expects everything that it acknowledged, whole: at most one turn more, and
 * the same of all groups. Returns the last index.
 */
export function expectKept(directory: string, acknowledged: number): number {
  const store = openAt(directory)
  try {
    expect(store.origin.history).not.toBe('lost')
    const last = lastIndex(store)
    expect([acknowledged, acknowledged + 1]).toContain(last)
    for (const replica of store.readGroups(store.groups())) {
      if (replica.kind === 'damaged') throw new Error(replica.what)
      const floor = replica.floor.index
      expect(replica.hardState.commit).toBe(last)
      expect(replica.entries.map((one) => one.index)).toEqual(
        Array.from({ length: last - floor }, (_, i) => floor + 1 + i),
      )
      for (const { index: at, data } of replica.entries) {
        expect(Buffer.compare(data, dataAt(replica.group, at))).toBe(0)
      }
      const { checkpoint } = replica
      const parts = checkpoint && store.readChunk(replica.group, checkpoint.applied, 0)
      if (checkpoint !== undefined && checkpoint.applied > 1) {
        expect(parts).toEqual(new Uint8Array(5_000).fill(checkpoint.applied))
      }
    }
    expect(store.groups().length).toBe(last === 0 ? 0 : GROUPS.length)
    if (last > 1) expect(store.readEntries(group(1), index(last), 1).length).toBe(1)
    return last
  } finally {
    store.close()
  }
}

/** The last number of a writer's lines; 0: none. A line without an end was not yet said. */
export function lastLine(output: string): number {
  const end = output.lastIndexOf('\n')
  return end < 0 ? 0 : Number(output.slice(output.lastIndexOf('\n', end - 1) + 1, end))
}
