import type { CID } from '../../codec/cid.ts'
import type { BodyDraft } from '../../codec/envelope/body.ts'
import { draftBody, encodeBody } from '../../codec/envelope/draft-body.ts'
import { noPolicyDigest } from '../../codec/envelope/no-policy.ts'
import { type ReadBody, type ReadContext, readBody } from '../../codec/envelope/read-body.ts'
import { checkPayload } from '../../codec/payload/check-payload.ts'
import { canOpen, type Kind, type Payload, VERBS } from '../../codec/payload/verbs.ts'
import type { Did, ThreadId } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { nextIn, type ThreadPlace } from './thread-place.ts'

/** What somebody wants to say. */
export interface Draft {
  readonly thread: ThreadId
  readonly kind: Kind
  readonly payload: Payload
}

export interface DraftWorld extends ReadContext {
  readonly sender: Did
  /** Wall clock, milliseconds: no rule reads it. */
  readonly ts: number
}

/**
 * A body up to its policy digest. `present`: the capsule of new threads, and of all that an account says in its own. Rejects
 * as `checkPayload`; UNKNOWN_THREAD where nothing of the thread was seen and this cannot open it.
 */
export function startDraft(
  { thread, kind, payload }: Draft,
  place: ThreadPlace,
  present: CID,
  { net, sender, ts }: DraftWorld,
): Result<BodyDraft, Rejection> {
  const checked = checkPayload(kind, payload)
  if (!checked.ok) return checked
  const { seq, lamport, prev } = nextIn(place)
  if (prev.length === 0 && !canOpen(kind)) {
    return reject('UNKNOWN_THREAD', `nothing of thread ${thread} was seen`, 'thread')
  }
  const capsule = VERBS[kind].thread === 'account' ? present : (place.capsule ?? present)
  const parts = { net, thread, kind, lamport, sender, seq, ts, prev, capsule, payload }
  return ok(draftBody(parts as unknown as Parameters<typeof draftBody>[0]))
}

/** The body, read as others will read it. `digest` is absent where there is no capsule. Rejects as `readBody`, and what `digest` rejects. */
export function finishDraft(
  draft: BodyDraft,
  digest: Result<Uint8Array, Rejection> | undefined,
  world: DraftWorld,
): Result<ReadBody, Rejection> {
  if (digest?.ok === false) return digest
  const { sha256, net } = world
  return readBody(encodeBody(draft, digest?.value ?? noPolicyDigest(draft, sha256)), { net, sha256 })
}
