import type { RowCheckpoint } from '../../codec/turn/row.ts'
import { assert } from '../../model/fault.ts'
import type { GroupId, LogIndex } from '../../model/raft.ts'
import { type DiskPartSize, type DiskStage, type RowDisk, STATE_PARTS_MAX } from '../../ports/row-disk.ts'
import type { Checkpoint, StagedState } from '../../ports/turn-store.ts'

interface Stage extends DiskStage {
  /** Bytes of the parts, by number. */
  readonly parts: Map<number, number>
}

/** Which states are put aside, and which parts of given-up ones are still on the disk. */
export class Stages {
  readonly #stages = new Map<number, Stage>()
  /** Given up, and the disk does not know it yet: rides in the next transaction. */
  readonly #givenUp = new Set<number>()
  #garbage: DiskPartSize[] = []
  #next = 1

  constructor(disk: Pick<RowDisk, 'stages' | 'parts'>) {
    for (const stage of disk.stages()) {
      this.#stages.set(stage.stage, { ...stage, parts: new Map() })
      this.#next = Math.max(this.#next, stage.stage + 1)
    }
    for (const part of disk.parts()) {
      const stage = this.#stages.get(part.stage)
      if (stage === undefined) this.#garbage.push(part)
      else stage.parts.set(part.number, part.bytes)
      this.#next = Math.max(this.#next, part.stage + 1)
    }
  }

  find(group: GroupId, at: LogIndex): DiskStage | undefined {
    return this.#find(group, at)
  }

  /** Where the state of a checkpoint is; 0 when it has no parts. Asserts that it is whole. */
  stageOf(group: GroupId, checkpoint: Checkpoint): number {
    if (checkpoint.chunks === 0) {
      assert(checkpoint.bytes === 0, 'a state without parts has no bytes')
      return 0
    }
    const stage = this.#find(group, checkpoint.applied)
    assert(
      stage !== undefined && isWhole(stage, checkpoint),
      'the parts of a checkpoint are put aside before it',
    )
    return stage.stage
  }

  /** True when the parts that the checkpoint names are there, as parts of it. */
  has(group: GroupId, checkpoint: RowCheckpoint): boolean {
    if (checkpoint.stage === 0) return checkpoint.chunks === 0
    const stage = this.#find(group, checkpoint.applied)
    return stage !== undefined && stage.stage === checkpoint.stage && isWhole(stage, checkpoint)
  }

  /** States of a group, by index. */
  of(group: GroupId): readonly StagedState[] {
    return [...this.#stages.values()]
      .filter((stage) => stage.group === group)
      .sort((a, b) => a.at - b.at)
      .map(({ at, parts }) => ({ at, numbers: [...parts.keys()].sort((a, b) => a - b), bytes: sum(parts) }))
  }

  /** The number that a new stage would get; `ahead` others are to be made before it. */
  nextNumber(ahead: number): number {
    return this.#next + ahead
  }

  add(stage: DiskStage): void {
    this.#stages.set(stage.stage, { ...stage, parts: new Map() })
    this.#next = Math.max(this.#next, stage.stage + 1)
  }

  addPart(stage: number, number: number, bytes: number): void {
    assert(number < STATE_PARTS_MAX, 'a state has a bounded number of parts')
    this.#stages.get(stage)?.parts.set(number, bytes)
  }

  giveUp(group: GroupId, at: LogIndex): void {
    const stage = this.#find(group, at)
    if (stage === undefined) return
    this.#givenUp.add(stage.stage)
    this.#remove(stage)
  }

  numbersOf(group: GroupId): readonly number[] {
    return [...this.#stages.values()].filter((stage) => stage.group === group).map(({ stage }) => stage)
  }

  /** The disk has dropped them; their parts are garbage. */
  drop(stages: readonly number[]): void {
    for (const number of stages) {
      this.#givenUp.delete(number)
      const stage = this.#stages.get(number)
      if (stage !== undefined) this.#remove(stage)
    }
  }

  /** Given up and not yet told to the disk. */
  get givenUp(): readonly number[] {
    return [...this.#givenUp]
  }

  /** Parts that nobody needs, the first that fit a bound. */
  garbage(countMax: number, bytesMax: number): readonly DiskPartSize[] {
    const chosen: DiskPartSize[] = []
    let bytes = 0
    for (const part of this.#garbage) {
      if (chosen.length >= countMax || (bytes >= bytesMax && chosen.length > 0)) break
      chosen.push(part)
      bytes += part.bytes
    }
    return chosen
  }

  get hasGarbage(): boolean {
    return this.#garbage.length > 0
  }

  /** The first so many parts of the garbage are gone. */
  swept(count: number): void {
    this.#garbage = this.#garbage.slice(count)
  }

  clear(): void {
    this.#stages.clear()
    this.#garbage = []
    this.#givenUp.clear()
  }

  #find(group: GroupId, at: LogIndex): Stage | undefined {
    for (const stage of this.#stages.values()) if (stage.group === group && stage.at === at) return stage
    return undefined
  }

  #remove(stage: Stage): void {
    this.#stages.delete(stage.stage)
    for (const [number, bytes] of stage.parts) this.#garbage.push({ stage: stage.stage, number, bytes })
  }
}

function isWhole({ parts }: Stage, { chunks, bytes }: Checkpoint): boolean {
  if (parts.size !== chunks || sum(parts) !== bytes) return false
  for (let number = 0; number < chunks; number++) if (!parts.has(number)) return false
  return true
}

function sum(parts: ReadonlyMap<number, number>): number {
  let bytes = 0
  for (const size of parts.values()) bytes += size
  return bytes
}
