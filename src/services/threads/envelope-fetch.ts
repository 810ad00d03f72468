import { type CID, envelopeIdOf } from '../../codec/cid.ts'
import {
  decodeFetchAnswer,
  encodeFetch,
  FETCH_ANSWER_BYTES_MAX,
  FETCH_ENVELOPES_MAX,
  type FetchAnswer,
  type FetchRequest,
} from '../../codec/fetch/messages.ts'
import { cidOfId } from '../../core/bucket/need-turn.ts'
import type { Pooled } from '../../core/proposer/pool.ts'
import { FaultError } from '../../model/fault.ts'
import type { Did, EnvelopeId, ThreadId } from '../../model/ids.ts'
import type { Mesh } from '../../ports/mesh.ts'

export function fetchProtocol(net: string): string {
  return `/canswarm/${net}/fetch/1`
}

export interface EnvelopeFetchDeps {
  /** Text of the network's id. */
  readonly net: string
  readonly mesh: Pick<Mesh, 'request' | 'penalise'>
}

const TIMEOUT_MS = 10_000
/** No honest node says this: three of them are a ban. */
const LIE_POINTS = 25

type Answer<Kind extends FetchAnswer['kind']> = Extract<FetchAnswer, { readonly kind: Kind }>

/**
 * Fetches envelopes from a peer: the other side is `serveEnvelopes`. Nothing of what it gives was checked. Faults
 * `peer-refused`, `peer-unreachable`, `peer-gone`.
 */
export class EnvelopeFetch {
  readonly #deps: EnvelopeFetchDeps

  constructor(deps: EnvelopeFetchDeps) {
    this.#deps = deps
  }

  /** Envelopes of an open need by their ids, as many as one answer holds. */
  async ofNeed(peer: Did, need: CID, ids: readonly CID[]): Promise<readonly Pooled['field'][]> {
    const asked = ids.slice(0, FETCH_ENVELOPES_MAX)
    return (await this.#ask(peer, { v: 1, kind: 'of-need', need, ids: asked }, 'envelopes')).envelopes
  }

  /** Envelopes of a thread by their ids, as many as one answer holds. */
  async ofThread(
    peer: Did,
    thread: ThreadId,
    ids: readonly EnvelopeId[],
  ): Promise<readonly Pooled['field'][]> {
    const asked = ids.slice(0, FETCH_ENVELOPES_MAX).map(cidOfId)
    return (await this.#ask(peer, { v: 1, kind: 'of-thread', thread, ids: asked }, 'envelopes')).envelopes
  }

  /** A sender's envelopes of a thread by their numbers, `to` included. */
  async range(
    peer: Did,
    thread: ThreadId,
    { sender, from, to }: { readonly sender: Did; readonly from: number; readonly to: number },
  ): Promise<readonly Pooled['field'][]> {
    return (await this.#ask(peer, { v: 1, kind: 'range', thread, sender, from, to }, 'envelopes')).envelopes
  }

  async heads(peer: Did, after: CID | undefined): Promise<Omit<Answer<'heads'>, 'kind'>> {
    const request = { v: 1 as const, kind: 'heads' as const }
    return await this.#ask(peer, after === undefined ? request : { ...request, after }, 'heads')
  }

  /** By need: ids of what was said in it. Needs that were not asked for are left out. */
  async said(peer: Did, needs: readonly CID[]): Promise<ReadonlyMap<string, readonly CID[]>> {
    const { said } = await this.#ask(peer, { v: 1, kind: 'said', needs: [...needs] }, 'said')
    const asked = new Set(needs.map(envelopeIdOf))
    return new Map(
      said.map(([need, ids]) => [envelopeIdOf(need), ids] as const).filter(([need]) => asked.has(need)),
    )
  }

  /** Something in an answer is not what it says. */
  blame(peer: Did, why: string): void {
    this.#deps.mesh.penalise(peer, LIE_POINTS, `fetch: ${why}`)
  }

  async #ask<Kind extends FetchAnswer['kind']>(
    peer: Did,
    request: FetchRequest,
    kind: Kind,
  ): Promise<Answer<Kind>> {
    const { mesh, net } = this.#deps
    const options = { timeoutMs: TIMEOUT_MS, answerBytesMax: FETCH_ANSWER_BYTES_MAX }
    const answer = decodeFetchAnswer(
      await mesh.request(peer, fetchProtocol(net), encodeFetch(request), options),
    )
    if (answer.ok && answer.value.kind === kind) return answer.value as Answer<Kind>
    const why = answer.ok ? `${answer.value.kind} for ${kind}` : answer.error.message
    this.blame(peer, why)
    throw new FaultError('peer-refused', `${peer}: ${why}`)
  }
}
