import type { CID } from '../../../codec/cid.ts'
import type { Kind, Payload } from '../../../codec/payload/verbs.ts'
import { cidOfId } from '../../../core/bucket/need-turn.ts'
import {
  type BucketTables,
  type Committee,
  committeeKey,
  type Need,
  type Terms,
} from '../../../core/bucket/tables.ts'
import { termsOf } from '../../../core/bucket/terms.ts'
import { isOver } from '../../../core/bucket/transitions.ts'
import type { View } from '../../../core/records/view.ts'
import type { Sha256 } from '../../../ports/crypto.ts'
import type { Actor, Spoken } from '../actor.ts'
import type { Stage } from '../stage.ts'

/** A need as those see it who have a part in it. */
export interface Scene {
  readonly stage: Stage
  readonly id: string
  readonly cid: CID
  readonly bucket: number
  readonly view: View<BucketTables>
  readonly need: Need
  readonly terms: Terms
  readonly payload: Payload<'NEED'>
}

/** What somebody says in a scene; each thing once. */
export interface Line {
  /** What it is about, among the lines of one actor in one need. */
  readonly key: string
  readonly say: () => Spoken
}

/** Somebody's part in every need: looks at the scene, and has something to say or not. Keeps nothing but its own keys. */
export interface Part {
  readonly actor: Actor
  lines(scene: Scene): readonly Line[]
}

/** The scene of a need that was opened and is not over; undefined otherwise. */
export function sceneOf(stage: Stage, id: string, payload: Payload<'NEED'>): Scene | undefined {
  const bucket = stage.bucketOf(id)
  if (bucket === undefined) return undefined
  const view = stage.bucket(bucket).records
  const [need, terms] = [view.get('needs', id), termsOf(view, id)]
  if (need === undefined || terms === undefined || isOver(need.state)) return undefined
  return { stage, id, cid: cidOfId(id), bucket, view, need, terms, payload }
}

/** Says something in the need's thread. */
export function line<K extends Kind>(
  { stage, terms, cid }: Scene,
  actor: Actor,
  key: string,
  kind: K,
  payload: Omit<Payload<K>, 'need_id'>,
): Line {
  const whole = { ...payload, need_id: cid } as unknown as Payload<K>
  return { key, say: () => actor.say(kind, terms.thread as Spoken['thread'], whole, stage.timeMs) }
}

export function committeeOf(
  { view, id }: Scene,
  role: Committee['role'],
  which: number | string,
): Committee | undefined {
  return view.get('committees', committeeKey(id, role, which))
}

/** What an honest worker delivers: everybody can do the work again. For another capability than hashing, the stage says what. */
export function rightResult({ payload, stage }: Scene, sha256: Sha256): Uint8Array {
  const { input } = payload
  const known = stage.options.resultOf?.(payload)
  return known ?? sha256('inline' in input ? input.inline : new Uint8Array())
}
