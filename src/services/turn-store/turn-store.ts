import { encodeRow } from '../../codec/turn/encode-row.ts'
import type { RowPart, TurnRow } from '../../codec/turn/row.ts'
import { type GroupView, headOf } from '../../core/turn-log/group-view.ts'
import { mergeRows } from '../../core/turn-log/merge-rows.ts'
import { type PlannedPart, planGroup } from '../../core/turn-log/plan-group.ts'
import { RowsView } from '../../core/turn-log/rows-view.ts'
import { assert, FaultError } from '../../model/fault.ts'
import type { GroupId, LogIndex } from '../../model/raft.ts'
import { assertTurn, CHUNK_BYTES_MAX, type Turn } from '../../model/turn.ts'
import type { Checksum } from '../../ports/checksum.ts'
import type { Entry } from '../../ports/consensus-group.ts'
import type { DiskOutcome, DiskPart, DiskStage, DiskWrites, RowDisk } from '../../ports/row-disk.ts'
import type {
  CommitOutcome,
  SettledOutcome,
  StagedChunk,
  StagedState,
  StoredReplica,
  StoreOrigin,
  StoreRoom,
  TrimLimits,
  TrimOutcome,
  TurnStore,
  TurnWrites,
} from '../../ports/turn-store.ts'
import { loadRows } from './load.ts'
import { readReplicas, readSomeEntries } from './read-groups.ts'
import { Stages } from './stages.ts'
import { nextMergeable, readRows, unneededRows } from './trim.ts'

/**
 * A turn store on a disk: which bytes to write, and what they say together. Reads all rows once. The disk is the
 * store's from here on, and closed with it. Faults `store-damaged`, `store-io`.
 */
export function openTurnStore(disk: RowDisk, checksum: Checksum): TurnStore {
  try {
    return new DiskTurnStore(disk, checksum)
  } catch (error) {
    disk.close()
    throw error
  }
}

/** A row on its way, and the stages that its groups had and have no more. */
interface Append {
  readonly row: TurnRow
  readonly bytes: Uint8Array
  readonly writes: DiskWrites
}

class DiskTurnStore implements TurnStore {
  readonly #disk: RowDisk
  readonly #checksum: Checksum
  readonly #stages: Stages
  #view: RowsView
  #lastTurn: Turn | 0
  #isWritable: boolean
  /** Groups whose commit index rose since their last row. */
  readonly #carried = new Set<GroupId>()
  #underway: Append | undefined
  #fault: FaultError | undefined
  #pass: Iterator<Turn>
  #listener: ((outcome: SettledOutcome) => void) | undefined

  constructor(disk: RowDisk, checksum: Checksum) {
    this.#disk = disk
    this.#checksum = checksum
    this.#stages = new Stages(disk)
    const { view, lastTurn } = loadRows(disk, this.#stages, checksum)
    this.#view = view
    this.#lastTurn = lastTurn
    this.#isWritable = disk.origin.history !== 'lost'
    this.#pass = view.weights.turns()
    disk.onSettled((outcome) => this.#settle(outcome))
  }

  get origin(): StoreOrigin {
    return this.#disk.origin
  }

  commit(writes: TurnWrites, mayBeLate = false): CommitOutcome {
    this.#assertIdle()
    const planned = this.#plan(writes)
    if (planned.every(({ mustSync }) => !mustSync)) return this.#carry(planned)
    const append = this.#appendOf(planned)
    const outcome = this.#disk.append(append.writes, mayBeLate)
    if (outcome === 'full') return { kind: 'full' }
    if (outcome === 'stored') this.#stored(append)
    else this.#underway = append
    return { kind: outcome === 'stored' ? 'stable' : 'underway', turn: append.row.turn }
  }

  onSettled(listener: (outcome: SettledOutcome) => void): void {
    this.#listener = listener
  }

  groups(): readonly GroupId[] {
    return [...this.#view.groups.keys()].sort((a, b) => a - b)
  }

  readGroups(groups: readonly GroupId[]): readonly StoredReplica[] {
    const views = groups.map((group) => this.#viewOf(group))
    return readReplicas(this.#disk, views, this.#checksum)
  }

  readEntries(group: GroupId, from: LogIndex, bytesMax: number): readonly Entry[] {
    const view = this.#viewOf(group)
    const { floor, last } = headOf(view)
    assert(floor < from && from <= last, 'what is read lies in the log')
    return readSomeEntries(this.#disk, view, from, bytesMax, this.#checksum)
  }

  stage(chunks: readonly StagedChunk[]): 'stored' | 'full' {
    this.#assertIdle()
    const { parts, stages } = this.#partsOf(chunks)
    const givenUp = this.#givenUp()
    const outcome = this.#disk.transact({ ...givenUp, putStages: stages, putParts: parts })
    if (outcome === 'full') return 'full'
    this.#stages.drop(givenUp.dropStages ?? [])
    for (const stage of stages) this.#stages.add(stage)
    for (const { stage, number, bytes } of parts) this.#stages.addPart(stage, number, bytes.length)
    return 'stored'
  }

  staged(group: GroupId): readonly StagedState[] {
    return this.#stages.of(group)
  }

  readChunk(group: GroupId, at: LogIndex, number: number): Uint8Array | undefined {
    const stage = this.#stages.find(group, at)
    const part = stage && this.#disk.readPart({ stage: stage.stage, number })
    if (part === undefined || this.#checksum(part.bytes) === part.checksum) return part?.bytes
    const what = `part ${number} of the state of group ${group} at ${at} is damaged`
    throw new FaultError('store-damaged', what)
  }

  discard(group: GroupId, at: LogIndex): void {
    const checkpoint = this.#view.groups.get(group)?.checkpoint?.value
    assert(checkpoint?.applied !== at || checkpoint.chunks === 0, 'the checkpoint is not given up')
    this.#stages.giveUp(group, at)
  }

  trim(limits: TrimLimits): TrimOutcome {
    this.#assertIdle()
    const hasDamage = [...this.#view.groups.values()].some(({ damage }) => damage !== undefined)
    if (hasDamage) return { kind: 'trimmed', rows: 0, bytes: 0, more: false }
    this.#view.releaseForgotten()
    const { turns, ended } = nextMergeable(this.#pass, this.#view, limits, this.#lastTurn)
    if (ended) this.#pass = this.#view.weights.turns()
    const outcome = this.#sweep(turns, limits)
    if (outcome === 'full') return { kind: 'full' }
    const more = !ended || this.#view.weights.hasUnneededBeside(this.#lastTurn) || this.#stages.hasGarbage
    return { kind: 'trimmed', ...outcome, more }
  }

  room(): StoreRoom {
    return this.#disk.room()
  }

  startOver(): void {
    assert(!this.#isWritable, 'only a store that lost its history starts over')
    if (this.#disk.startOver() === 'full') {
      throw new FaultError('store-full', 'no room to start over with an empty store')
    }
    this.#view = new RowsView()
    this.#lastTurn = 0
    this.#stages.clear()
    this.#pass = this.#view.weights.turns()
    this.#isWritable = true
  }

  close(): void {
    try {
      if (this.#isWritable && this.#underway === undefined && this.#carried.size > 0) {
        this.#disk.transact(this.#appendOf([]).writes)
      }
    } catch (error) {
      // What is carried may be lost, and a fault of the disk was told when it happened.
      if (!(error instanceof FaultError)) throw error
    } finally {
      this.#disk.close()
    }
  }

  #plan({ groups }: TurnWrites): readonly PlannedPart[] {
    const named = new Set(groups.map(({ group }) => group))
    assert(named.size === groups.length, 'a turn has one item a group')
    return groups.map((writes) =>
      planGroup(this.#view.groups.get(writes.group), writes, (checkpoint) =>
        this.#stages.stageOf(writes.group, checkpoint),
      ),
    )
  }

  #carry(planned: readonly PlannedPart[]): CommitOutcome {
    for (const { part } of planned) {
      const view = this.#viewOf(part.group)
      if (part.head?.commit === view.head?.commit) continue
      view.head = part.head
      this.#carried.add(part.group)
    }
    return { kind: 'carried' }
  }

  /** The planned parts, and the heads of those groups whose commit indexes are carried. */
  #appendOf(planned: readonly PlannedPart[]): Append {
    const parts = planned.map(({ part }) => part)
    const named = new Set(parts.map(({ group }) => group))
    for (const group of this.#carried) if (!named.has(group)) parts.push(headPart(this.#viewOf(group)))
    parts.sort((a, b) => a.group - b.group)
    const row = { turn: assertTurn(this.#lastTurn + 1), parts }
    const bytes = encodeRow(row, this.#checksum)
    return { row, bytes, writes: { ...this.#givenUp(parts), putRow: { turn: row.turn, bytes } } }
  }

  #stored({ row, bytes, writes }: Append): void {
    this.#view.take(row, bytes.length)
    this.#lastTurn = row.turn
    this.#carried.clear()
    this.#stages.drop(writes.dropStages ?? [])
  }

  #settle(outcome: DiskOutcome): void {
    const append = this.#underway
    assert(append !== undefined, 'what is told was underway')
    this.#underway = undefined
    if (outcome.kind === 'stored') this.#stored(append)
    if (outcome.kind === 'failed') this.#fault = outcome.fault
    const { turn } = append.row
    this.#listener?.(outcome.kind === 'stored' ? { kind: 'stable', turn } : { ...outcome, turn })
  }

  /** Stages that go with the next transaction: those given up, and those of groups that it forgets. */
  #givenUp(parts: readonly RowPart[] = []): DiskWrites {
    const forgotten = parts
      .filter(({ forget }) => forget)
      .flatMap(({ group }) => this.#stages.numbersOf(group))
    const dropStages = [...this.#stages.givenUp, ...forgotten]
    return dropStages.length === 0 ? {} : { dropStages }
  }

  #partsOf(chunks: readonly StagedChunk[]): {
    readonly parts: readonly DiskPart[]
    readonly stages: readonly DiskStage[]
  } {
    const stages: DiskStage[] = []
    const parts = chunks.map(({ group, at, number, bytes }) => {
      assert(bytes.length > 0 && bytes.length <= CHUNK_BYTES_MAX, 'a part of a state is within its bound')
      assert(this.#view.groups.get(group)?.checkpoint?.value.applied !== at, 'a checkpoint does not change')
      let stage = this.#stages.find(group, at) ?? stages.find((one) => one.group === group && one.at === at)
      if (stage === undefined) {
        stage = { stage: this.#stages.nextNumber(stages.length), group, at }
        stages.push(stage)
      }
      return { stage: stage.stage, number, bytes, checksum: this.#checksum(bytes) }
    })
    return { parts, stages }
  }

  /** Merges these rows and deletes what nobody needs, in one transaction. */
  #sweep(
    merging: readonly Turn[],
    limits: TrimLimits,
  ): { readonly rows: number; readonly bytes: number } | 'full' {
    const { weights } = this.#view
    const unneeded = unneededRows(this.#view, limits, this.#lastTurn).filter(
      (turn) => !merging.includes(turn),
    )
    const garbage = this.#stages.garbage(limits.rowsMax, limits.bytesMax)
    if (merging.length + unneeded.length + garbage.length === 0) return { rows: 0, bytes: 0 }
    const rows = readRows(this.#disk, merging, this.#checksum)
    const merged = mergeRows(this.#view, rows)
    const bytes = merged && encodeRow(merged, this.#checksum)
    const givenUp = this.#givenUp()
    const outcome = this.#disk.transact({
      ...givenUp,
      dropRows: [...unneeded, ...merging],
      ...(merged !== undefined && bytes !== undefined && { putRow: { turn: merged.turn, bytes } }),
      dropParts: garbage,
    })
    if (outcome === 'full') return 'full'
    const before = [...unneeded, ...merging].reduce((sum, turn) => sum + weights.bytesOf(turn), 0)
    const swept = garbage.reduce((sum, part) => sum + part.bytes, 0)
    for (const turn of unneeded) weights.remove(turn)
    this.#view.takeMerged(rows, merged, bytes?.length ?? 0)
    this.#stages.drop(givenUp.dropStages ?? [])
    this.#stages.swept(garbage.length)
    const gone = unneeded.length + merging.length + garbage.length - (merged === undefined ? 0 : 1)
    return { rows: gone, bytes: before + swept - (bytes?.length ?? 0) }
  }

  #viewOf(group: GroupId): GroupView {
    const view = this.#view.groups.get(group)
    assert(view !== undefined, `group ${group} is stored`)
    return view
  }

  #assertIdle(): void {
    if (this.#fault !== undefined) throw this.#fault
    assert(this.#isWritable, 'a store that lost its history starts over before it is written')
    assert(this.#underway === undefined, 'one turn is written at a time')
  }
}

function headPart({ group, head }: GroupView): RowPart {
  return { group, forget: false, head, checkpoint: undefined, entries: [], notes: [] }
}
