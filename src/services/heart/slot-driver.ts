import type { CID } from '../../codec/cid.ts'
import { encodeHubCommand, type HubCommand } from '../../codec/entry/hub-command.ts'
import { HUB } from '../../codec/entry/item.ts'
import type { ClockReading } from '../../codec/entry/statements.ts'
import { signStatement } from '../../codec/signed/statement.ts'
import { ALL } from '../../core/ledger/tables.ts'
import { inForce, isNextLink } from '../../core/system/chains.ts'
import { slotKey } from '../../core/system/tables.ts'
import type { Did } from '../../model/ids.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { KeyPair } from '../../ports/keystore.ts'
import { CHAIN_LENGTH, OwnChains } from './beacon-chain.ts'
import type { GroupAccess } from './group-access.ts'
import type { LeaderWatch } from './leader-watch.ts'

export interface SlotDriverDeps {
  readonly key: KeyPair
  readonly net: CID
  readonly crypto: Pick<Crypto, 'sha256' | 'sign'>
  readonly clock: Clock
  readonly groups: Pick<GroupAccess, 'voters' | 'slotMs' | 'leader' | 'isLeader' | 'hub' | 'propose'>
  /** To one voter, which may be this one. */
  readonly send: (to: Did, reading: ClockReading, link: Uint8Array | undefined) => void
}

interface Heard {
  readonly reading: ClockReading
  readonly link: Uint8Array | undefined
}

/** The slot that another leader is to make, and since which tick of the host it could have. */
interface Awaited {
  readonly n: number
  readonly since: number
}

/** A new chain is announced when less than this is left of the old one. */
const RENEW_AT = CHAIN_LENGTH / 4
/** How much longer than half a slot the link of the voter whose turn it is is waited for: at least so long. */
const LINK_WAIT_MS_MIN = 10

/**
 * Makes the slots: every voter reads its clock for the next one when its time has come and tells the hub's leader, which
 * proposes it with the readings of a majority, and the link of the voter whose turn it is.
 * Source: consensus.md, "Time and chance: slots".
 */
export class SlotDriver {
  readonly #deps: SlotDriverDeps
  readonly #chains: OwnChains
  #heard = new Map<Did, Heard>()
  /** The slot that is being made. */
  #next = 1
  #isProposed = false
  #isRenewing = false
  #awaited: Awaited | undefined
  #cancel: () => void = () => undefined
  #isOver = false

  constructor(deps: SlotDriverDeps) {
    this.#deps = deps
    this.#chains = new OwnChains(deps.key.secret, deps.crypto.sha256)
  }

  /** A slot was made, or the node starts, or another leads the hub. */
  advance(): void {
    const last = this.#last()
    if (last.n + 1 !== this.#next) {
      this.#next = last.n + 1
      this.#heard = new Map()
      this.#isProposed = false
    }
    this.#wakeIn(this.#dueMs() - this.#deps.clock.nowMs())
  }

  /** A reading that its voter signed: an entry with one that is not is refused whole. */
  hear(reading: ClockReading, link: Uint8Array | undefined): void {
    if (reading.body.n !== this.#next || !this.#deps.groups.voters.includes(reading.voter)) return
    this.#heard.set(reading.voter, { reading, link })
    this.#makeSlot(false)
  }

  /**
   * Another node leads the hub. Where it makes no slot for long after its time, every voter reads its clock for all of them, so that
   * each holds a slot that could be made, and it is proposed from here. `accepts`: the hub would take it now.
   */
  oversee(watch: LeaderWatch, accepts: (command: HubCommand) => boolean): void {
    if (!watch.isWatching(HUB)) {
      this.#awaited = undefined
      return
    }
    const before = this.#awaited
    const isSame = before?.n === this.#next
    const isInTime = before !== undefined && watch.ticks - before.since <= watch.lateness
    if (isInTime && !isSame) watch.works(HUB)
    const isDue = this.#deps.clock.nowMs() >= this.#dueMs()
    const since = isSame && isDue ? before.since : watch.ticks
    this.#awaited = { n: this.#next, since }
    if (watch.ticks - since >= watch.patience) this.#say(this.#deps.groups.voters)
    if (isDue) watch.hold(HUB, `slot ${this.#next}`, () => this.#leftOut(accepts))
  }

  stop(): void {
    this.#isOver = true
    this.#cancel()
  }

  #wakeIn(ms: number): void {
    this.#cancel()
    if (this.#isOver) return
    this.#cancel = this.#deps.clock.after(Math.max(1, ms), () => this.#tell())
  }

  /** The time of the next slot has come; said again until it is made. */
  #tell(): void {
    const leader = this.#deps.groups.leader(HUB)
    if (leader !== undefined) {
      this.#say([leader])
      this.#renew()
    }
    this.#wakeIn(this.#deps.groups.slotMs)
  }

  #say(voters: readonly Did[]): void {
    const { clock, key, crypto, net, send } = this.#deps
    const body = { v: 1 as const, n: this.#next, time: clock.nowMs() }
    const s = signStatement(crypto, 'clock-reading', net, key.secret, body)
    for (const voter of voters) send(voter, { voter: key.did, body, s }, this.#ownLink())
  }

  #makeSlot(isLate: boolean): void {
    const { groups, clock } = this.#deps
    const { voters } = groups
    if (this.#isProposed || this.#isOver || !groups.isLeader(HUB) || !this.#isMajority()) return
    const turn = this.#heard.get(voters[this.#next % voters.length] as Did)
    if (turn === undefined && !isLate) {
      const n = this.#next
      const wait = Math.max(LINK_WAIT_MS_MIN, this.#deps.groups.slotMs / 2)
      clock.after(wait, () => this.#next === n && this.#makeSlot(true))
      return
    }
    this.#propose()
  }

  #isMajority(): boolean {
    return this.#heard.size * 2 > this.#deps.groups.voters.length
  }

  #leftOut(accepts: (command: HubCommand) => boolean): Uint8Array | 'waiting' {
    if (this.#isOver || !this.#isMajority()) return 'waiting'
    const slot = this.#slot()
    return accepts(slot) ? encodeHubCommand(slot) : 'waiting'
  }

  /** As it can be made now, with the link of the voter whose turn it is if that is there. */
  #slot(): HubCommand {
    const { voters } = this.#deps.groups
    const readings = [...this.#heard.values()].map(({ reading }) => reading)
    const slot = { v: 1 as const, kind: 'slot' as const, n: this.#next, readings }
    const link = this.#heard.get(voters[this.#next % voters.length] as Did)?.link
    return link !== undefined && this.#isNextLink(link) ? { ...slot, link } : slot
  }

  /** Whoever shows another one shows none: no slot could be made with it, and its turn would never end. */
  #isNextLink(link: Uint8Array): boolean {
    const { groups, crypto } = this.#deps
    const voter = groups.voters[this.#next % groups.voters.length] as Did
    const chain = inForce(groups.hub().get('chains', voter), this.#next)
    return chain !== undefined && isNextLink(chain, link, crypto.sha256)
  }

  #propose(): void {
    this.#isProposed = true
    const n = this.#next
    this.#deps.groups.propose(HUB, encodeHubCommand(this.#slot()), (outcome) => {
      const isMade = outcome.kind === 'settled' && outcome.verdict.kind === 'applied'
      // Clocks that show too early a time: whoever reads them again will say a later one.
      if (!isMade && this.#next === n) {
        this.#isProposed = false
        this.#heard = new Map()
      }
    })
  }

  /** The next link of this node's chain, where it is its turn. */
  #ownLink(): Uint8Array | undefined {
    const { groups, key } = this.#deps
    if (groups.voters[this.#next % groups.voters.length] !== key.did) return undefined
    const chain = inForce(groups.hub().get('chains', key.did), this.#next)
    return chain === undefined ? undefined : this.#chains.next(chain)
  }

  #renew(): void {
    const { groups, key, crypto, net } = this.#deps
    const chain = groups.hub().get('chains', key.did)
    const isEnough = chain !== undefined && (chain.next !== undefined || chain.left > RENEW_AT)
    if (isEnough || this.#isRenewing) return
    const serial = (chain?.serial ?? 0) + 1
    const body = { v: 1 as const, serial, anchor: this.#chains.of(serial).anchor, length: CHAIN_LENGTH }
    const s = signStatement(crypto, 'chain-anchor', net, key.secret, body)
    this.#isRenewing = true
    const command = encodeHubCommand({ v: 1, kind: 'chain', statement: { voter: key.did, body, s } })
    groups.propose(HUB, command, () => {
      this.#isRenewing = false
    })
  }

  #dueMs(): number {
    return this.#last().time + this.#deps.groups.slotMs
  }

  #last(): { readonly n: number; readonly time: number } {
    const hub = this.#deps.groups.hub()
    const n = hub.get('network', ALL)?.slot ?? 0
    return { n, time: hub.get('slots', slotKey(n))?.time ?? 0 }
  }
}
