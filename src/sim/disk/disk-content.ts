import type { Turn } from '../../model/turn.ts'
import type { DiskPart, DiskPartKey, DiskStage, DiskWrites } from '../../ports/row-disk.ts'

/** What a simulated disk holds. */
export class DiskContent {
  readonly rows = new Map<Turn, Uint8Array>()
  readonly stages = new Map<number, DiskStage>()
  readonly parts = new Map<string, DiskPart>()
  /** What the store says of itself; undefined before it is first opened. */
  store: { readonly id: Uint8Array; readonly incarnation: number } | undefined
  usedBytes = 0
  /** Highest turn that was ever put. */
  lastTurn = 0

  copy(): DiskContent {
    const copy = new DiskContent()
    for (const [turn, bytes] of this.rows) copy.rows.set(turn, bytes.slice())
    for (const [number, stage] of this.stages) copy.stages.set(number, stage)
    for (const [key, part] of this.parts) copy.parts.set(key, { ...part, bytes: part.bytes.slice() })
    copy.store = this.store
    copy.usedBytes = this.usedBytes
    copy.lastTurn = this.lastTurn
    return copy
  }

  part(key: DiskPartKey): DiskPart | undefined {
    return this.parts.get(keyOf(key))
  }

  apply({ dropRows, putRow, dropStages, putStages, dropParts, putParts }: DiskWrites): void {
    for (const turn of dropRows ?? []) this.#putRow(turn, undefined)
    if (putRow !== undefined) this.#putRow(putRow.turn, putRow.bytes.slice())
    for (const stage of dropStages ?? []) this.stages.delete(stage)
    for (const stage of putStages ?? []) this.stages.set(stage.stage, stage)
    for (const part of dropParts ?? []) this.#putPart(keyOf(part), undefined)
    for (const part of putParts ?? []) this.#putPart(keyOf(part), { ...part, bytes: part.bytes.slice() })
  }

  /** Bytes that it would take more, less what it drops. */
  growthBy({ dropRows, putRow, dropParts, putParts }: DiskWrites): number {
    let bytes = putRow?.bytes.length ?? 0
    const goneRows = new Set([...(dropRows ?? []), ...(putRow === undefined ? [] : [putRow.turn])])
    for (const turn of goneRows) bytes -= this.rows.get(turn)?.length ?? 0
    const goneParts = new Set([...(dropParts ?? []), ...(putParts ?? [])].map(keyOf))
    for (const key of goneParts) bytes -= this.parts.get(key)?.bytes.length ?? 0
    for (const part of putParts ?? []) bytes += part.bytes.length
    return bytes
  }

  #putRow(turn: Turn, bytes: Uint8Array | undefined): void {
    this.usedBytes += (bytes?.length ?? 0) - (this.rows.get(turn)?.length ?? 0)
    if (bytes === undefined) this.rows.delete(turn)
    else {
      this.rows.set(turn, bytes)
      this.lastTurn = Math.max(this.lastTurn, turn)
    }
  }

  #putPart(key: string, part: DiskPart | undefined): void {
    this.usedBytes += (part?.bytes.length ?? 0) - (this.parts.get(key)?.bytes.length ?? 0)
    if (part === undefined) this.parts.delete(key)
    else this.parts.set(key, part)
  }
}

function keyOf({ stage, number }: DiskPartKey): string {
  return `${stage}.${number}`
}
