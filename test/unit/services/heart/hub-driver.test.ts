import { describe, expect, it } from 'vitest'
import { decodeHubCommand } from '../../../../src/codec/entry/hub-command.ts'
import { HUB } from '../../../../src/codec/entry/item.ts'
import type { Did, EnvelopeId } from '../../../../src/model/ids.ts'
import type { Outcome } from '../../../../src/model/replicated.ts'
import type { GroupAccess } from '../../../../src/services/heart/group-access.ts'
import { HubDriver } from '../../../../src/services/heart/hub-driver.ts'
import { addsTask, person } from '../../../setup/said.ts'
import { PATIENCE, WatchedLeader } from '../../../setup/watched-leader.ts'

const KNOWN = ['a', 'b', 'c', 'd', 'e'].map((name) => person(name).did)
const [ALICE] = KNOWN as [Did]
const STRANGER = person('nobody').did
/** What an envelope is to the driver, whatever it says. */
const { field } = addsTask(person('a'), 'a'.repeat(32) as never, 1)

const strangers = (count: number): readonly Did[] =>
  Array.from({ length: count }, (_, n) => person(`stranger ${n}`).did)

/** A driver of a node that leads the hub, and what it proposed. */
class Lead {
  readonly proposed: ((outcome: Outcome) => void)[] = []
  readonly accounts = new Set(KNOWN)
  readonly driver: HubDriver
  #n = 0

  constructor() {
    const groups = {
      slotMs: 1_000,
      hub: () => ({
        get: (table: string, did: Did) => (table === 'accounts' && this.accounts.has(did) ? {} : undefined),
      }),
      isLeader: () => true,
      propose: (_: number, command: Uint8Array, done: (outcome: Outcome) => void) => {
        expect(decodeHubCommand(command)).toMatchObject({ ok: true, value: { kind: 'envelope' } })
        this.proposed.push(done)
      },
    }
    this.driver = new HubDriver(groups as unknown as GroupAccess)
  }

  add(sender: Did, bytes = 500, slot = 1): boolean {
    return this.driver.add(`${this.#n++}` as EnvelopeId, field, bytes, slot, sender)
  }

  /** Envelopes that were proposed since the last time, each of which the hub took. */
  takenAt(slot: number): number {
    this.driver.act(slot)
    const done = this.proposed.splice(0)
    for (const settle of done) settle({ kind: 'settled' } as Outcome)
    return done.length
  }
}

describe('what waits for the hub', () => {
  it('is proposed by who leads it, as it came', () => {
    const lead = new Lead()
    for (let n = 0; n < 300; n++) expect(lead.add(ALICE)).toBe(true)
    expect(lead.takenAt(1)).toBe(300)
    expect(lead.takenAt(1)).toBe(0)
  })

  it('of strangers is proposed slowly, by its length, and keeps nobody else waiting', () => {
    const lead = new Lead()
    for (const stranger of strangers(64)) for (let n = 0; n < 16; n++) expect(lead.add(stranger)).toBe(true)
    // Half a KiB each: two units.
    expect(lead.takenAt(1)).toBe(128 + 2 - 2)
    expect(lead.takenAt(11)).toBe(20)
    expect(lead.add(ALICE)).toBe(true)
    expect(lead.takenAt(11)).toBe(1)
    expect(lead.takenAt(12)).toBe(2)
    const large = new Lead()
    for (let n = 0; n < 16; n++) large.add(STRANGER, 65_536)
    expect(large.takenAt(1)).toBe(3)
  })

  it('is so much of one sender, less of a stranger, and leaves room for those who have an account', () => {
    const lead = new Lead()
    const addedBy = (sender: Did, count: number): number =>
      Array.from({ length: count }, () => lead.add(sender)).filter(Boolean).length
    expect(addedBy(STRANGER, 100)).toBe(16)
    for (let n = 0; n < 100; n++) addedBy(person(`stranger ${n}`).did, 16)
    expect(lead.add(person('one more').did)).toBe(false)
    expect(addedBy(ALICE, 5_000)).toBe(4_096)
    for (const did of KNOWN.slice(1, 4)) expect(addedBy(did, 5_000)).toBe(4_096)
    expect(addedBy(KNOWN[4] as Did, 1)).toBe(0)
  })

  it('that was taken, or became old, makes room', () => {
    const lead = new Lead()
    for (let n = 0; n < 16; n++) lead.add(STRANGER)
    expect(lead.add(STRANGER)).toBe(false)
    expect(lead.takenAt(1)).toBe(16)
    for (let n = 0; n < 16; n++) expect(lead.add(STRANGER)).toBe(true)
    expect(lead.add(STRANGER, 500, 2_000)).toBe(false)
    lead.driver.act(1_202)
    expect(lead.add(STRANGER, 500, 2_000)).toBe(true)
  })

  it('of a stranger who has an account by now is a stranger’s no more', () => {
    const lead = new Lead()
    for (let n = 0; n < 16; n++) for (const of of [STRANGER, ...strangers(20)]) lead.add(of)
    lead.takenAt(1)
    lead.accounts.add(STRANGER)
    expect(lead.takenAt(1)).toBe(0)
    lead.driver.passSlot(1)
    // Of its sixteen some were proposed before, with those of the others.
    expect(lead.takenAt(1)).toBe(9)
  })
})

describe('what waits for a hub that another node leads', () => {
  /** A voter that heard of so many envelopes, and another one leads. */
  function watching(known: number, unknown: number, accepts = true) {
    const led = new WatchedLeader()
    const lead = new Lead()
    led.watch.isWatching(HUB)
    led.ticks = PATIENCE
    for (let n = 0; n < known; n++) lead.add(ALICE)
    for (const stranger of strangers(unknown)) lead.add(stranger)
    const pass = (ticks: number): void =>
      led.pass(ticks, () => lead.driver.oversee(led.watch, 5, () => accepts))
    return { led, lead, pass }
  }

  it('is proposed from here after three election timeouts; that of strangers is not', () => {
    const { led, pass } = watching(2, 9)
    pass(PATIENCE)
    expect(led.proposed).toEqual([])
    pass(10)
    const read = led.proposed.map(({ machine, command }) => [machine, decodeHubCommand(command)])
    expect(read).toMatchObject([HUB, HUB].map((hub) => [hub, { value: { kind: 'envelope', slot: 5 } }]))
    pass(PATIENCE)
    expect(led.deposed).toEqual([0])
  })

  it('is not, once an entry carried it', () => {
    const { led, lead, pass } = watching(1, 0)
    pass(PATIENCE)
    lead.driver.carried('0' as EnvelopeId)
    pass(5 * PATIENCE)
    expect(led.proposed).toEqual([])
  })

  it('is let go where the hub would not take it', () => {
    const { led, lead, pass } = watching(3, 0, false)
    pass(5 * PATIENCE)
    expect([led.proposed, led.deposed]).toEqual([[], []])
    expect(lead.takenAt(6)).toBe(0)
  })
})
