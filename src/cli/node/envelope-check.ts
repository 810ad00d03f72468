import { type CID, isId, parseCid } from '../../codec/cid.ts'
import { decodeDagCbor } from '../../codec/dag-cbor/decode.ts'
import { acceptedKeys } from '../../codec/did/accepted-keys.ts'
import type { SigningDelegation } from '../../codec/envelope/delegation.ts'
import { headerOf } from '../../codec/envelope/envelope.ts'
import { readEnvelope } from '../../codec/envelope/single-form.ts'
import { VerifiedRoots } from '../../codec/envelope/verified-roots.ts'
import type { VerifyContext } from '../../codec/envelope/verify-root.ts'
import { type SingleEnvelope, verifyEnvelope } from '../../codec/envelope/verify-single.ts'
import type { Ipld } from '../../codec/ipld.ts'
import { THREAD_LIMITS } from '../../core/thread/limits.ts'
import { stepThread } from '../../core/thread/step.ts'
import { applyWrites, emptyThread, type ThreadMaps, threadView } from '../../core/thread/view.ts'
import type { ThreadId } from '../../model/ids.ts'
import { type Rejection } from '../../model/rejection.ts'
import { err, type Result } from '../../model/result.ts'
import { offline } from '../../node/offline.ts'
import { refuse, unwrap } from '../failure.ts'
import type { FiledEnvelope } from './envelope-file.ts'

/** Checks envelopes of one network by the rule itself, by no budget and with no worker. */
export function envelopeChecker(net: CID, delegations: readonly SigningDelegation[] = []) {
  const { crypto, clock } = offline
  const context: VerifyContext = {
    net,
    sha256: crypto.sha256,
    keys: acceptedKeys(crypto),
    verifiedRoots: new VerifiedRoots(),
    delegationsOf: (agent, node) => delegations.filter((one) => one.agent === agent && one.node === node),
    atMs: clock.nowMs(),
  }
  return ({ value }: FiledEnvelope): Result<SingleEnvelope, Rejection> => {
    if (!value.ok) return value
    const read = readEnvelope(value.value, context)
    return read.ok ? verifyEnvelope(read.value, context, crypto.verify) : read
  }
}

/** The network that an option names. Rejects MALFORMED. */
export function parseNetwork(text: string): CID {
  const cid = unwrap(parseCid(text), '--network')
  return isId(cid) ? cid : refuse('MALFORMED', 'a network is named by the CID of its genesis')
}

/** The network that an envelope says it is of; undefined when it says nothing readable. */
export function networkIn({ value }: FiledEnvelope): CID | undefined {
  const body = value.ok ? field(value.value, 'body') : undefined
  if (!(body instanceof Uint8Array)) return undefined
  const decoded = decodeDagCbor(body)
  const net = decoded.ok ? field(decoded.value, 'net') : undefined
  return net instanceof Object && 'multihash' in net && isId(net as CID) ? (net as CID) : undefined
}

function field(value: Ipld | undefined, name: string): Ipld | undefined {
  const isMap = typeof value === 'object' && value !== null
  return isMap && Object.hasOwn(value, name) ? (value as { readonly [key: string]: Ipld })[name] : undefined
}

/** Threads as the given envelopes leave them, and what each envelope's place in its thread was judged to be. */
export class Threads {
  readonly #byId = new Map<ThreadId, ThreadMaps>()

  get all(): readonly ThreadMaps[] {
    return [...this.#byId.values()]
  }

  of(thread: ThreadId): ThreadMaps {
    const known = this.#byId.get(thread)
    if (known !== undefined) return known
    const maps = emptyThread(thread)
    this.#byId.set(thread, maps)
    return maps
  }

  /** Whether it is accepted or held; or why it can never be part of its thread. */
  add(envelope: SingleEnvelope): Result<'accepted' | 'held', Rejection> {
    const header = headerOf(envelope)
    const maps = this.of(header.thread)
    const step = stepThread(threadView(maps), header, THREAD_LIMITS)
    applyWrites(maps, step.writes)
    return step.result.ok ? { ok: true, value: step.result.value.kind } : err(step.result.error)
  }
}
