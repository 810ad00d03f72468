import type { CertificateContext } from '../../core/certificate/verify-certificate.ts'
import { machineOfGroup } from '../../core/witness/machine.ts'
import { FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import type { GroupId } from '../../model/raft.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Mesh } from '../../ports/mesh.ts'
import type { LogFetch } from '../log-fetch/log-fetch.ts'
import type { FollowerHost } from './follower-host.ts'

export interface CatchUpDeps {
  readonly mesh: Pick<Mesh, 'peers' | 'isConnected'>
  readonly fetch: Pick<LogFetch, 'newest' | 'pages'>
  readonly host: Pick<FollowerHost, 'followed' | 'learn' | 'takeLeaves'>
  readonly groups: readonly GroupId[]
  readonly context: CertificateContext
  readonly clock: Pick<Clock, 'after' | 'monotonicMs'>
  /** Why a peer could not help; sampled by whoever logs it. */
  readonly onFault: (fault: FaultError, peer: Did) => void
  /** Anything else: the process must end. */
  readonly onDefect: (error: unknown) => void
}

const EVERY_MS = 1_000
/** Groups of which a peer is asked each time, so that all peers and groups have their turn. */
const GROUPS_AT_ONCE = 16
/** A peer is asked for no other group after so long: others may answer sooner. */
const POLL_MS = 10_000
const ROOM_MS = 20
/** A group of which nothing was applied for so long. */
const ROOM_WAITS_MAX = 25

type Followed = NonNullable<ReturnType<FollowerHost['followed']>>

/**
 * Fetches what gossip did not bring: of a group where something is missing at once, of the others now and then, since
 * nobody hears of a message that was lost. One peer at a time, another one the next time.
 */
export class CatchUp {
  readonly #deps: CatchUpDeps
  /** Groups that are behind, with the peer that showed it. */
  readonly #behind = new Map<GroupId, Did>()
  #turn = 0
  /** It is time to ask for all groups again, whatever is behind. */
  #isPollDue = false
  #next = 0
  #underway: Promise<void> | undefined
  #cancel: () => void = () => undefined
  #isOver = false

  private constructor(deps: CatchUpDeps) {
    this.#deps = deps
  }

  static open(deps: CatchUpDeps): CatchUp {
    const catchUp = new CatchUp(deps)
    catchUp.#tick()
    return catchUp
  }

  /** Something is missing of the group, which this peer has. */
  behind(group: GroupId, peer: Did): void {
    this.#behind.set(group, peer)
    this.#start()
  }

  /** Asks for all groups soon: a peer came. */
  soon(): void {
    this.#isPollDue = true
    this.#start()
  }

  /** Resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#isOver = true
    this.#cancel()
    await this.#underway
  }

  #tick(): void {
    this.#isPollDue = true
    this.#start()
    if (!this.#isOver) this.#cancel = this.#deps.clock.after(EVERY_MS, () => this.#tick())
  }

  #start(): void {
    if (this.#isOver) return
    this.#underway ??= this.#run()
      .catch(this.#deps.onDefect)
      .finally(() => {
        this.#underway = undefined
        if (this.#behind.size > 0 || this.#isPollDue) this.#start()
      })
  }

  async #run(): Promise<void> {
    for (const [group, peer] of this.#takeBehind())
      if (!(await this.#guarded(peer, group))) this.#forget(peer)
    if (!this.#isPollDue) return
    this.#isPollDue = false
    const { groups, mesh, clock } = this.#deps
    const peers = mesh.peers()
    const peer = peers[this.#turn++ % Math.max(1, peers.length)]?.did
    if (peer === undefined) return
    const endMs = clock.monotonicMs() + POLL_MS
    for (let n = 0; n < Math.min(GROUPS_AT_ONCE, groups.length) && clock.monotonicMs() < endMs; n++) {
      const group = groups[this.#next++ % groups.length] as GroupId
      if (!(await this.#guarded(peer, group))) return
    }
  }

  /**
   * One group for each peer that showed what is missing: the others have their turn after the next poll, or a peer that shows
   * much and answers late would leave no time for anybody else. Those that fall behind meanwhile wait for the next time too.
   */
  #takeBehind(): readonly (readonly [GroupId, Did])[] {
    const taken = new Map([...this.#behind].map(([group, peer]) => [peer, group]))
    for (const group of taken.values()) this.#behind.delete(group)
    return [...taken].map(([peer, group]) => [group, peer])
  }

  /** What else a peer showed that cannot help now is left to the polls. */
  #forget(peer: Did): void {
    for (const [group, shownBy] of this.#behind) if (shownBy === peer) this.#behind.delete(group)
  }

  /** False: the peer cannot help now. */
  async #guarded(peer: Did, group: GroupId): Promise<boolean> {
    if (this.#isOver || !this.#deps.mesh.isConnected(peer)) return false
    try {
      await this.#fetch(peer, group)
      return true
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      if (!this.#isOver) this.#deps.onFault(error, peer)
      return false
    }
  }

  async #fetch(peer: Did, group: GroupId): Promise<void> {
    const { fetch, host, context } = this.#deps
    const machine = machineOfGroup(group)
    const followed = host.followed(group)
    if (followed?.hasRoom !== true) return
    const newest = await fetch.newest(peer, machine, followed.chain, context)
    if (newest === undefined) return
    host.learn(group, newest.chain, newest.links)
    if (newest.head.size <= followed.size) return
    const { size, root } = newest.head
    for await (const { from, records } of fetch.pages(peer, { machine, size, root }, followed.frontier)) {
      const isLast = from + records.length >= size
      if (!host.takeLeaves(group, from, records, isLast ? newest.certificate : undefined)) return
      if (!(await this.#hasRoom(followed))) return
    }
  }

  /** False: what is there waits for another group, which has its turn now. */
  async #hasRoom(followed: Followed): Promise<boolean> {
    for (let waits = 0; !followed.hasRoom && waits < ROOM_WAITS_MAX && !this.#isOver; waits++) {
      const before = followed.position
      await new Promise<void>((resolve) => void this.#deps.clock.after(ROOM_MS, resolve))
      if (followed.position > before) waits = 0
    }
    return followed.hasRoom && !this.#isOver
  }
}
