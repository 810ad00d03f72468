import type { CID } from '../../codec/cid.ts'
import type { ReadBody } from '../../codec/envelope/read-body.ts'
import type { FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import type { KeyPair } from '../../ports/keystore.ts'
import { Author, type AuthorPolicy } from '../../services/author/author.ts'
import { ownBodies, recordInJournal } from '../../services/author/own-journal.ts'
import { RecentSaid } from '../../services/author/recent-said.ts'
import type { Heart } from '../../services/heart/heart.ts'
import type { Journal } from '../../services/journal/journal.ts'
import type { NodeConfig } from '../config.ts'
import { openNodeJournal, showHomeJournal } from '../node-journal.ts'
import { offline } from '../offline.ts'

export interface SpeechOptions {
  readonly home: string
  readonly config: NodeConfig
  /** Of the accounts that this node speaks for, none twice; the first is the node's own, and seals the journal. */
  readonly keys: readonly [KeyPair, ...KeyPair[]]
  readonly net: CID
  readonly heart: Heart
  readonly policy?: AuthorPolicy
  readonly onFault: (fault: FaultError) => void
}

/** One account that the node speaks for. */
export interface Voice {
  readonly key: KeyPair
  readonly author: Author
  /** What was said of late, in order, until `resume`: what a role said is not said again. */
  said: readonly ReadBody[]
}

export interface Speech {
  /** By DID, the node's own account first. */
  readonly voices: ReadonlyMap<Did, Voice>
  readonly journal: Journal
  /** Said before the last stop and perhaps never sent: sent now. */
  resume(): void
  stop(): Promise<void>
}

/** Younger than this, what was said before a stop is said again: windows are over after that. */
const RESENT_MS = 60_000

/** Opens the journal and an author of each key, which takes up its numbers where the journal ends. */
export async function openSpeech(options: SpeechOptions): Promise<Speech> {
  const { home, config, keys, net, heart, onFault } = options
  const { crypto, clock } = offline
  const { journal } = await openNodeJournal({ home, config, key: keys[0], net, onFault })
  const since = clock.nowMs() - RESENT_MS
  const lines = showHomeJournal(home, { kinds: ['envelope.out'] })
  const open = new Set(heart.openNeeds())
  const authors = new Map(keys.map((key) => [key.did, authorOf(options, key, journal)]))
  const recent = new Map(keys.map(({ did }) => [did, new RecentSaid((need) => open.has(need))]))
  for await (const body of ownBodies(lines, { net, sha256: crypto.sha256 })) {
    const { sender } = body.body
    if (authors.get(sender)?.remember(body) === true) recent.get(sender)?.note(body)
  }
  const voices = new Map<Did, Voice>()
  for (const key of keys) {
    const author = authors.get(key.did) as Author
    voices.set(key.did, { key, author, said: recent.get(key.did)?.all() ?? [] })
  }
  return {
    voices,
    journal,
    resume() {
      for (const voice of voices.values()) {
        voice.author.resend(voice.said.filter(({ body }) => body.ts >= since))
        voice.said = []
      }
    },
    async stop() {
      await journal.close()
    },
  }
}

function authorOf(
  { home, net, heart, policy }: SpeechOptions,
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
    record: recordInJournal(journal, crypto.sha256Hex),
    recall: (thread) =>
      ownBodies(showHomeJournal(home, { thread, kinds: ['envelope.out'] }), { net, sha256: crypto.sha256 }),
    submit: (batch, bodies) => heart.submit(batch, bodies),
  })
}
