import { equalBytes } from '../../codec/bytes.ts'
import type { CID } from '../../codec/cid.ts'
import { encodeDagCbor } from '../../codec/dag-cbor/encode.ts'
import { encodeHubCommand, type GovernanceBody, type GovernanceVote } from '../../codec/entry/hub-command.ts'
import { HUB } from '../../codec/entry/item.ts'
import { signStatement } from '../../codec/signed/statement.ts'
import {
  decodeVoterMessage,
  encodeVoterMessage,
  type VoterMessage,
} from '../../codec/voter-message/voter-message.ts'
import { ALL } from '../../core/ledger/tables.ts'
import { checkStatement } from '../../core/records/voter-statement.ts'
import type { World } from '../../core/records/world.ts'
import { votesNeeded } from '../../core/system/commands/govern.ts'
import type { Did } from '../../model/ids.ts'
import type { Verdict } from '../../model/replicated.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { FrameStore } from '../../ports/frame-store.ts'
import type { KeyPair } from '../../ports/keystore.ts'
import type { GroupAccess } from './group-access.ts'
import type { LeaderWatch } from './leader-watch.ts'

export interface ActDriverDeps {
  readonly key: KeyPair
  readonly net: CID
  readonly crypto: Pick<Crypto, 'sign'>
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly world: Pick<World, 'keys' | 'net' | 'verify'>
  readonly groups: Pick<GroupAccess, 'hub' | 'isLeader' | 'propose'>
  /** What this node's key has signed, each `encodeVoterMessage`. */
  readonly votes: FrameStore
  /** To every voter but this one. */
  readonly tellAll: (message: VoterMessage) => void
  readonly tell: (to: Did, message: VoterMessage) => void
}

/** An act of governance that the hub has not taken yet, with the signatures that this node holds. */
export interface HeldAct {
  readonly body: GovernanceBody
  readonly voters: readonly Did[]
  /** What the hub said to it, where it refused it; it is not proposed again by this node. */
  readonly refused?: string
}

interface Held {
  readonly body: GovernanceBody
  readonly bytes: Uint8Array
  readonly votes: Map<Did, GovernanceVote>
  /** When enough had signed for the time-lock. */
  enoughSince?: number
  isUnderway: boolean
  refused?: string
}

const ACT_BYTES_MAX = 16_384
/** Of one key that the hub has not taken: who signs more has changed its mind, and the oldest goes. */
const ACTS_OF_A_KEY_MAX = 8
/** A vote of this node is said again so often, until the hub has taken the act or another with its nonce. */
const AGAIN_MS = 10_000
/** An act that has enough votes for its time-lock waits so long a part of that for those that put it in force at once. */
const WAITS_PART = 10

/**
 * Gathers the signatures under acts of governance: each of its keys signs on a node of its own, every voter holds what it
 * heard, and the hub's leader proposes the act. What a node's own key signed is on its disk, and said again until it is of no
 * use: nobody signs twice because nodes were started again. What others signed is held in memory, and told again by them.
 * Source: economy.md, "Registry, marketplace, channels, governance, breakers".
 */
export class ActDriver {
  readonly #deps: ActDriverDeps
  #held: Held[] = []
  #saidAt = 0

  /** Faults of the store. */
  constructor(deps: ActDriverDeps) {
    this.#deps = deps
    for (const frame of deps.votes.all()) this.#restore(frame)
  }

  /** Those that the hub has not taken, oldest first. */
  held(): readonly HeldAct[] {
    this.#forget()
    return this.#held.map(({ body, votes, refused }) => ({
      body,
      voters: [...votes.keys()],
      ...(refused === undefined ? {} : { refused }),
    }))
  }

  /** Signs with the node's own key, and tells the voters. Whether that key governs is for the caller to know. Faults of the store. */
  sign(body: GovernanceBody): void {
    const { key, net, crypto, tellAll, votes } = this.#deps
    const s = signStatement(crypto, 'governance-vote', net, key.secret, body)
    const vote = { voter: key.did, s }
    const message = { kind: 'vote' as const, body, vote }
    votes.add(encodeVoterMessage(message))
    votes.flush()
    this.#add(body, encodeDagCbor(body), vote)
    tellAll(message)
    this.#act()
  }

  /** False: it is not signed by the key that it names. What is old, or of a key that does not govern, is let go. */
  hear(body: GovernanceBody, vote: GovernanceVote): boolean {
    const settings = this.#deps.groups.hub().get('settings', ALL)
    if (settings?.governance.includes(vote.voter) !== true || this.#isOld(body)) return true
    const bytes = encodeDagCbor(body)
    if (bytes.length > ACT_BYTES_MAX) return true
    if (this.#find(bytes)?.votes.has(vote.voter) === true) return true
    if (!checkStatement('governance-vote', { ...vote, body }, this.#deps.world).ok) return false
    this.#add(body, bytes, vote)
    this.#act()
    return true
  }

  /** A slot was made. */
  passSlot(): void {
    this.#forget()
    if (this.#held.length === 0) return
    const now = this.#deps.clock.monotonicMs()
    if (now - this.#saidAt >= AGAIN_MS) {
      this.#saidAt = now
      for (const message of this.#messages(this.#deps.key.did)) this.#deps.tellAll(message)
    }
    this.#act()
  }

  /** A voter is connected again, and may have forgotten all that it held. */
  sayTo(voter: Did): void {
    this.#forget()
    for (const message of this.#messages()) this.#deps.tell(voter, message)
  }

  #messages(of?: Did): readonly VoterMessage[] {
    return this.#held.flatMap(({ body, votes }) =>
      [...votes.values()]
        .filter(({ voter }) => of === undefined || voter === of)
        .map((vote) => ({ kind: 'vote' as const, body, vote })),
    )
  }

  /** Of another key where the node's was changed: that one says it itself. */
  #restore(frame: Uint8Array): void {
    const read = decodeVoterMessage(frame)
    if (!read.ok || read.value.kind !== 'vote') return
    const { body, vote } = read.value
    if (vote.voter === this.#deps.key.did) this.#add(body, encodeDagCbor(body), vote)
  }

  #add(body: GovernanceBody, bytes: Uint8Array, vote: GovernanceVote): void {
    const found = this.#find(bytes)
    if (found !== undefined) {
      found.votes.set(vote.voter, vote)
      return
    }
    const own = this.#held.filter(({ votes }) => votes.has(vote.voter))
    if (own.length >= ACTS_OF_A_KEY_MAX) own[0]?.votes.delete(vote.voter)
    this.#held.push({ body, bytes, votes: new Map([[vote.voter, vote]]), isUnderway: false })
    this.#held = this.#held.filter(({ votes }) => votes.size > 0)
  }

  /** Another node leads the hub: what it leaves out for long is proposed from here. */
  oversee(watch: LeaderWatch): void {
    if (!watch.isWatching(HUB)) return
    for (const held of this.#due()) {
      const name = `act ${held.body.nonce} ${this.#held.indexOf(held)}`
      const verdict = watch.hold(HUB, name, () => this.#commandOf(held))
      const why = refusalOf(verdict)
      if (why !== undefined) held.refused = why
    }
  }

  /** Proposes what has enough votes, if this node leads the hub. */
  #act(): void {
    if (!this.#deps.groups.isLeader(HUB)) return
    for (const held of this.#due()) if (!held.isUnderway) this.#propose(held)
  }

  /** Those with enough votes that the hub has not refused. */
  #due(): readonly Held[] {
    const settings = this.#deps.groups.hub().get('settings', ALL)
    if (settings === undefined) return []
    const { afterLock, atOnce } = votesNeeded(settings)
    const now = this.#deps.clock.monotonicMs()
    const waits = settings.parameters.voteTimeLockMs / WAITS_PART
    return this.#held.filter((held) => {
      if (held.refused !== undefined || held.votes.size < afterLock) return false
      held.enoughSince ??= now
      return held.votes.size >= atOnce || now - held.enoughSince >= waits
    })
  }

  #propose(held: Held): void {
    const command = this.#commandOf(held)
    if (command === undefined) return
    held.isUnderway = true
    this.#deps.groups.propose(HUB, command, (outcome) => {
      held.isUnderway = false
      const why = outcome.kind === 'settled' ? refusalOf(outcome.verdict) : undefined
      if (why !== undefined) held.refused = why
    })
  }

  /** Undefined before the first slot. */
  #commandOf(held: Held): Uint8Array | undefined {
    const slot = this.#deps.groups.hub().get('network', ALL)?.slot ?? 0
    const votes = [...held.votes.values()]
    return slot === 0 ? undefined : encodeHubCommand({ v: 1, kind: 'govern', slot, body: held.body, votes })
  }

  #find(bytes: Uint8Array): Held | undefined {
    return this.#held.find((held) => equalBytes(held.bytes, bytes))
  }

  /** The hub has taken it, or another act with its nonce or a later one. */
  #isOld({ nonce }: GovernanceBody): boolean {
    return nonce <= (this.#deps.groups.hub().get('network', ALL)?.nonce ?? 0)
  }

  #forget(): void {
    if (this.#held.some(({ body }) => this.#isOld(body)))
      this.#held = this.#held.filter(({ body }) => !this.#isOld(body))
  }
}

function refusalOf(verdict: Verdict | undefined): string | undefined {
  return verdict?.kind === 'rejected' ? `${verdict.code}: ${verdict.message}` : undefined
}
