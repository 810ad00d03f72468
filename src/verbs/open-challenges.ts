import { equalBytes } from '../codec/bytes.ts'
import { decodeDagCbor } from '../codec/dag-cbor/decode.ts'
import { PAYLOAD_BYTES_MAX } from '../codec/envelope/limits.ts'
import { checkPayload } from '../codec/payload/check-payload.ts'
import { challengeCommitment } from '../codec/payload/commitments.ts'
import type { Payload } from '../codec/payload/verbs.ts'
import { type Challenge, challengeKey } from '../core/bucket/tables.ts'
import { assert } from '../model/fault.ts'
import type { ThreadId } from '../model/ids.ts'
import { challengeOwner } from './challenge.ts'
import { placeOf } from './need-view.ts'
import type { NodeServices } from './services.ts'

/**
 * Shows what this node's challenges committed to, as soon as their bonds are locked; from what the content store keeps, so
 * that a restart forgets none. What is shown, or too late, is let go. `onFault`: of the store or the author. The returned
 * function ends it.
 */
export function openChallenges(services: NodeServices, onFault: (fault: unknown) => void): () => void {
  const shown = new Set<string>()
  const look = (need: string): void => {
    const committed = committedOf(services, need)
    for (const [id, challenge] of committed) {
      if (shown.has(id)) continue
      shown.add(id)
      show(services, need, challenge).catch((fault: unknown) => {
        shown.delete(id)
        onFault(fault)
      })
    }
    if (placeOf(services, need)?.need.over !== undefined) void services.content.unpin(challengeOwner(need))
  }
  for (const need of services.heart.openNeeds()) look(need)
  return services.heart.onNeed(look)
}

/** Challenges of this node whose bond is locked, and which were not shown. */
function committedOf(services: NodeServices, need: string): readonly (readonly [string, Challenge])[] {
  const place = placeOf(services, need)
  return (place?.need.challenges ?? []).flatMap((id) => {
    const challenge = place?.view.get('challenges', challengeKey(need, id))
    const isOwn = challenge?.challenger === services.author.did && challenge.state === 'committed'
    return isOwn ? [[id, challenge] as const] : []
  })
}

/** A commitment that something else made (the challenger role has its own) opens none of what is kept here. */
async function show(services: NodeServices, need: string, { hash }: Challenge): Promise<void> {
  const { author, heart, sha256 } = services
  const thread = placeOf(services, need)?.view.get('terms', need)?.thread
  for (const payload of await keptFor(services, need)) {
    const commitment = challengeCommitment(heart.net, author.did, payload, sha256)
    if (thread === undefined || !equalBytes(commitment, hash)) continue
    const said = await author.say(thread as ThreadId, 'CHALLENGE', payload)
    assert(said.ok, 'what was committed to can be said')
    return
  }
}

async function keptFor({ content }: NodeServices, need: string): Promise<readonly Payload<'CHALLENGE'>[]> {
  const kept: Payload<'CHALLENGE'>[] = []
  for (const cid of content.pinsOf(challengeOwner(need))) {
    const decoded = decodeDagCbor(await content.get(cid, { bytesMax: PAYLOAD_BYTES_MAX }))
    const payload = decoded.ok ? checkPayload('CHALLENGE', decoded.value) : decoded
    if (payload.ok) kept.push(payload.value)
  }
  return kept
}
