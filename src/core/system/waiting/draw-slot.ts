import type { RosterMember } from '../../market/roster.ts'
import type { SlotFacts } from '../../records/world.ts'

/** The slot whose beacon has just been drawn, with its roster. */
export interface DrawSlot {
  readonly facts: SlotFacts & { readonly beacon: Uint8Array }
  readonly members: readonly RosterMember[]
  readonly weights: ReadonlyMap<RosterMember['did'], bigint>
  /** As `open` tells them. */
  readonly parameters: Readonly<Record<string, number | string>>
}
