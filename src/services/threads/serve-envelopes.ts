import { concatBytes } from '../../codec/bytes.ts'
import { type CID, envelopeIdOf } from '../../codec/cid.ts'
import {
  decodeFetchRequest,
  encodeFetch,
  FETCH_ANSWER_BYTES_MAX,
  FETCH_BYTES_TARGET,
  FETCH_ENVELOPES_MAX,
  FETCH_REQUEST_BYTES_MAX,
  type FetchAnswer,
  type FetchRequest,
  HEAD_BYTES,
  HEADS_MAX,
  SAID_MAX,
} from '../../codec/fetch/messages.ts'
import { cidOfId } from '../../core/bucket/need-turn.ts'
import type { Pooled } from '../../core/proposer/pool.ts'
import type { Did } from '../../model/ids.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { Mesh } from '../../ports/mesh.ts'
import { fetchProtocol } from './envelope-fetch.ts'
import type { ThreadBook } from './thread-book.ts'

/** What was said in needs that are open, and no entry has carried. */
export interface SaidInNeeds {
  openNeeds(): Iterable<string>
  news(need: string): readonly Pooled[]
}

export interface ServeEnvelopesDeps {
  /** Text of the network's id. */
  readonly net: string
  readonly mesh: Pick<Mesh, 'handleRequest' | 'penalise'>
  readonly needs: SaidInNeeds
  readonly threads: ThreadBook
  readonly sha256: Sha256
  readonly clock: Pick<Clock, 'monotonicMs'>
}

const REQUEST_LIMITS = {
  bodyBytesMax: FETCH_REQUEST_BYTES_MAX,
  answerBytesMax: FETCH_ANSWER_BYTES_MAX,
  inFlightPerPeerMax: 4,
  timeoutMs: 10_000,
  perSecondMax: 20,
  burstMax: 100,
}
const MALFORMED_POINTS = 10
/** What is shown of heads is so old at most: every open need is looked at for it, and strangers may ask often. */
const HEADS_MS = 1_000
/** Ids of one answer: what is left out is asked for the next time, when less is missing. */
const SAID_IDS_MAX = 4_096

/** Answers `EnvelopeFetch` of other nodes, strangers too, from what this node holds. */
export function serveEnvelopes(deps: ServeEnvelopesDeps): void {
  const heads = new Heads(deps)
  deps.mesh.handleRequest(fetchProtocol(deps.net), REQUEST_LIMITS, (from: Did, body) => {
    const request = decodeFetchRequest(body)
    if (request.ok) return encodeFetch(answerTo(deps, heads, request.value))
    deps.mesh.penalise(from, MALFORMED_POINTS, `asked for envelopes: ${request.error.message}`)
    return encodeFetch({ kind: 'envelopes', envelopes: [] })
  })
}

function answerTo({ needs, threads }: ServeEnvelopesDeps, heads: Heads, request: FetchRequest): FetchAnswer {
  switch (request.kind) {
    case 'of-need': {
      const asked = new Set(request.ids.map(envelopeIdOf))
      const said = needs.news(envelopeIdOf(request.need)).filter(({ envelope: { id } }) => asked.has(id))
      return envelopesOf(said.map(({ field, envelope }) => ({ field, bytes: envelope.bytes.length })))
    }
    case 'of-thread':
      return envelopesOf(threads.ofThread(request.thread, request.ids.map(envelopeIdOf)))
    case 'range': {
      const { thread, sender, from, to } = request
      return envelopesOf(threads.range(thread, sender, from, to))
    }
    case 'heads':
      return heads.page(request.after)
    case 'said':
      return { kind: 'said', said: saidIn(needs, request.needs) }
    default:
      return request satisfies never
  }
}

function envelopesOf(
  kept: readonly { readonly field: Pooled['field']; readonly bytes: number }[],
): FetchAnswer {
  const envelopes: Pooled['field'][] = []
  for (
    let at = 0, bytes = 0;
    at < Math.min(kept.length, FETCH_ENVELOPES_MAX) && bytes < FETCH_BYTES_TARGET;
    at++
  ) {
    const one = kept[at] as (typeof kept)[number]
    envelopes.push(one.field)
    bytes += one.bytes
  }
  return { kind: 'envelopes', envelopes }
}

/** A need that is named twice is looked into once. */
function saidIn(needs: SaidInNeeds, asked: readonly CID[]): [CID, CID[]][] {
  let left = SAID_IDS_MAX
  const byId = new Map(asked.map((need) => [envelopeIdOf(need), need]))
  return [...byId].map(([id, need]): [CID, CID[]] => {
    const said = needs.news(id).slice(0, Math.min(left, SAID_MAX))
    left -= said.length
    return [need, said.map(({ envelope }) => cidOfId(envelope.id))]
  })
}

/** Heads of open needs, each made at most once a second, whoever asks. */
class Heads {
  readonly #deps: Pick<ServeEnvelopesDeps, 'needs' | 'sha256' | 'clock'>
  #atMs = Number.NEGATIVE_INFINITY
  #needs: readonly string[] = []
  #heads = new Map<string, Uint8Array | undefined>()

  constructor(deps: Pick<ServeEnvelopesDeps, 'needs' | 'sha256' | 'clock'>) {
    this.#deps = deps
  }

  /** Needs of which nothing was said have no place in a page: the next one is asked for behind the last that is named. */
  page(after: CID | undefined): FetchAnswer {
    this.#renew()
    const begin = after === undefined ? '' : envelopeIdOf(after)
    const heads: [CID, Uint8Array][] = []
    for (const need of this.#needs) {
      const head = need > begin ? this.#headOf(need) : undefined
      if (head === undefined) continue
      if (heads.length === HEADS_MAX) return { kind: 'heads', heads, more: true }
      heads.push([cidOfId(need), head])
    }
    return { kind: 'heads', heads, more: false }
  }

  #renew(): void {
    const now = this.#deps.clock.monotonicMs()
    if (now - this.#atMs < HEADS_MS) return
    this.#atMs = now
    this.#needs = [...this.#deps.needs.openNeeds()].sort()
    this.#heads = new Map()
  }

  #headOf(need: string): Uint8Array | undefined {
    if (!this.#heads.has(need)) this.#heads.set(need, headOf(this.#deps.needs.news(need), this.#deps.sha256))
    return this.#heads.get(need)
  }
}

/** The first bytes of SHA-256 over the ids, ascending; undefined where nothing was said. */
export function headOf(said: readonly Pooled[], sha256: Sha256): Uint8Array | undefined {
  if (said.length === 0) return undefined
  const ids = said.map(({ envelope: { id } }) => id).sort()
  return sha256(concatBytes(...ids.map((id) => new TextEncoder().encode(id)))).slice(0, HEAD_BYTES)
}
