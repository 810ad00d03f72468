import { equalBytes } from '../../codec/bytes.ts'
import { type CID, envelopeIdOf } from '../../codec/cid.ts'
import { signStatement } from '../../codec/signed/statement.ts'
import type { VoterMessage } from '../../codec/voter-message/voter-message.ts'
import type { Did } from '../../model/ids.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { KeyPair } from '../../ports/keystore.ts'
import type { GroupAccess } from './group-access.ts'
import type { NeedPools } from './need-pools.ts'

export interface WitnessDeps {
  readonly key: KeyPair
  readonly net: CID
  readonly crypto: Pick<Crypto, 'sign'>
  readonly groups: GroupAccess
  readonly pools: NeedPools
  readonly bucketOf: (need: string) => number | undefined
  readonly slot: () => number
  readonly fetch: (need: string, cid: CID) => Promise<void>
  readonly tell: (to: Did, message: VoterMessage) => void
}

type AskSeen = Extract<VoterMessage, { kind: 'ask-seen' }>
type AskHave = Extract<VoterMessage, { kind: 'ask-have' }>

/**
 * What this voter says when another one asks: what it has seen of a need, and which content it keeps. It says only what is
 * so, and only for the state that it has itself. Source: lifecycle.md, "Entries of a need" (seen), "Availability".
 */
export class Witness {
  readonly #deps: WitnessDeps

  constructor(deps: WitnessDeps) {
    this.#deps = deps
  }

  /** Nothing is said about a head that this node does not have, or no more. */
  tellSeen(from: Did, { need, head, slot, known }: AskSeen): void {
    const { groups, pools, key, net, crypto, tell, bucketOf } = this.#deps
    const name = envelopeIdOf(need)
    const bucket = bucketOf(name)
    if (!groups.voters.includes(from) || bucket === undefined) return
    const record = groups.bucket(bucket).get('needs', name)
    if (record === undefined || !equalBytes(record.head, head)) return
    const until = Math.min(slot, this.#deps.slot())
    const pool = pools.of(name)
    const seen = pools.sightings(name).filter(([, seenAt]) => seenAt <= until)
    const body = { v: 1 as const, need, head, slot: until, seen }
    const statement = {
      voter: key.did,
      body,
      s: signStatement(crypto, 'seen-statement', net, key.secret, body),
    }
    const there = new Set(known.map(envelopeIdOf))
    const named = new Set(seen.map(([id]) => envelopeIdOf(id)))
    const envelopes = pool.news
      .filter(({ envelope: { id } }) => named.has(id) && !there.has(id))
      .map(({ field }) => field)
    tell(from, { kind: 'seen', statement, envelopes })
  }

  /** Said once the content is here and kept; what cannot be had is not spoken of. */
  async tellHave(from: Did, { need, cid }: AskHave): Promise<void> {
    const { groups, key, net, crypto, tell, fetch, bucketOf } = this.#deps
    const name = envelopeIdOf(need)
    if (!groups.voters.includes(from) || bucketOf(name) === undefined) return
    try {
      await fetch(name, cid)
    } catch {
      return // asked again by whoever leads
    }
    const body = { v: 1 as const, need, cid }
    const statement = {
      voter: key.did,
      body,
      s: signStatement(crypto, 'have-statement', net, key.secret, body),
    }
    tell(from, { kind: 'have', statement })
  }
}
