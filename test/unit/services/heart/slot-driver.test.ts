import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { decodeHubCommand } from '../../../../src/codec/entry/hub-command.ts'
import { HUB } from '../../../../src/codec/entry/item.ts'
import { signStatement } from '../../../../src/codec/signed/statement.ts'
import { ALL } from '../../../../src/core/ledger/tables.ts'
import { Records } from '../../../../src/core/records/tables.ts'
import { type HubTables, slotKey } from '../../../../src/core/system/tables.ts'
import type { KeyPair } from '../../../../src/ports/keystore.ts'
import { SlotDriver } from '../../../../src/services/heart/slot-driver.ts'
import { NET } from '../../../setup/arbitrary-envelope.ts'
import { ManualClock } from '../../../setup/manual-clock.ts'
import { type Person, person } from '../../../setup/said.ts'
import { PATIENCE, WatchedLeader } from '../../../setup/watched-leader.ts'

const VOTERS = ['one', 'two', 'three'].map(person) as [Person, Person, Person]
const [SELF, TURN] = VOTERS
const LINK = new Uint8Array(32).fill(1)
const WRONG = new Uint8Array(32).fill(2)

/** The leader of the hub makes slot 1, in which it is the turn of the second voter; gives the links that it proposes. */
function leading(link: Uint8Array | undefined) {
  const chain = { serial: 1, anchor: nodeCrypto.sha256(LINK), left: 8, missed: 0 }
  const hub = new Records<HubTables>()
  hub.apply([{ table: 'chains', key: TURN.did, value: chain }])
  const links: (Uint8Array | undefined)[] = []
  const driver = new SlotDriver({
    key: SELF as KeyPair,
    net: NET,
    crypto: nodeCrypto,
    clock: new ManualClock(),
    groups: {
      voters: VOTERS.map(({ did }) => did),
      slotMs: 100,
      leader: () => SELF.did,
      isLeader: () => true,
      hub: () => hub,
      propose: (_, bytes) => {
        const command = decodeHubCommand(bytes)
        if (command.ok && command.value.kind === 'slot') links.push(command.value.link)
      },
    },
    send: () => undefined,
  })
  for (const voter of [SELF, TURN]) {
    const body = { v: 1 as const, n: 1, time: 5 }
    const s = signStatement(nodeCrypto, 'clock-reading', NET, voter.secret, body)
    driver.hear({ voter: voter.did, body, s }, voter === TURN ? link : undefined)
  }
  driver.stop()
  return links
}

describe('the leader of the hub', () => {
  it('makes a slot with the link of the voter whose turn it is', () => {
    expect(leading(LINK)).toEqual([LINK])
  })

  it('makes it without one where that voter shows another than its next', () => {
    expect(leading(WRONG)).toEqual([undefined])
    expect(leading(undefined)).toEqual([undefined])
  })
})

/** A voter of a hub that another one leads, its clock and ticks side by side: a tick is 100 ms. */
class Waiting {
  readonly led = new WatchedLeader()
  readonly said: string[] = []
  readonly driver: SlotDriver
  readonly #clock = new ManualClock(0)
  readonly #hub = new Records<HubTables>()
  accepts = true

  constructor(slotMs = 1_000) {
    this.driver = new SlotDriver({
      key: SELF as KeyPair,
      net: NET,
      crypto: nodeCrypto,
      clock: this.#clock,
      groups: {
        voters: VOTERS.map(({ did }) => did),
        slotMs,
        leader: () => TURN.did,
        isLeader: () => false,
        hub: () => this.#hub,
        propose: () => undefined,
      },
      send: (to, { body }) => {
        if (to !== TURN.did) this.said.push(`${to} ${body.n}`)
      },
    })
    this.led.watch.isWatching(HUB)
    this.make(1)
    this.pass(PATIENCE)
    this.make(2)
  }

  make(n: number): void {
    const slot = { n, time: this.#clock.nowMs() }
    this.#hub.apply([
      { table: 'network', key: ALL, value: { slot: n } as HubTables['network'] },
      { table: 'slots', key: slotKey(n), value: slot as HubTables['slots'] },
    ])
    this.driver.advance()
  }

  /** Each round of ten ticks is a second. */
  pass(ticks: number): this {
    this.led.pass(ticks, () => {
      this.#clock.advance(1_000)
      this.driver.oversee(this.led.watch, () => this.accepts)
    })
    return this
  }

  /** Readings of others for the next slot. */
  hear(n: number, ...voters: readonly Person[]): void {
    for (const { did, secret } of voters) {
      const body = { v: 1 as const, n, time: this.#clock.nowMs() }
      const s = signStatement(nodeCrypto, 'clock-reading', NET, secret, body)
      this.driver.hear({ voter: did, body, s }, undefined)
    }
  }

  get proposed(): readonly unknown[] {
    return this.led.proposed.splice(0).map(({ command }) => {
      const read = decodeHubCommand(command)
      return read.ok && read.value.kind === 'slot' ? [read.value.n, read.value.readings.length] : read
    })
  }
}

describe('a voter of a hub whose leader makes no slot', () => {
  it('reads its clock for all voters three election timeouts after the slot was due', () => {
    const waiting = new Waiting()
    expect(waiting.pass(PATIENCE).said).toEqual([])
    expect(waiting.pass(10).said).toEqual([`${SELF.did} 3`, `${VOTERS[2].did} 3`])
  })

  it('and not before it was due', () => {
    const waiting = new Waiting(20_000)
    expect(waiting.pass(200 + PATIENCE - 20).said).toEqual([])
    expect(waiting.pass(10).said).not.toEqual([])
  })

  it('proposes the slot when it holds readings of a majority, and deposes when none comes of it', () => {
    const waiting = new Waiting()
    waiting.hear(3, SELF)
    expect(waiting.pass(2 * PATIENCE).proposed).toEqual([])
    waiting.hear(3, VOTERS[2])
    expect(waiting.pass(10).proposed).toEqual([[3, 2]])
    expect(waiting.pass(PATIENCE).led.deposed).toEqual([0])
  })

  it('proposes none that the hub would refuse', () => {
    const waiting = new Waiting()
    waiting.accepts = false
    waiting.hear(3, SELF, VOTERS[2])
    expect(waiting.pass(4 * PATIENCE).proposed).toEqual([])
    expect(waiting.led.deposed).toEqual([])
  })

  it('deposes when slots come only because it proposes them, not when they come in time between', () => {
    const lateAndInTime = (times: number, inTime: number): readonly number[] => {
      const waiting = new Waiting()
      for (let n = 3; n < 3 + times * (1 + inTime) && waiting.led.deposed.length === 0; n++) {
        const isLate = (n - 3) % (1 + inTime) === 0
        waiting.hear(n, SELF, VOTERS[2])
        waiting.pass(isLate ? PATIENCE + 20 : 10)
        waiting.make(n)
      }
      return waiting.led.deposed
    }
    expect(lateAndInTime(4, 0)).toEqual([0])
    expect(lateAndInTime(9, 1)).toEqual([])
  })
})
