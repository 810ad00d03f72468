import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { decodeHubCommand, type GovernanceBody } from '../../../../src/codec/entry/hub-command.ts'
import { HUB } from '../../../../src/codec/entry/item.ts'
import type { VoterMessage } from '../../../../src/codec/voter-message/voter-message.ts'
import { FaultError } from '../../../../src/model/fault.ts'
import type { Did } from '../../../../src/model/ids.ts'
import type { FrameStore } from '../../../../src/ports/frame-store.ts'
import type { KeyPair } from '../../../../src/ports/keystore.ts'
import { ActDriver } from '../../../../src/services/heart/act-driver.ts'
import type { Actor } from '../../../../src/sim/heart/actor.ts'
import { PATIENCE, WatchedLeader } from '../../../setup/watched-leader.ts'
import { Hub, micro } from '../../core/system/hub-fixture.ts'

const LOCK_MS = 20_000
const CREDIT = 1_000_000n

/** A disk: what was not flushed is lost with the process. */
class Frames implements FrameStore {
  #durable: readonly Uint8Array[] = []
  #added: Uint8Array[] = []
  isFull = false

  all(): Iterable<Uint8Array> {
    return this.#durable
  }

  add(item: Uint8Array): void {
    this.#added.push(item)
  }

  flush(): void {
    if (this.isFull) throw new FaultError('store-full', 'no room')
    this.#durable = [...this.#durable, ...this.#added.splice(0)]
  }

  crash(): void {
    this.#added = []
  }
}

/** Voters that govern, each with its driver; what one says to all comes to the others at once. */
class Governors {
  readonly hub: Hub
  readonly drivers: ActDriver[]
  readonly disks: readonly Frames[]
  readonly proposed: GovernanceBody[] = []
  readonly blamed: Did[] = []
  leader = 0
  nowMs = 0
  said = 0
  isCut = false

  constructor(voters: number) {
    this.hub = new Hub({ voters, genesis: { parameters: { voteTimeLockMs: LOCK_MS } } })
    this.hub.slots(1)
    this.disks = this.hub.voters.map(() => new Frames())
    this.drivers = this.hub.voters.map((voter, at) => this.#driverOf(voter, at))
  }

  #driverOf({ did, secret }: Actor, at: number): ActDriver {
    const { hub } = this
    return new ActDriver({
      key: { did, secret } as KeyPair,
      net: hub.net,
      crypto: nodeCrypto,
      clock: { monotonicMs: () => this.nowMs },
      world: hub.world,
      votes: this.disks[at] as Frames,
      groups: {
        hub: () => hub.records,
        isLeader: () => at === this.leader,
        propose: (_machine, bytes, done) => {
          const command = decodeHubCommand(bytes)
          if (!command.ok || command.value.kind !== 'govern') throw new Error('no act')
          this.proposed.push(command.value.body)
          const { verdict } = hub.command(command.value)
          done({ kind: 'settled', verdict } as Parameters<typeof done>[0])
        },
      },
      tellAll: (message) => {
        this.said++
        for (const to of this.drivers.keys()) if (to !== at) this.bring(to, message)
      },
      tell: (to, message) =>
        this.bring(
          hub.voters.findIndex((voter) => voter.did === to),
          message,
        ),
    })
  }

  /** All of them are killed and started again. */
  restart(): void {
    for (const disk of this.disks) disk.crash()
    this.hub.voters.forEach((voter, at) => {
      this.drivers[at] = this.#driverOf(voter, at)
    })
  }

  bring(to: number, message: VoterMessage): void {
    if (this.isCut || message.kind !== 'vote') return
    const isSigned = this.drivers[to]?.hear(message.body, message.vote)
    if (isSigned === false) this.blamed.push(message.vote.voter)
  }

  sign(at: number, body: GovernanceBody): void {
    this.drivers[at]?.sign(body)
  }

  minting(nonce: number, credits = 5): GovernanceBody {
    const { did } = this.person
    return { v: 1, nonce, act: { kind: 'mint', to: did, amount: micro(credits) } }
  }

  get person(): Actor {
    return this.hub.person(0)
  }

  get minted(): bigint {
    return (this.hub.balance(this.person.did) - 10_000n * CREDIT) / CREDIT
  }

  pass(ms: number): void {
    this.nowMs += ms
    this.hub.nextSlot({ ms })
    for (const driver of this.drivers) driver.passSlot()
  }

  votesHeld(at: number): readonly number[] {
    return this.drivers[at]?.held().map(({ voters }) => voters.length) ?? []
  }
}

describe('an act of governance that is signed on several nodes', () => {
  it("is proposed by the hub's leader alone, once, when enough have signed for it to be in force at once", () => {
    const all = new Governors(3)
    for (const at of [0, 1]) all.sign(at, all.minting(1))
    expect([all.proposed.length, all.votesHeld(2)]).toEqual([0, [2]])
    all.sign(2, all.minting(1))
    expect([all.proposed.length, all.minted]).toEqual([1, 5n])
    all.pass(50)
    expect(all.proposed.length).toBe(1)
    expect(all.votesHeld(0)).toEqual([])
  })

  it('is proposed by another node where the leader of the hub leaves it out', () => {
    const all = new Governors(3)
    all.leader = -1
    for (const at of [0, 1, 2]) all.sign(at, all.minting(1))
    const led = new WatchedLeader()
    led.watch.isWatching(HUB)
    led.ticks = PATIENCE
    const oversee = (): void => all.drivers[0]?.oversee(led.watch)
    led.pass(PATIENCE + 10, oversee)
    expect(led.proposed.map(({ command }) => decodeHubCommand(command))).toMatchObject([
      { value: { kind: 'govern', body: all.minting(1) } },
    ])
    // The hub refuses it: nobody proposes it again.
    const text = new TextDecoder().decode(led.proposed[0]?.command)
    led.verdicts.set(text, { kind: 'rejected', code: 'CONFLICT', message: 'no' })
    led.pass(10, oversee)
    expect(all.drivers[0]?.held()).toMatchObject([{ refused: 'CONFLICT: no' }])
    led.pass(9 * PATIENCE, oversee)
    expect([led.proposed.length, led.deposed]).toEqual([1, []])
  })

  it('keeps its signatures where all nodes are started again: nobody signs twice', () => {
    const all = new Governors(3)
    all.isCut = true
    for (const at of [0, 1]) all.sign(at, all.minting(1))
    all.restart()
    expect([0, 1, 2].map((at) => all.votesHeld(at))).toEqual([[1], [1], []])
    all.isCut = false
    all.pass(10_000)
    expect([0, 1, 2].map((at) => all.votesHeld(at))).toEqual([[2], [2], [2]])
    all.sign(2, all.minting(1))
    expect([all.proposed.length, all.minted]).toEqual([1, 5n])
    all.restart()
    expect([0, 1, 2].map((at) => all.votesHeld(at))).toEqual([[], [], []])
  })

  it('is not told of a signature that could not be kept', () => {
    const all = new Governors(3)
    const [disk] = all.disks as [Frames]
    disk.isFull = true
    expect(() => all.sign(0, all.minting(1))).toThrow('no room')
    expect([all.votesHeld(0), all.votesHeld(1), all.said]).toEqual([[], [], 0])
  })

  it('waits a tenth of the time-lock for the rest, and is then taken with that time-lock', () => {
    const all = new Governors(3)
    for (const at of [0, 1]) all.sign(at, all.minting(1))
    all.pass(LOCK_MS / 10 - 50)
    expect(all.proposed).toEqual([])
    all.pass(100)
    expect([all.proposed.length, all.minted]).toEqual([1, 0n])
    all.pass(LOCK_MS)
    expect(all.minted).toBe(5n)
  })

  it('by too few is proposed by nobody, however long that is', () => {
    const all = new Governors(3)
    all.sign(0, all.minting(1))
    all.pass(LOCK_MS)
    all.pass(LOCK_MS)
    expect([all.proposed, all.votesHeld(1)]).toEqual([[], [1]])
  })

  it('is known to who was away: its signer says it again, and every voter what it holds to one that is back', () => {
    const all = new Governors(3)
    all.isCut = true
    all.sign(1, all.minting(1))
    all.isCut = false
    expect(all.votesHeld(0)).toEqual([])
    all.pass(10_000)
    expect(all.votesHeld(0)).toEqual([1])
    all.isCut = true
    all.sign(2, all.minting(1))
    all.isCut = false
    all.drivers[2]?.sayTo(all.hub.voters[0]?.did as Did)
    expect(all.votesHeld(0)).toEqual([2])
  })

  it('counts nobody who did not sign it, or does not govern', () => {
    const all = new Governors(3)
    const [first] = all.hub.voters
    const body = all.minting(1)
    all.bring(0, {
      kind: 'vote',
      body,
      vote: { voter: first?.did as Did, s: new Uint8Array(64) },
    })
    const { s } = all.person.state('governance-vote', body)
    all.bring(0, { kind: 'vote', body, vote: { voter: all.person.did, s } })
    expect([all.votesHeld(0), all.blamed]).toEqual([[], [first?.did]])
  })

  it('is let go when the hub has taken one with its number, and not said for ever where the hub refuses it', () => {
    const all = new Governors(1)
    const tooMuch: GovernanceBody = {
      v: 1,
      nonce: 1,
      act: { kind: 'parameters', changes: { slotMs: 1 } },
    }
    all.sign(0, tooMuch)
    expect(all.drivers[0]?.held()[0]?.refused).toMatch(/^(?:MALFORMED|OVER_CAP): /u)
    all.pass(50)
    expect(all.proposed.length).toBe(1)
    all.sign(0, all.minting(1))
    expect([all.minted, all.votesHeld(0)]).toEqual([5n, []])
  })

  it('of one key are held eight at most: the oldest goes', () => {
    const all = new Governors(3)
    for (let nonce = 1; nonce <= 10; nonce++) all.sign(1, all.minting(nonce))
    expect(all.drivers[0]?.held().map(({ body }) => body.nonce)).toEqual([3, 4, 5, 6, 7, 8, 9, 10])
  })
})
