import { openSaidFile } from '../../adapters/sqlite/said-file.ts'
import type { CID } from '../../codec/cid.ts'
import type { ReadBody } from '../../codec/envelope/read-body.ts'
import type { WordWorld } from '../../core/agent/said-word.ts'
import type { FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import type { KeyPair } from '../../ports/keystore.ts'
import { Author, type AuthorPolicy } from '../../services/author/author.ts'
import { recordInJournal } from '../../services/author/own-journal.ts'
import { PostedNeeds } from '../../services/author/posted-needs.ts'
import { Resending } from '../../services/author/resending.ts'
import { restoreSaid } from '../../services/author/restore-said.ts'
import { SaidKeeper } from '../../services/author/said-keeper.ts'
import type { Heart } from '../../services/heart/heart.ts'
import type { Journal } from '../../services/journal/journal.ts'
import type { NodeConfig } from '../config.ts'
import { homePaths } from '../home.ts'
import { openNodeJournal, showHomeJournal } from '../node-journal.ts'
import { offline } from '../offline.ts'

export interface SpeechOptions {
  readonly home: string
  readonly config: NodeConfig
  /** Of the accounts that this node speaks for, none twice; the first is the node's own, and seals the journal. */
  readonly keys: readonly [KeyPair, ...KeyPair[]]
  readonly net: CID
  readonly heart: Heart
  readonly said: SaidPart
  readonly policy?: AuthorPolicy
  readonly onFault: (fault: FaultError) => void
}

/** What the node's accounts said, and hears from the start on what became of it. */
export interface SaidPart {
  readonly keeper: SaidKeeper
  readonly store: ReturnType<typeof openSaidFile>
  readonly posted: PostedNeeds
  stop(): void
}

/** Before the groups are opened: what they apply tells what became of what was said. */
export function openSaidPart(home: string, heart: Heart, onFault: (fault: unknown) => void): SaidPart {
  const store = openSaidFile(homePaths(home).said)
  const { clock } = offline
  const keeper = new SaidKeeper({ store, clock, world: () => worldOf(heart), later: setImmediate, onFault })
  const posted = new PostedNeeds(keeper)
  const off = [
    heart.onHubVerdict(({ id, verdict }) => {
      posted.decided(id, verdict)
      keeper.decided(id)
    }),
    heart.onNeed((need) => keeper.touched(need)),
  ]
  return {
    keeper,
    store,
    posted,
    stop() {
      for (const one of off) one()
      keeper.stop()
      store.close()
    },
  }
}

function worldOf(heart: Heart): WordWorld {
  const viewOf = (need: string) => {
    const bucket = heart.bucketOf(need)
    return bucket === undefined ? undefined : heart.bucket(bucket)
  }
  return {
    placeOf(need) {
      const view = viewOf(need)
      if (view === undefined) return 'unknown'
      const record = view.get('needs', need)
      return record === undefined || record.over !== undefined ? 'over' : 'open'
    },
    isCarried: (need, id) =>
      viewOf(need)
        ?.get('envelopes', need)
        ?.some((one) => one.id === id) === true,
    nonceOf: (account) => heart.hub().get('accounts', account)?.nonce ?? 0,
    isPosted: (need) => heart.bucketOf(need) !== undefined || heart.hub().get('needs', need) !== undefined,
    nowMs: offline.clock.nowMs(),
  }
}

/** One account that the node speaks for. */
export interface Voice {
  readonly key: KeyPair
  readonly author: Author
  /** What was said and matters still, in order, until `resume`: what a role said is not said again. */
  said: readonly ReadBody[]
}

export interface Speech {
  /** By DID, the node's own account first. */
  readonly voices: ReadonlyMap<Did, Voice>
  readonly journal: Journal
  readonly posted: PostedNeeds
  /** What was said before the last stop, and no entry carries yet, is sent again, some of it each second. */
  resume(): void
  stop(): Promise<void>
}

/**
 * Opens the journal and an author of each key, which goes on where the journal ends. Faults of the journal, and of the store of
 * what was said.
 */
export async function openSpeech(options: SpeechOptions): Promise<Speech> {
  const { home, config, keys, net, said, onFault } = options
  const { crypto, clock } = offline
  const { journal } = await openNodeJournal({ home, config, key: keys[0], net, onFault })
  const { head } = journal.status()
  await journal.flush()
  const words = await restoreSaid({
    ...said,
    context: { net, sha256: crypto.sha256 },
    lines: (filter) => showHomeJournal(home, filter),
    head,
  })
  const voices = new Map<Did, Voice>()
  for (const key of keys) {
    const author = authorOf(options, key, journal)
    voices.set(key.did, { key, author, said: words.filter(({ body }) => body.sender === key.did) })
  }
  const resending = new Resending(clock, ({ id }) => said.keeper.isWaiting(id))
  return {
    voices,
    journal,
    posted: said.posted,
    resume() {
      for (const voice of voices.values()) {
        resending.begin(voice.said, (bodies) => voice.author.resend(bodies))
        voice.said = []
      }
    },
    async stop() {
      resending.stop()
      await journal.close()
    },
  }
}

function authorOf(
  { net, heart, policy, said: { keeper } }: SpeechOptions,
  { did, secret }: KeyPair,
  journal: Journal,
): Author {
  const { crypto, clock } = offline
  return new Author({
    did,
    secret,
    net,
    crypto,
    clock,
    ...(policy === undefined ? {} : { policy }),
    record: recordInJournal(journal, crypto.sha256Hex, (bodies, last) => keeper.note(bodies, last)),
    recall: (thread) => keeper.place(did, thread),
    waitingNeed: (thread, idempotencyKey) => keeper.waitingNeed(did, thread, idempotencyKey),
    submit: (batch, bodies) => heart.submit(batch, bodies),
  })
}
