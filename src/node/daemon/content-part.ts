import type { Libp2p } from 'libp2p'
import { openContentStore } from '../../adapters/helia/open-content-store.ts'
import { type CID, parseCid } from '../../codec/cid.ts'
import { isOver } from '../../core/bucket/transitions.ts'
import type { FaultError } from '../../model/fault.ts'
import { type ContentStore, FETCHED_CONTENT_BYTES_MAX } from '../../ports/content-store.ts'
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
  /** Begins to follow the needs of a heart that was started. */
  follow(heart: Heart): void
  stop(): Promise<void>
}

/** Opens the content store of a node, and what a voter does for availability. Faults as the store. */
export async function openContentPart(
  home: string,
  libp2p: Libp2p,
  onFault: (fault: FaultError) => void,
): Promise<ContentPart> {
  const { crypto, clock } = offline
  const directory = homePaths(home).content
  const store = await openContentStore({ directory, sha256: crypto.sha256, clock, libp2p })
  let keeper: ContentKeeper | undefined
  let heart: Heart | undefined
  return {
    store,
    async keep(need, cid) {
      await keeper?.keep(need, heart === undefined ? unknown(cid) : namedBy(heart, need, cid))
    },
    over: (need) => keeper?.over(need),
    follow(followed) {
      heart = followed
      const openNeeds = () => [...followed.openNeeds()].map((need) => contentsOf(followed, need))
      keeper = ContentKeeper.open({ store, clock, openNeeds, onHave: () => undefined, onFault })
    },
    async stop() {
      await keeper?.close()
      await store.close()
    },
  }
}

/** What a need names by CID: its input, and the artifact that is being judged. */
function contentsOf(heart: Heart, need: string): OpenNeed {
  const payload = heart.needEnvelope(need)?.body.payload
  const input = payload !== undefined && 'cid' in payload.input ? [payload.input.cid as CID] : []
  const bucket = heart.bucketOf(need)
  const record = bucket === undefined ? undefined : heart.bucket(bucket).get('needs', need)
  const commit = record === undefined || isOver(record.state) ? undefined : record.commit
  const artifact = commit === undefined ? undefined : parseCid(commit.artifact)
  const isNamed = commit !== undefined && isByCid(heart, need, commit.id)
  const delivered = isNamed && artifact?.ok === true ? [artifact.value] : []
  return { need, contents: [...input, ...delivered].map((cid) => namedBy(heart, need, cid)) }
}

/** False for an artifact that the COMMIT itself holds. */
function isByCid(heart: Heart, need: string, commit: string): boolean {
  for (const { id, body } of heart.envelopes(need)) {
    if (id === commit && body.kind === 'COMMIT') return 'cid' in body.payload.artifact
  }
  return false
}

/** Requester and worker have what they name; other voters may have it by now. */
function namedBy(heart: Heart, need: string, cid: CID): NamedContent {
  const requester = heart.needEnvelope(need)?.body.sender
  const bucket = heart.bucketOf(need)
  const worker = bucket === undefined ? undefined : heart.bucket(bucket).get('needs', need)?.lease?.worker
  return { ...unknown(cid), from: [requester, worker].filter((did) => did !== undefined) }
}

function unknown(cid: CID): NamedContent {
  return { cid, size: FETCHED_CONTENT_BYTES_MAX, from: [] }
}
