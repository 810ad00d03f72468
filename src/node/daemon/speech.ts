import type { CID } from '../../codec/cid.ts'
import type { ReadBody } from '../../codec/envelope/read-body.ts'
import type { FaultError } from '../../model/fault.ts'
import type { KeyPair } from '../../ports/keystore.ts'
import { Author, type AuthorPolicy } from '../../services/author/author.ts'
import { ownBodies, recordInJournal } from '../../services/author/own-journal.ts'
import type { Heart } from '../../services/heart/heart.ts'
import type { Journal } from '../../services/journal/journal.ts'
import type { NodeConfig } from '../config.ts'
import { openNodeJournal, showHomeJournal } from '../node-journal.ts'
import { offline } from '../offline.ts'

export interface SpeechOptions {
  readonly home: string
  readonly config: NodeConfig
  readonly key: KeyPair
  readonly net: CID
  readonly heart: Heart
  readonly policy?: AuthorPolicy
  readonly onFault: (fault: FaultError) => void
}

export interface Speech {
  readonly author: Author
  readonly journal: Journal
  /** Everything that was said of late, in order: what a role said is not said again. */
  readonly said: readonly ReadBody[]
  /** Said before the last stop and perhaps never sent: sent now. */
  resume(): void
  stop(): Promise<void>
}

/** Younger than this, what was said before a stop is said again: windows are over after that. */
const RESENT_MS = 60_000

/** Opens the journal and the author of a node's own key, which takes up its numbers where the journal ends. */
export async function openSpeech(options: SpeechOptions): Promise<Speech> {
  const { home, config, key, net, heart, policy, onFault } = options
  const { crypto, clock } = offline
  const { journal } = await openNodeJournal({ home, config, key, net, onFault })
  const author = new Author({
    did: key.did,
    secret: key.secret,
    net,
    crypto,
    clock,
    ...(policy === undefined ? {} : { policy }),
    record: recordInJournal(journal, crypto.sha256Hex),
    submit: (batch, bodies) => heart.submit(batch, bodies),
  })
  const since = clock.nowMs() - RESENT_MS
  const lines = showHomeJournal(home, { kinds: ['envelope.out'] })
  const context = { net, sha256: crypto.sha256 }
  const own = await author.restore(ownBodies(lines, context), () => true)
  const wanted = own.filter(({ body }) => body.ts >= since)
  return {
    author,
    journal,
    said: own,
    resume: () => author.resend(wanted),
    async stop() {
      await journal.close()
    },
  }
}
