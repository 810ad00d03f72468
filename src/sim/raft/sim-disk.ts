import { assert, FaultError } from '../../model/fault.ts'
import type { GroupId, LogIndex } from '../../model/raft.ts'
import { assertTurn } from '../../model/turn.ts'
import type { Entry, HardState } from '../../ports/consensus-group.ts'
import type {
  Checkpoint,
  GroupWrites,
  Note,
  SoundReplica,
  TurnStore,
  TurnWrites,
} from '../../ports/turn-store.ts'

/** What a store does next instead of its work. `kill-before`, `kill-after`: the process ends around the write. */
export type DiskFault = 'none' | 'full' | 'fail' | 'kill-before' | 'kill-after'

/** The process ends here: thrown through the host, which is never used again. */
export class Killed extends Error {
  override readonly name = 'Killed'
}

interface Kept {
  hard: HardState
  checkpoint: Checkpoint | undefined
  floor: { index: LogIndex; term: HardState['term'] }
  entries: Entry[]
  notes: Map<number, Note>
}

/**
 * What outlives a process. Writes are all or nothing; what is only carried is lost when the process ends.
 * It is shared by the stores that one node opens one after another.
 */
export class SimDisk {
  readonly groups = new Map<GroupId, Kept>()
  readonly chunks = new Map<string, Uint8Array>()
  incarnation = 0
  turns = 0
  history: 'new' | 'continued' | 'lost' = 'new'
  freeBytes = 2 ** 40
  /** Asked before every write. */
  fault: () => DiskFault = () => 'none'
  /** Test-only: the store keeps the tail that new entries conflict with. */
  keepsConflicts = false

  open(): TurnStore {
    this.incarnation++
    const history = this.history
    if (history === 'new') this.history = 'continued'
    return new SimStore(this, history)
  }
}

class SimStore implements TurnStore {
  readonly origin: TurnStore['origin']
  readonly #disk: SimDisk
  #carried = new Map<GroupId, HardState>()
  #dead = false

  constructor(disk: SimDisk, history: 'new' | 'continued' | 'lost') {
    this.#disk = disk
    this.origin = {
      history,
      incarnation: disk.incarnation,
      reason: history === 'lost' ? 'the disk is another one' : '',
    }
  }

  onSettled(): void {
    // This store never answers `underway`.
  }

  commit({ groups }: TurnWrites): ReturnType<TurnStore['commit']> {
    assert(!this.#dead, 'a store is used after its process ended')
    const mustWrite = groups.some((one) => isHeavy(one, this.#hardOf(one.group)))
    if (!mustWrite) {
      for (const { group, hardState } of groups)
        if (hardState !== undefined) this.#carried.set(group, hardState)
      return { kind: 'carried' }
    }
    const fault = this.#disk.fault()
    if (fault === 'full') return { kind: 'full' }
    if (fault === 'fail') throw this.#die(new FaultError('store-io', 'the simulated disk failed'))
    if (fault === 'kill-before') throw this.#die(new Killed())
    for (const [group, hard] of this.#carried) {
      const kept = this.#disk.groups.get(group)
      if (kept !== undefined) kept.hard = hard
    }
    this.#carried.clear()
    for (const one of groups) this.#write(one)
    if (fault === 'kill-after') throw this.#die(new Killed())
    return { kind: 'stable', turn: assertTurn(++this.#disk.turns) }
  }

  groups(): readonly GroupId[] {
    return [...this.#disk.groups.keys()].sort((a, b) => a - b)
  }

  readGroups(groups: readonly GroupId[]): readonly ({ readonly kind: 'sound' } & SoundReplica)[] {
    return groups.map((group) => {
      const { hard, checkpoint, floor, entries, notes } = this.#kept(group)
      return {
        kind: 'sound' as const,
        group,
        hardState: hard,
        checkpoint,
        floor: { ...floor },
        entries: [...entries],
        notes: [...notes.values()],
        turn: assertTurn(Math.max(1, this.#disk.turns)),
      }
    })
  }

  readEntries(group: GroupId, from: LogIndex, bytesMax: number): readonly Entry[] {
    const { floor, entries } = this.#kept(group)
    assert(from > floor.index && from <= floor.index + entries.length, 'entries that are not in the log')
    const found: Entry[] = []
    let bytes = 0
    for (
      let at = from - floor.index - 1;
      at < entries.length && (bytes < bytesMax || found.length === 0);
      at++
    ) {
      const entry = entries[at] as Entry
      found.push(entry)
      bytes += entry.data.length
    }
    return found
  }

  stage(chunks: Parameters<TurnStore['stage']>[0]): 'stored' | 'full' {
    for (const { group, at, number, bytes } of chunks) {
      this.#disk.chunks.set(`${group} ${at} ${number}`, bytes.slice())
    }
    return 'stored'
  }

  staged(group: GroupId): ReturnType<TurnStore['staged']> {
    const states = new Map<number, number[]>()
    for (const key of this.#disk.chunks.keys()) {
      const [owner, at, number] = key.split(' ').map(Number) as [number, number, number]
      if (owner === group) states.set(at, [...(states.get(at) ?? []), number])
    }
    return [...states]
      .sort(([a], [b]) => a - b)
      .map(([at, numbers]) => ({ at: at as LogIndex, numbers: numbers.sort((a, b) => a - b), bytes: 0 }))
  }

  readChunk(group: GroupId, at: LogIndex, number: number): Uint8Array | undefined {
    return this.#disk.chunks.get(`${group} ${at} ${number}`)
  }

  discard(group: GroupId, at: LogIndex): void {
    assert(this.#disk.groups.get(group)?.checkpoint?.applied !== at, 'the checkpoint is not discarded')
    for (const key of this.#disk.chunks.keys()) {
      if (key.startsWith(`${group} ${at} `)) this.#disk.chunks.delete(key)
    }
  }

  trim(): ReturnType<TurnStore['trim']> {
    return { kind: 'trimmed', rows: 0, bytes: 0, more: false }
  }

  room(): ReturnType<TurnStore['room']> {
    return { usedBytes: 0, freeBytes: this.#disk.freeBytes }
  }

  startOver(): void {
    this.#disk.groups.clear()
    this.#disk.chunks.clear()
    this.#disk.history = 'continued'
  }

  close(): void {
    this.#dead = true
  }

  #die(error: Error): Error {
    this.#dead = true
    return error
  }

  #hardOf(group: GroupId): HardState | undefined {
    return this.#disk.groups.get(group)?.hard
  }

  #kept(group: GroupId): Kept {
    const kept = this.#disk.groups.get(group)
    assert(kept !== undefined, `group ${group} is not on this disk`)
    return kept
  }

  #write({ group, forget, checkpoint, floor, entries, hardState, notes }: GroupWrites): void {
    if (forget === true) {
      this.#disk.groups.delete(group)
      for (const key of this.#disk.chunks.keys()) {
        if (key.startsWith(`${group} `)) this.#disk.chunks.delete(key)
      }
    }
    if (hardState === undefined && checkpoint === undefined && entries === undefined && notes === undefined)
      return
    const kept = this.#disk.groups.get(group) ?? emptyKept()
    this.#disk.groups.set(group, kept)
    if (checkpoint !== undefined) this.#checkpoint(group, kept, checkpoint)
    if (floor !== undefined) cut(kept, floor)
    const [first] = entries ?? []
    if (first !== undefined) {
      const at = first.index - kept.floor.index - 1
      assert(at >= 0 && at <= kept.entries.length, 'entries that do not continue the log')
      if (this.#disk.keepsConflicts) kept.entries.splice(at, entries?.length ?? 0, ...(entries ?? []))
      else kept.entries.splice(at, kept.entries.length - at, ...(entries ?? []))
    }
    if (hardState !== undefined) kept.hard = hardState
    for (const note of notes ?? []) kept.notes.set(note.kind, note)
  }

  #checkpoint(group: GroupId, kept: Kept, checkpoint: Checkpoint): void {
    for (let number = 0; number < checkpoint.chunks; number++) {
      assert(
        this.#disk.chunks.has(`${group} ${checkpoint.applied} ${number}`),
        'a part of a state is not there',
      )
    }
    kept.checkpoint = checkpoint
    if (checkpoint.kind === 'own') return
    kept.floor = { index: checkpoint.applied, term: checkpoint.term }
    kept.entries = []
  }
}

function emptyKept(): Kept {
  const nothing = { term: 0 as HardState['term'], vote: undefined, commit: 0 as LogIndex }
  return {
    hard: nothing,
    checkpoint: undefined,
    floor: { index: 0 as LogIndex, term: nothing.term },
    entries: [],
    notes: new Map(),
  }
}

function cut(kept: Kept, floor: LogIndex): void {
  const over = floor - kept.floor.index
  if (over === 0) return
  const last = kept.entries[over - 1]
  assert(last !== undefined && floor <= (kept.checkpoint?.applied ?? 0), 'a floor outside of the log')
  kept.entries.splice(0, over)
  kept.floor = { index: floor, term: last.term }
}

/** Entries, checkpoints, floors, notes, another term or vote: it must be stable. */
function isHeavy(one: GroupWrites, hard: HardState | undefined): boolean {
  const { forget, checkpoint, floor, entries, hardState, notes } = one
  if (forget === true || checkpoint !== undefined || floor !== undefined || notes !== undefined) return true
  if ((entries?.length ?? 0) > 0) return true
  return (
    hardState !== undefined &&
    (hard === undefined || hard.term !== hardState.term || hard.vote !== hardState.vote)
  )
}
