import { contentCid } from './content.ts'
import { envelopesOfKind, type Scene } from './scene.ts'

/** What an attempt came to. */
export interface Delivered {
  /** Text of the COMMIT's id. */
  readonly id: string
  readonly attempt: number
  /** Text of its artifact's CID. */
  readonly artifact: string
}

/** The COMMIT of an attempt, of one that was rejected too; undefined where no entry carried one, or it was not heard. */
export function commitOf(scene: Scene, attempt: number): Delivered | undefined {
  const { need, view, sha256 } = scene
  if (need.attempt === attempt && need.commit !== undefined) {
    return { id: need.commit.id, attempt, artifact: need.commit.artifact }
  }
  const carried = new Set(view.get('envelopes', scene.id)?.map(({ id }) => id))
  const found = envelopesOfKind(scene, 'COMMIT').findLast(
    ({ id, body }) => carried.has(id) && body.payload.attempt === attempt,
  )
  if (found === undefined) return undefined
  return { id: found.id, attempt, artifact: contentCid(found.body.payload.artifact, sha256).toString() }
}
