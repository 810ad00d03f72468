import type { CID } from '../../codec/cid.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import type { Kind, Payload } from '../../codec/payload/verbs.ts'
import type { Did } from '../../model/ids.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { type BucketTables, type Committee, committeeKey, type Need, type Terms } from '../bucket/tables.ts'
import { termsOf } from '../bucket/terms.ts'
import { isOver } from '../bucket/transitions.ts'
import type { View } from '../records/view.ts'
import type { SlotFacts } from '../records/world.ts'
import { slotFacts } from '../system/slots.ts'
import type { HubTables } from '../system/tables.ts'

/** A need as an agent sees it: agreed state, and what it has heard beside. */
export interface Scene {
  readonly net: CID
  readonly generation: number
  readonly sha256: Sha256
  /** The last slot that the node holds. */
  readonly slot: SlotFacts
  /** Text of the NEED's id. */
  readonly id: string
  readonly cid: CID
  readonly bucket: number
  readonly hub: View<HubTables>
  readonly view: View<BucketTables>
  readonly need: Need
  readonly terms: Terms
  readonly payload: Payload<'NEED'>
  /** Checked envelopes of the need that the node holds. */
  readonly envelopes: Iterable<SingleEnvelope>
  /** Whether the agent has said the line with this key: what it says once need not be made again. */
  readonly hasSaid: (key: string) => boolean
}

export type SceneParts = Pick<
  Scene,
  | 'net'
  | 'generation'
  | 'sha256'
  | 'id'
  | 'cid'
  | 'bucket'
  | 'hub'
  | 'view'
  | 'payload'
  | 'envelopes'
  | 'hasSaid'
> & { readonly slotNumber: number }

/** The scene of a need that was opened and is not over; undefined otherwise, or before the first slot. */
export function sceneOf({ slotNumber, ...parts }: SceneParts): Scene | undefined {
  const { id, view, hub } = parts
  const [need, terms, slot] = [view.get('needs', id), termsOf(view, id), slotFacts(hub, slotNumber)]
  if (need === undefined || terms === undefined || slot === undefined || isOver(need.state)) return undefined
  return { ...parts, slot, need, terms }
}

export function committeeOf(
  { view, id }: Scene,
  role: Committee['role'],
  which: number | string,
): Committee | undefined {
  return view.get('committees', committeeKey(id, role, which))
}

/** A seat whose time ran out is none any more. */
export function hasSeat(committee: Committee | undefined, did: Did): committee is Committee {
  return committee?.seats.includes(did) === true && !committee.silent.includes(did)
}

/** Those of one verb, in the order in which the node came to hold them. */
export function envelopesOfKind<K extends Kind>(scene: Scene, kind: K): readonly SingleEnvelope<K>[] {
  return [...scene.envelopes].filter(
    ({ body }) => body.kind === kind,
  ) as unknown as readonly SingleEnvelope<K>[]
}

/** One of them by the text of its id. */
export function envelopeOf<K extends Kind>(scene: Scene, kind: K, id: string): SingleEnvelope<K> | undefined {
  return envelopesOfKind(scene, kind).find((one) => one.id === id)
}
