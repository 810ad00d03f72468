import { describe, expect, it } from 'vitest'
import { decodeHubCommand, type HubCommand } from '../../../../src/codec/entry/hub-command.ts'
import { HUB } from '../../../../src/codec/entry/item.ts'
import { HubCare } from '../../../../src/services/heart/hub-care.ts'
import { PATIENCE, WatchedLeader } from '../../../setup/watched-leader.ts'
import { Hub, micro } from '../../core/system/hub-fixture.ts'

const SETTLE = 1_000
const DAY = 86_400_000

/** The hub's leader: what it proposes is applied at once. */
function leading(hub: Hub, isLeader = true) {
  const proposed: HubCommand['kind'][] = []
  const care = new HubCare({
    hub: () => hub.records,
    isLeader: () => isLeader,
    propose(_machine, bytes, done) {
      const command = decodeHubCommand(bytes)
      if (!command.ok) throw new Error(command.error.message)
      proposed.push(command.value.kind)
      const { verdict } = hub.command(command.value)
      done({ kind: 'settled', verdict } as unknown as Parameters<typeof done>[0])
    },
  })
  const slots = (count: number, ms?: number): void => {
    for (let slot = 0; slot < count; slot++) {
      hub.nextSlot(ms === undefined ? {} : { ms })
      care.act(hub.slot)
    }
  }
  return { care, slots, proposed }
}

function growing(): Hub {
  const hub = new Hub({
    verifiers: 4,
    genesis: { parameters: { bootstrapVerifiers: 5, bootstrapSettleMs: SETTLE } },
  })
  hub.slots(1)
  return hub
}

function register(hub: Hub): void {
  const payload = { stake: micro(150), capabilities: ['text/summarize'] }
  hub.envelope(hub.person(0).account('REGISTER', payload, 0))
}

describe("what the hub's leader sees to by itself", () => {
  it('bootstrap mode ends when enough verifiers have stayed for long enough, and is let alone then', () => {
    const hub = growing()
    const { slots, proposed } = leading(hub)
    slots(2 * (SETTLE / 50))
    expect(proposed).toEqual([])
    register(hub)
    slots(SETTLE / 50 - 1)
    expect(hub.records.get('network', 'all')).toMatchObject({ isBootstrap: true })
    slots(50)
    expect(hub.records.get('network', 'all')).toMatchObject({ isBootstrap: false })
    expect(proposed).toEqual(['leave-bootstrap'])
  })

  it('days are counted, once each', () => {
    const hub = new Hub()
    hub.slots(1)
    register(hub)
    const did = hub.person(0).did
    const first = hub.records.get('agents', did)
    const { slots, proposed } = leading(hub)
    slots(1, DAY)
    slots(200)
    expect(proposed).toEqual(['age'])
    expect(hub.records.get('agents', did)?.dayAt).toBe((first?.dayAt ?? 0) + DAY)
  })

  it('nobody but the leader proposes anything', () => {
    const hub = growing()
    const { slots, proposed } = leading(hub, false)
    register(hub)
    slots(100)
    expect(proposed).toEqual([])
  })

  it('but what is due and another leader leaves out, in the end', () => {
    const hub = growing()
    const { care } = leading(hub, false)
    const led = new WatchedLeader()
    led.watch.isWatching(HUB)
    led.ticks = PATIENCE
    const proposedWithin = (ticks: number) => {
      led.pass(ticks, () => {
        hub.nextSlot({ ms: 1_000 })
        hub.slots(63)
        care.oversee(led.watch, hub.slot)
      })
      return led.proposed.splice(0).map(({ command }) => decodeHubCommand(command))
    }
    expect(proposedWithin(5 * PATIENCE)).toEqual([])
    register(hub)
    expect(proposedWithin(PATIENCE + 20)).toMatchObject([{ value: { kind: 'leave-bootstrap' } }])
    proposedWithin(PATIENCE)
    expect(led.deposed).toEqual([0])
  })
})
