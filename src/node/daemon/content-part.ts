import { type ContentStoreOptions, openContentStore } from '../../adapters/helia/open-content-store.ts'
import type { CID } from '../../codec/cid.ts'
import { moduleOfCapability } from '../../codec/job/wasm-capability.ts'
import { isOver } from '../../core/bucket/transitions.ts'
import { FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import { LruMap } from '../../model/lru-map.ts'
import { type ContentStore, FETCHED_CONTENT_BYTES_MAX } from '../../ports/content-store.ts'
import type { LogSink } from '../../ports/network-log.ts'
import { ContentKeeper } from '../../services/content/content-keeper.ts'
import type { NamedContent, OpenNeed } from '../../services/content/wanted.ts'
import type { Heart } from '../../services/heart/heart.ts'
import { homePaths } from '../home.ts'
import { offline } from '../offline.ts'

export interface ContentPart {
  readonly store: ContentStore
  /** Resolves when a content that a need names is here and pinned until the need is over. */
  readonly keep: (need: string, cid: CID) => Promise<void>
  readonly over: (need: string) => void
  /** Begins to speak with peers, if nothing asked for one of their blocks before: loading that takes a while. */
  join(): void
  /** Begins to follow the needs of a heart that was started; what they name goes into the record too, for exports. */
  follow(heart: Heart, record: Pick<LogSink, 'addContent'>): void
  stop(): Promise<void>
}

/** Contents of which it is remembered that the record has them. */
const RECORDED_MAX = 16_384

/** Opens the content store of a node, and what a voter does for availability. Faults as the store. */
export async function openContentPart(
  home: string,
  libp2p: NonNullable<ContentStoreOptions['libp2p']>,
  onFault: (fault: FaultError) => void,
): Promise<ContentPart> {
  const { crypto, clock } = offline
  const directory = homePaths(home).content
  const { promise: mayJoin, resolve: join } = Promise.withResolvers<void>()
  const store = await openContentStore({ directory, sha256: crypto.sha256, clock, libp2p, mayJoin })
  let keeper: ContentKeeper | undefined
  const recorded = new LruMap<string, true>(RECORDED_MAX)
  let heart: Heart | undefined
  /** What cannot be had now, the reconciler tries again. */
  const keepInRecord = async (
    need: string,
    named: NamedContent,
    record: Pick<LogSink, 'addContent'>,
  ): Promise<void> => {
    const name = named.cid.toString()
    if (recorded.get(name) === true || keeper === undefined) return
    try {
      await keeper.keep(need, named)
      record.addContent(name, await store.get(named.cid, { bytesMax: FETCHED_CONTENT_BYTES_MAX }))
      recorded.set(name, true)
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
    }
  }
  return {
    store,
    join,
    async keep(need, cid) {
      await keeper?.keep(
        need,
        heart === undefined ? { cid, size: undefined, from: [] } : namedBy(heart, need, cid),
      )
    },
    over: (need) => keeper?.over(need),
    follow(followed, record) {
      heart = followed
      followed.onNeed((need) => {
        for (const named of contentsOf(followed, need).contents) void keepInRecord(need, named, record)
      })
      const openNeeds = () => [...followed.openNeeds()].map((need) => contentsOf(followed, need))
      keeper = ContentKeeper.open({ store, clock, openNeeds, onHave: () => undefined, onFault })
    },
    async stop() {
      await keeper?.close()
      await store.close()
    },
  }
}

/** What a need names by CID: its input, the module that does it, and the artifact that is being judged. */
function contentsOf(heart: Heart, need: string): OpenNeed {
  const named = [inputOf(heart, need), moduleOf(heart, need), artifactOf(heart, need)].filter(isThere)
  const from = holdersOf(heart, need)
  return { need, contents: named.map(({ cid, size }) => ({ cid, size, from })) }
}

function isThere<Value>(one: Value | undefined): one is Value {
  return one !== undefined
}

/** The program of a need that names it: who has the record has it too, and can do the task again. */
function moduleOf(heart: Heart, need: string): Pick<NamedContent, 'cid' | 'size'> | undefined {
  const capability = heart.needEnvelope(need)?.body.payload.capability
  const cid = capability === undefined ? undefined : moduleOfCapability(capability)
  return cid === undefined ? undefined : { cid, size: undefined }
}

function inputOf(heart: Heart, need: string): Linked | undefined {
  const input = heart.needEnvelope(need)?.body.payload.input
  return input !== undefined && 'cid' in input ? input : undefined
}

/** Undefined for an artifact that the COMMIT itself holds. */
function artifactOf(heart: Heart, need: string): Linked | undefined {
  const bucket = heart.bucketOf(need)
  const record = bucket === undefined ? undefined : heart.bucket(bucket).get('needs', need)
  const commit = record === undefined || isOver(record.state) ? undefined : record.commit
  for (const { id, body } of commit === undefined ? [] : heart.envelopes(need)) {
    if (id !== commit?.id || body.kind !== 'COMMIT') continue
    const { artifact } = body.payload
    return 'cid' in artifact ? artifact : undefined
  }
  return undefined
}

/** Requester and worker have what they name; other voters may have it by now. */
function holdersOf(heart: Heart, need: string): readonly Did[] {
  const requester = heart.needEnvelope(need)?.body.sender
  const bucket = heart.bucketOf(need)
  const worker = bucket === undefined ? undefined : heart.bucket(bucket).get('needs', need)?.lease?.worker
  return [requester, worker].filter((did) => did !== undefined)
}

/** Of what a voter is asked for: its size is known where the need's state names it already. */
function namedBy(heart: Heart, need: string, cid: CID): NamedContent {
  const known = contentsOf(heart, need).contents.find((one) => one.cid.equals(cid))
  return known ?? { cid, size: undefined, from: holdersOf(heart, need) }
}

/** Content by its CID, as a payload names it. */
interface Linked {
  readonly cid: CID
  readonly size: number
}
