import { decodeRowFrame, decodeRowPart } from '../../codec/turn/decode-row.ts'
import { type GroupView, headOf, type Run } from '../../core/turn-log/group-view.ts'
import { FaultError } from '../../model/fault.ts'
import type { GroupId, LogIndex } from '../../model/raft.ts'
import { err, ok, type Result } from '../../model/result.ts'
import type { Turn } from '../../model/turn.ts'
import type { Checksum } from '../../ports/checksum.ts'
import type { Entry } from '../../ports/consensus-group.ts'
import type { RowDisk } from '../../ports/row-disk.ts'
import type { SoundReplica, StoredReplica } from '../../ports/turn-store.ts'

const TODO =
  'keep a copy of the files; then remove this replica from its group, and let it come back under a new raft id and take a snapshot'

/** Replicas of these views with all entries of their logs: each row is read once for all of them. */
export function readReplicas(
  disk: RowDisk,
  views: readonly GroupView[],
  checksum: Checksum,
): readonly StoredReplica[] {
  const damage = new Map<GroupId, string>()
  for (const { group, damage: what } of views) if (what !== undefined) damage.set(group, what)
  const entries = new Map<GroupId, Entry[]>(views.map(({ group }) => [group, []]))
  for (const [turn, wanted] of wantedByTurn(views)) {
    const bytes = disk.readRow(turn)
    const frame = bytes === undefined ? undefined : decodeRowFrame(bytes, checksum)
    for (const { group, run } of wanted) {
      if (damage.has(group)) continue
      const found = frame?.ok ? entriesOf(frame.value.parts, group, run, checksum) : err('it cannot be read')
      if (found.ok) for (const entry of found.value) entries.get(group)?.push(entry)
      else damage.set(group, `row of turn ${turn}: ${found.error}`)
    }
  }
  return views.map((view) => {
    const what = damage.get(view.group)
    return what === undefined
      ? { kind: 'sound', ...replicaOf(view, entries.get(view.group) ?? []) }
      : { kind: 'damaged', group: view.group, what, todo: TODO }
  })
}

/** Entries of a log from `from` on, up to about so many bytes and at least one. Faults `store-damaged`. */
export function readSomeEntries(
  disk: RowDisk,
  { group, runs }: GroupView,
  from: LogIndex,
  bytesMax: number,
  checksum: Checksum,
): readonly Entry[] {
  const entries: Entry[] = []
  let bytes = 0
  for (const run of runs) {
    if (run.to < from) continue
    if (bytes >= bytesMax && entries.length > 0) break
    for (const entry of entriesAt(disk, group, run, checksum)) {
      if (entry.index < from) continue
      if (bytes + entry.data.length > bytesMax && entries.length > 0) return entries
      entries.push(entry)
      bytes += entry.data.length
    }
  }
  return entries
}

function entriesAt(disk: RowDisk, group: GroupId, run: Run, checksum: Checksum): readonly Entry[] {
  const bytes = disk.readRow(run.turn)
  const frame = bytes === undefined ? err({ message: 'it is gone' }) : decodeRowFrame(bytes, checksum)
  const entries = frame.ok ? entriesOf(frame.value.parts, group, run, checksum) : err(frame.error.message)
  if (entries.ok) return entries.value
  throw new FaultError('store-damaged', `the row of turn ${run.turn} is damaged: ${entries.error}`)
}

function entriesOf(
  parts: readonly Parameters<typeof decodeRowPart>[0][],
  group: GroupId,
  run: Run,
  checksum: Checksum,
): Result<readonly Entry[], string> {
  const frame = parts.find((one) => one.group === group)
  if (frame === undefined) return err(`it has nothing of group ${group}`)
  const part = decodeRowPart(frame, checksum)
  if (!part.ok) return err(part.error.message)
  const first = part.value.entries[0]?.index ?? 0
  const entries = part.value.entries.slice(Math.max(0, run.from - first), run.to - first + 1)
  const isWhole = entries[0]?.index === run.from && entries.at(-1)?.index === run.to
  return isWhole ? ok(entries) : err(`it has not all entries ${run.from} to ${run.to} of group ${group}`)
}

function wantedByTurn(
  views: readonly GroupView[],
): readonly [Turn, { readonly group: GroupId; readonly run: Run }[]][] {
  const wanted = new Map<Turn, { readonly group: GroupId; readonly run: Run }[]>()
  for (const { group, runs, damage } of views) {
    if (damage !== undefined) continue
    for (const run of runs) {
      const ofTurn = wanted.get(run.turn)
      if (ofTurn === undefined) wanted.set(run.turn, [{ group, run }])
      else ofTurn.push({ group, run })
    }
  }
  return [...wanted].sort(([a], [b]) => a - b)
}

function replicaOf(view: GroupView, entries: readonly Entry[]): SoundReplica {
  const { term, vote, commit, floor, floorTerm } = headOf(view)
  return {
    group: view.group,
    hardState: { term, vote, commit },
    checkpoint: checkpointOf(view),
    floor: { index: floor, term: floorTerm },
    entries,
    notes: [...view.notes.values()].map(({ value }) => value).sort((a, b) => a.kind - b.kind),
    turn: (view.stable?.turn ?? 0) as Turn,
  }
}

function checkpointOf({ checkpoint }: GroupView): SoundReplica['checkpoint'] {
  if (checkpoint === undefined) return undefined
  const { stage: _, ...named } = checkpoint.value
  return named
}
