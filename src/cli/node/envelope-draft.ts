import type { CID } from '../../codec/cid.ts'
import type { BodyDraft } from '../../codec/envelope/body.ts'
import { draftBody, encodeBody } from '../../codec/envelope/draft-body.ts'
import { headerOf } from '../../codec/envelope/envelope.ts'
import { noCapsule, noPolicyDigest } from '../../codec/envelope/no-policy.ts'
import { type ReadBody, readBody } from '../../codec/envelope/read-body.ts'
import { accountThreadOf, threadIdOf } from '../../codec/envelope/thread-id.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import type { Ipld } from '../../codec/ipld.ts'
import { checkPayload } from '../../codec/payload/check-payload.ts'
import { type Kind, VERBS } from '../../codec/payload/verbs.ts'
import type { CheckedCapsule } from '../../core/policy/capsule-check.ts'
import { type Judgement, passPreflight } from '../../core/policy/gates.ts'
import { inputOfDraft } from '../../core/policy/input.ts'
import { judgeList } from '../../core/policy/judge-list.ts'
import { THREAD_LIMITS } from '../../core/thread/limits.ts'
import { nextFor } from '../../core/thread/next.ts'
import { senderGaps } from '../../core/thread/queries.ts'
import { stepThread } from '../../core/thread/step.ts'
import { applyWrites, type ThreadMaps, threadView } from '../../core/thread/view.ts'
import type { Did, ThreadId } from '../../model/ids.ts'
import { offline } from '../../node/offline.ts'
import { refuse, unwrap, usageError } from '../failure.ts'
import { Threads } from './envelope-check.ts'

/** What somebody wants to say. */
export interface Wish {
  readonly place: string
  readonly kind: Kind
  /** Not checked yet. */
  readonly payload: Ipld
}

export interface DraftRequest {
  readonly net: CID
  readonly sender: Did
  /** The thread so far. */
  readonly before: readonly SingleEnvelope[]
  readonly wishes: readonly Wish[]
  /** Else that of the thread so far, else that of the network, else none. */
  readonly capsule: CID | undefined
  /** Of the network, which is asked before its envelopes are signed. */
  readonly policy: CheckedCapsule | undefined
  /** Milliseconds since 1970. */
  readonly ts: number
}

/** Bodies of the sender, each after all before it, in one thread. Refuses what would not be lawful there. */
export function draftEnvelopes(request: DraftRequest): readonly ReadBody[] {
  const { before, wishes, sender } = request
  const threads = new Threads()
  for (const envelope of before) unwrap(placed(threads, envelope), envelope.id)
  const [first] = before
  return wishes.map((wish) => {
    const maps = threads.of(threadOf(request, wish, first?.body.thread))
    if (senderGaps(threadView(maps)).some((gap) => gap.sender === sender)) {
      refuse('CONFLICT', `envelopes of ${sender} are missing from the thread so far`, wish.place)
    }
    return draft(request, wish, maps, request.capsule ?? first?.body.capsule ?? request.policy?.cid)
  })
}

function placed(threads: Threads, envelope: SingleEnvelope) {
  const added = threads.add(envelope)
  return !added.ok && added.error.code === 'DUPLICATE'
    ? { ok: true as const, value: 'accepted' as const }
    : added
}

function draft(
  { net, sender, ts, policy }: DraftRequest,
  wish: Wish,
  maps: ThreadMaps,
  capsule: CID | undefined,
): ReadBody {
  const { sha256 } = offline.crypto
  const payload = unwrap(checkPayload(wish.kind, wish.payload), wish.place)
  const { thread } = maps
  const place = nextFor(threadView(maps), sender)
  const parts = {
    net,
    thread,
    kind: wish.kind,
    sender,
    ts,
    capsule: capsule ?? noCapsule(sha256),
    payload,
    ...place,
  }
  const drafted = draftBody<Kind>(parts as Parameters<typeof draftBody<Kind>>[0])
  const bytes = encodeBody(drafted, digestOf(drafted, policy, wish.place))
  const body = unwrap(readBody(bytes, { net, sha256 }), wish.place)
  const step = stepThread(threadView(maps), headerOf(body), THREAD_LIMITS)
  const outcome = unwrap(step.result, wish.place)
  if (outcome.kind === 'held') refuse('UNKNOWN_THREAD', `thread ${thread} is not open`, wish.place)
  applyWrites(maps, step.writes)
  return body
}

/** PREFLIGHT: refuses what the policy denies. Of another capsule than the network's nothing is known here. */
function digestOf(drafted: BodyDraft, policy: CheckedCapsule | undefined, place: string): Uint8Array {
  const { sha256 } = offline.crypto
  if (policy?.cid.equals(drafted.capsule) !== true) return noPolicyDigest(drafted, sha256)
  const [judgement] = judgeList(policy, [inputOfDraft(drafted)], sha256)
  return unwrap(passPreflight(judgement as Judgement), place)
}

function threadOf(
  { net, sender }: DraftRequest,
  { kind, payload, place }: Wish,
  soFar: ThreadId | undefined,
): ThreadId {
  const { sha256 } = offline.crypto
  if (VERBS[kind].thread === 'account') return accountThreadOf(net, sender, sha256)
  if (kind !== 'NEED') {
    if (soFar !== undefined) return soFar
    throw usageError(`${kind} belongs to a thread that a NEED opened`, 'give the thread so far with --after')
  }
  const need = unwrap(checkPayload(kind, payload), place)
  return threadIdOf(net, sender, need.idempotency_key, sha256)
}
