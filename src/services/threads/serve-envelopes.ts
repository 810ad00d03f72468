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

/** Answers `EnvelopeFetch` of other nodes, strangers too, from what this node holds. */
export function serveEnvelopes(deps: ServeEnvelopesDeps): void {
  deps.mesh.handleRequest(fetchProtocol(deps.net), REQUEST_LIMITS, (from: Did, body) => {
    const request = decodeFetchRequest(body)
    if (request.ok) return encodeFetch(answerTo(deps, request.value))
    deps.mesh.penalise(from, MALFORMED_POINTS, `asked for envelopes: ${request.error.message}`)
    return encodeFetch({ kind: 'envelopes', envelopes: [] })
  })
}

function answerTo(deps: ServeEnvelopesDeps, request: FetchRequest): FetchAnswer {
  const { needs, threads } = deps
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
      return headsOf(deps, request.after)
    case 'said':
      return {
        kind: 'said',
        said: request.needs.map((need) => {
          const said = needs.news(envelopeIdOf(need)).slice(0, SAID_MAX)
          return [need, said.map(({ envelope: { id } }) => cidOfId(id))]
        }),
      }
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

/** Needs of which nothing was said have no place in a page: the next one is asked for behind the last that is named. */
function headsOf({ needs, sha256 }: ServeEnvelopesDeps, after: CID | undefined): FetchAnswer {
  const begin = after === undefined ? '' : envelopeIdOf(after)
  const spoken = [...needs.openNeeds()].filter((need) => need > begin && needs.news(need).length > 0).sort()
  const heads = spoken.slice(0, HEADS_MAX).flatMap((need): [CID, Uint8Array][] => {
    const head = headOf(needs.news(need), sha256)
    return head === undefined ? [] : [[cidOfId(need), head]]
  })
  return { kind: 'heads', heads, more: spoken.length > HEADS_MAX }
}

/** The first bytes of SHA-256 over the ids, ascending; undefined where nothing was said. */
export function headOf(said: readonly Pooled[], sha256: Sha256): Uint8Array | undefined {
  if (said.length === 0) return undefined
  const ids = said.map(({ envelope: { id } }) => id).sort()
  return sha256(concatBytes(...ids.map((id) => new TextEncoder().encode(id)))).slice(0, HEAD_BYTES)
}
