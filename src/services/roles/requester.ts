import type { ReadBody } from '../../codec/envelope/read-body.ts'
import { threadIdOf } from '../../codec/envelope/thread-id.ts'
import type { Payload } from '../../codec/payload/verbs.ts'
import { contentCid } from '../../core/agent/content.ts'
import { type Progress, progressOf } from '../../core/agent/requester.ts'
import { isOver, type NeedState } from '../../core/bucket/transitions.ts'
import { FaultError } from '../../model/fault.ts'
import { LruMap } from '../../model/lru-map.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Verdict } from '../../model/replicated.ts'
import type { Result } from '../../model/result.ts'
import { type ContentStore, FETCHED_CONTENT_BYTES_MAX } from '../../ports/content-store.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { Author } from '../author/author.ts'
import type { HeartView, Unsubscribe } from './heart-view.ts'
import { resultIn } from './results.ts'

/** Where a posted need stands. */
export type NeedNews =
  /** The hub has not decided about it yet, or its bucket is not drawn yet. */
  | { readonly kind: 'posted' | 'escrowed' }
  | { readonly kind: 'state'; readonly progress: Progress }
  /** The hub refused it. Nothing was escrowed, and nothing more comes of it. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  /** The last one. */
  | { readonly kind: 'over'; readonly state: NeedState; readonly progress?: Progress }

export interface RequesterDeps {
  readonly heart: HeartView & {
    readonly onHubVerdict?: (listener: (one: { id: string; verdict: Verdict }) => void) => Unsubscribe
  }
  readonly author: Pick<Author, 'did' | 'need'>
  readonly content: ContentStore
  readonly sha256: Sha256
  readonly onFault: (fault: unknown) => void
}

const OVER_STATES: Readonly<Record<string, NeedState>> = {
  settled: 'SETTLED',
  cancelled: 'CANCELLED',
  expired: 'EXPIRED',
  split: 'SPLIT',
}

/** Posts needs for one account, tells how they go, and keeps their results. Source: operations.md, "Agents" (requester). */
export class Requester {
  readonly #deps: RequesterDeps
  /** Of whatever the hub refused lately: the verdict may come before the NEED's id is known here. */
  readonly #refused = new LruMap<string, Extract<Verdict, { kind: 'rejected' }>>(4_096)
  /** The COMMIT of each open need whose result was kept. */
  readonly #kept = new Map<string, string>()
  #off: readonly Unsubscribe[] = []

  constructor(deps: RequesterDeps) {
    this.#deps = deps
  }

  start(): void {
    const { heart } = this.#deps
    const onVerdict = heart.onHubVerdict?.(({ id, verdict }) => {
      if (verdict.kind === 'rejected') this.#refused.set(id, verdict)
    })
    this.#off = [heart.onNeed((need) => this.#keep(need)), ...(onVerdict === undefined ? [] : [onVerdict])]
    for (const need of heart.openNeeds()) this.#keep(need)
  }

  stop(): void {
    for (const off of this.#off) off()
    this.#off = []
  }

  /** Says the NEED; its id names the need from then on. Once the hub has decided, the same key is another NEED: see `posted`. Rejects as `Author.need`. */
  async post(payload: Payload<'NEED'>): Promise<Result<ReadBody<'NEED'>, Rejection>> {
    return await this.#deps.author.need(payload)
  }

  /** Id of the need that this key was used for, whatever came of it; undefined where the hub knows of none. */
  posted(idempotencyKey: string): string | undefined {
    return this.#postedRow(idempotencyKey)?.need
  }

  /** News of a need of ours, from where it stands now until it is over or refused; a state that was passed meanwhile may be missing. */
  async *follow(need: string, idempotencyKey: string, signal?: AbortSignal): AsyncGenerator<NeedNews> {
    const { heart } = this.#deps
    const bell = new Bell(signal)
    const off = [heart.onNeed((one) => one === need && bell.ring()), heart.onSlot(() => bell.ring())]
    try {
      for (let last = ''; ; await bell.rung()) {
        const news = this.#newsOf(need, idempotencyKey)
        const text = JSON.stringify(news)
        if (text !== last) yield news
        last = text
        if (news.kind === 'over' || news.kind === 'refused') return
      }
    } finally {
      for (const one of off) one()
    }
  }

  /** Bytes of an accepted result. Faults as `ContentStore.get`; `content-not-found` where there is no such result. */
  async result(need: string, signal?: AbortSignal): Promise<Uint8Array> {
    const { heart, content } = this.#deps
    const result = resultIn(heart, need)
    if (result === undefined) throw new FaultError('content-not-found', `need ${need} has no accepted result`)
    const options = { bytesMax: FETCHED_CONTENT_BYTES_MAX, from: [result.worker] }
    return await content.get(result.artifact, signal === undefined ? options : { ...options, signal })
  }

  #newsOf(need: string, idempotencyKey: string): NeedNews {
    const { heart } = this.#deps
    const bucket = heart.bucketOf(need)
    const found = bucket === undefined ? undefined : heart.bucket(bucket).get('needs', need)
    if (found !== undefined) {
      const progress = progressOf(found)
      const { state } = found
      return isOver(state) ? { kind: 'over', state, progress } : { kind: 'state', progress }
    }
    const row = this.#postedRow(idempotencyKey)
    if (row?.need !== need) {
      const refused = this.#refused.get(need)
      if (refused === undefined) return { kind: 'posted' }
      return { kind: 'refused', code: refused.code, message: refused.message }
    }
    const state = row.outcome === undefined ? undefined : OVER_STATES[row.outcome]
    return state === undefined ? { kind: 'escrowed' } : { kind: 'over', state }
  }

  #postedRow(idempotencyKey: string) {
    const { heart, author, sha256 } = this.#deps
    return heart.hub().get('posted', threadIdOf(heart.net, author.did, idempotencyKey, sha256))
  }

  /** A result that travelled in its COMMIT is forgotten with the need's envelopes: it goes into the store. */
  #keep(need: string): void {
    const { heart, author, content, sha256, onFault } = this.#deps
    const bucket = heart.bucketOf(need)
    if (bucket === undefined) return
    const view = heart.bucket(bucket)
    const { commit, over } = view.get('needs', need) ?? {}
    if (over !== undefined) this.#kept.delete(need)
    if (commit === undefined || view.get('terms', need)?.requester !== author.did) return
    if (over !== undefined || this.#kept.get(need) === commit.id) return
    for (const { id, body } of heart.envelopes(need)) {
      if (id !== commit.id || body.kind !== 'COMMIT') continue
      this.#kept.set(need, commit.id)
      const { artifact } = body.payload
      const cid = contentCid(artifact, sha256)
      const owner = `result/${need}`
      const kept = 'inline' in artifact ? content.put(artifact.inline) : Promise.resolve(cid)
      kept.then(() => content.pin(cid, owner)).catch(onFault)
    }
  }
}

/** Remembers that it was rung while nobody listened. */
class Bell {
  readonly #signal: AbortSignal | undefined
  #isRung = false
  #wake: (() => void) | undefined

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
    signal?.addEventListener('abort', () => this.ring(), { once: true })
  }

  ring(): void {
    this.#isRung = true
    this.#wake?.()
  }

  /** Rejects with the signal's reason. */
  async rung(): Promise<void> {
    if (!this.#isRung) await new Promise<void>((wake) => (this.#wake = wake))
    this.#isRung = false
    this.#wake = undefined
    this.#signal?.throwIfAborted()
  }
}
