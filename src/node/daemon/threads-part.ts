import { AutomergeDocuments } from '../../adapters/automerge/documents.ts'
import { FrameFile } from '../../adapters/log-files/frame-file.ts'
import { decodeDagCbor } from '../../codec/dag-cbor/decode.ts'
import type { Envelope } from '../../codec/envelope/envelope.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import { FETCH_ENVELOPES_MAX } from '../../codec/fetch/messages.ts'
import type { Pooled } from '../../core/proposer/pool.ts'
import { STANDING, type Standing } from '../../core/proposer/standing.ts'
import { FaultError } from '../../model/fault.ts'
import type { Did, EnvelopeId, ThreadId } from '../../model/ids.ts'
import { LruMap } from '../../model/lru-map.ts'
import type { Mesh } from '../../ports/mesh.ts'
import { PlanBook } from '../../services/plan-sync/plan-book.ts'
import { PlanSync } from '../../services/plan-sync/plan-sync.ts'
import { EnvelopeFetch } from '../../services/threads/envelope-fetch.ts'
import { GapFiller } from '../../services/threads/gap-filler.ts'
import { HeadExchange } from '../../services/threads/head-exchange.ts'
import { serveEnvelopes } from '../../services/threads/serve-envelopes.ts'
import { THREADS_BYTES_MAX, ThreadBook } from '../../services/threads/thread-book.ts'
import { homePaths } from '../home.ts'
import { offline } from '../offline.ts'
import type { HeartPart } from './heart-part.ts'

export interface ThreadsPartOptions {
  readonly home: string
  /** Text of the network's id. */
  readonly net: string
  /** Text of the network's capsule; empty: none. */
  readonly capsule: string
  readonly mesh: Mesh
  readonly heart: HeartPart
  readonly tell: (text: string) => void
  /** The process must end; what is stored is right. */
  readonly onFault: (error: unknown) => void
}

export interface ThreadsPart {
  readonly book: ThreadBook
  /** As `HeartDeps.onThreadOnly`. */
  readonly onThreadOnly: (envelope: SingleEnvelope) => void
  /** Envelopes that a peer brought by gossip were taken: what is missing before them is asked for. False: none was kept. */
  readonly onBrought: (peer: Did, envelopes: readonly Envelope[]) => boolean
  /** After the heart was started: what the disk holds, then what peers have. */
  start(): void
  stop(): Promise<void>
}

/** Threads of which it is remembered which need is in them, or was: the last of each. */
const THREADS_REMEMBERED = 65_536
const FLUSH_MS = 1_000
const NOT_SIGNED = 'an envelope that is not its sender’s'

/**
 * What is said in threads beside entries: kept, shown to peers, fetched from them; and the plans that follow from it, which
 * peers bring together by documents. Faults `store-io`, `store-damaged`.
 */
export function openThreadsPart(options: ThreadsPartOptions): ThreadsPart {
  const { home, net, capsule, mesh, heart, tell, onFault } = options
  const { crypto, clock } = offline
  const { sha256 } = crypto
  const { world } = heart
  const plans = new PlanBook(sha256)
  const store = FrameFile.open(homePaths(home).threads, THREADS_BYTES_MAX)
  const known = new LruMap<ThreadId, string>(THREADS_REMEMBERED)
  /** A party of the thread's last need, or whoever has an account. */
  const standingOf = (thread: ThreadId, sender: Did): Standing => {
    if (heart.heart.hub().get('accounts', sender) === undefined) return STANDING.stranger
    const need = known.get(thread)
    const standing = need === undefined ? STANDING.known : heart.heart.standing(need, sender)
    return standing === STANDING.party ? standing : STANDING.known
  }
  const book = new ThreadBook({
    plans,
    store,
    isThread: (thread) => known.get(thread) !== undefined,
    standingOf,
    isAllowed: (envelope) => world.judge(capsule, envelope, heart.heart.slot().n).ok,
  })
  const fetch = new EnvelopeFetch({ net, mesh })
  const onMiss = (fault: Error, peer: Did): void => tell(`threads: ${peer}: ${fault.message}`)
  const open = (field: Pooled['field']): SingleEnvelope | undefined => {
    const opened = world.openEnvelope(field, heart.heart.slot().timeMs)
    return opened.ok ? opened.value : undefined
  }
  const takeField = (field: Pooled['field']): boolean => {
    const envelope = open(field)
    if (envelope !== undefined) book.take(envelope)
    return envelope !== undefined
  }
  const filler = new GapFiller({ fetch, threads: book, takeField, onFault: onMiss, onDefect: onFault })
  const documents = new AutomergeDocuments({ clock })
  const fetchEnvelopes = async (peer: Did, thread: ThreadId, ids: readonly EnvelopeId[]): Promise<void> => {
    for (let at = 0; at < ids.length; at += FETCH_ENVELOPES_MAX) {
      const fields = await fetch.ofThread(peer, thread, ids.slice(at, at + FETCH_ENVELOPES_MAX))
      const envelopes = fields.map(open)
      if (envelopes.some((one) => one === undefined)) return fetch.blame(peer, NOT_SIGNED)
      // What is good and has no place here (yet) would make the peer's document look poisoned: the next sync tries again.
      const isRefused = envelopes.some((one) => one && !book.take(one) && !book.has(one.body.thread, one.id))
      if (isRefused) throw new FaultError('peer-refused', `thread ${thread} has no place here`)
    }
  }
  const note = (need: string): void => {
    const thread = heart.heart.needEnvelope(need)?.body.thread
    if (thread !== undefined) known.set(thread, need)
  }
  let parts:
    | { readonly exchange: HeadExchange; readonly sync: PlanSync; readonly stopFlush: () => void }
    | undefined
  return {
    book,
    onThreadOnly: (envelope) => void book.take(envelope),
    onBrought(peer, envelopes) {
      const kept = envelopes.filter(({ id, body }) => book.has(body.thread, id))
      for (const envelope of kept) filler.took(peer, envelope)
      return kept.length > 0
    },
    start() {
      for (const need of heart.heart.openNeeds()) note(need)
      heart.heart.onNeed(note)
      book.restore((stored) => {
        const decoded = decodeDagCbor(stored)
        return decoded.ok ? open(decoded.value as Pooled['field']) : undefined
      })
      serveEnvelopes({ net, mesh, needs: heart.heart, threads: book, sha256, clock })
      const needs = heart.heart
      const exchange = HeadExchange.open({
        mesh,
        fetch,
        needs,
        sha256,
        clock,
        onFault: onMiss,
        onDefect: onFault,
      })
      const sync = PlanSync.open({
        net,
        mesh,
        documents,
        book: plans,
        fetchEnvelopes,
        clock,
        onFault: onMiss,
      })
      parts = { exchange, sync, stopFlush: everyMs(FLUSH_MS, () => store.flush(), onFault) }
    },
    async stop() {
      parts?.stopFlush()
      await parts?.exchange.close()
      await parts?.sync.close()
      await filler.close()
      await documents.close()
      store.flush()
      store.close()
    },
  }
}

/** Gives what ends it. */
function everyMs(ms: number, task: () => void, onFault: (error: unknown) => void): () => void {
  let cancel: () => void = () => undefined
  const again = (): void => {
    cancel = offline.clock.after(ms, () => {
      try {
        task()
        again()
      } catch (error) {
        onFault(error)
      }
    })
  }
  again()
  return () => cancel()
}
