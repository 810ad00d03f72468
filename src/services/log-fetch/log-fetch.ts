import type { Certificate } from '../../codec/certificate/certificate.ts'
import { certificateOf } from '../../codec/certificate/certificate.ts'
import type { Frontier } from '../../codec/certificate/frontier.ts'
import type { TreeHead } from '../../codec/certificate/tree-head.ts'
import { type VoterLink, voterLinkOf } from '../../codec/certificate/voter-chain.ts'
import {
  decodeLogAnswer,
  encodeLogMessage,
  LOG_ANSWER_BYTES_MAX,
  type LogAnswer,
  type LogRequest,
} from '../../codec/log-fetch/messages.ts'
import type { CertificateContext } from '../../core/certificate/verify-certificate.ts'
import {
  extendChainAll,
  latestConfig,
  type VoterChain,
  verifyInChain,
} from '../../core/certificate/voter-chain.ts'
import { FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { Mesh } from '../../ports/mesh.ts'
import { checkPage, type LogPage, type WantedTree } from './log-page.ts'

/** What a peer shows of a machine's log, checked. */
export interface NewestTree {
  readonly certificate: Certificate
  readonly head: TreeHead
  /** The chain that was given, with the changes of voters that lead to the head. */
  readonly chain: VoterChain
  /** Those changes: a log that is kept needs the certificate of each. */
  readonly links: readonly VoterLink[]
}

export interface LogFetchDeps {
  /** Text of the network's id. */
  readonly net: string
  readonly mesh: Pick<Mesh, 'request' | 'penalise'>
  readonly sha256: Sha256
  readonly clock: Pick<Clock, 'monotonicMs'>
}

const TIMEOUT_MS = 10_000
/** Of one peer at a time: one that answers a leaf at a time, and late, holds up nobody for ever. */
const PAGES_MS = 30_000
/** Half of what leads to a ban: no honest node says this. */
const LIE_POINTS = 35

export function logProtocol(net: string): string {
  return `/canswarm/${net}/log/1`
}

/**
 * Fetches logs of machines, hub and buckets, from a peer: the other side is `serveLogs`. A voter that was given a snapshot
 * gets the pieces that its log lacks; a node that is no voter follows the network by it.
 *
 *     const newest = await fetch.newest(peer, machine, chain, context)      // a follower: what is certified
 *     for await (const page of fetch.pages(peer, tree, frontier)) store(page)  // leaves from `frontier.size` on
 *
 * 1. Nothing is given out unchecked: each page's records are the leaves that follow `frontier` in the tree whose root was
 *    asked for (RFC 6962 consistency), an item's bytes are those that its leaf names, and what is said to be between hosts
 *    is. Facts of slots are those that the leaves of their slots name.
 * 2. A page is at most `LOG_ANSWER_BYTES_MAX` bytes and 1,024 leaves, and the next one is asked for when the caller is
 *    done with the last. What was stored of pages stays good: go on from `page.frontier`, with any peer.
 * 3. After 30 s there is no next page: `peer-refused`, and others have their turn.
 * 4. A peer that says what no honest one does is charged. Every way of not getting on is a `FaultError`: `peer-refused`
 *    (it does not have the leaves, or lied), `peer-unreachable`, `peer-gone`.
 *
 * Source: consensus.md, "Membership"; record.md, "History and export"; network.md (fetch).
 */
export class LogFetch {
  readonly #deps: LogFetchDeps

  constructor(deps: LogFetchDeps) {
    this.#deps = deps
  }

  /**
   * The newest certificate of which a peer has all leaves. `chain` are the machine's voters as far as they are known:
   * `startChain(firstVoters(genesis, machine))` at first, then the chain of the last answer. Undefined: the peer has none.
   */
  async newest(
    peer: Did,
    machine: number,
    chain: VoterChain,
    context: CertificateContext,
  ): Promise<NewestTree | undefined> {
    const after = latestConfig(chain).version
    const answer = await this.#ask(peer, { v: 1, kind: 'newest', machine, after })
    if (answer.kind !== 'newest' || answer.certificate === undefined) return undefined
    const certificate = certificateOf(answer.certificate)
    const links = answer.links.map(voterLinkOf)
    const extended = this.#sound(peer, extendChainAll(chain, links, context))
    const head = this.#sound(peer, verifyInChain(extended, certificate, context))
    return { certificate, head, chain: extended, links }
  }

  /** Leaves from `frontier` (what is kept already) to the end of the tree, page by page. */
  async *pages(peer: Did, wanted: WantedTree, frontier: Frontier): AsyncGenerator<LogPage, void, undefined> {
    const { machine, size } = wanted
    const { clock, sha256 } = this.#deps
    const endMs = clock.monotonicMs() + PAGES_MS
    for (let at = frontier; at.size < size; ) {
      if (clock.monotonicMs() >= endMs) throw new FaultError('peer-refused', `${peer} had its time`)
      const answer = await this.#ask(peer, { v: 1, kind: 'page', machine, from: at.size, size })
      if (answer.kind !== 'page')
        throw new FaultError('peer-refused', `${peer} has no ${size} leaves of machine ${machine}`)
      const page = this.#sound(peer, checkPage(wanted, at, answer, sha256))
      yield page
      at = page.frontier
    }
  }

  async #ask(peer: Did, request: LogRequest): Promise<LogAnswer> {
    const { mesh, net } = this.#deps
    const options = { timeoutMs: TIMEOUT_MS, answerBytesMax: LOG_ANSWER_BYTES_MAX }
    const body = await mesh.request(peer, logProtocol(net), encodeLogMessage(request), options)
    return this.#sound(peer, decodeLogAnswer(body))
  }

  #sound<Value>(peer: Did, result: Result<Value, Rejection>): Value {
    if (result.ok) return result.value
    this.#deps.mesh.penalise(peer, LIE_POINTS, `a log: ${result.error.message}`)
    throw new FaultError('peer-refused', `${peer}: ${result.error.code}: ${result.error.message}`)
  }
}
