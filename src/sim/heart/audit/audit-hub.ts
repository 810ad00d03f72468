import { envelopeIdOf } from '../../../codec/cid.ts'
import { encodeDagCbor } from '../../../codec/dag-cbor/encode.ts'
import { BUCKETS_MAX } from '../../../codec/genesis/genesis.ts'
import { cidOfId } from '../../../core/bucket/need-turn.ts'
import { bucketOf } from '../../../core/market/seeds.ts'
import { slotFacts } from '../../../core/system/slots.ts'
import { Violation } from '../../raft/violation.ts'
import type { Stage } from '../stage.ts'
import { type HubEvent, readBucket, readHub } from './reading.ts'

/** What anybody can check of the hub by its log alone. Source: verification.md, "Properties"; consensus.md, "Time and chance". */
export function auditHub(stage: Stage): void {
  const events = readHub(stage)
  auditOnce(stage, events)
  auditTime(stage, events)
  auditPlaces(stage, events)
}

/** No envelope and no effect was applied twice. */
function auditOnce(stage: Stage, events: readonly HubEvent[]): void {
  const seen = new Set<string>()
  for (const event of events) {
    const name = nameOf(stage, event)
    if (name === undefined) continue
    if (seen.has(name)) throw new Violation('once', `${name} was applied twice`)
    seen.add(name)
  }
}

function nameOf(stage: Stage, event: HubEvent): string | undefined {
  if (event.kind === 'effect') return `effect ${event.n} of bucket ${event.source}`
  if (event.command.kind !== 'envelope') return undefined
  const opened = stage.world.openEnvelope(event.command.envelope, 0)
  return opened.ok ? `envelope ${opened.value.id}` : undefined
}

/** Slots follow one another, their time never goes back, and each beacon is made of the link that its entry shows. */
function auditTime({ hub, world }: Stage, events: readonly HubEvent[]): void {
  let last = { n: 0, time: 0, clock: 0 }
  let beacon = world.sha256(world.net.bytes)
  for (const event of events) {
    if (event.kind !== 'command' || event.command.kind !== 'slot') continue
    const { n, link, readings } = event.command
    const facts = slotFacts(hub.records, n)
    if (facts === undefined) continue
    if (n !== last.n + 1) throw new Violation('slots', `slot ${n} after ${last.n}`)
    if (facts.time < last.time || facts.clock < last.clock) {
      throw new Violation('slots', `slot ${n} goes back to ${facts.time} from ${last.time}`)
    }
    const times = readings.map(({ body }) => body.time).sort((a, b) => a - b)
    const median = times[(times.length - 1) >> 1] ?? 0
    if (facts.time !== Math.max(median, last.time))
      throw new Violation('slots', `slot ${n} is at ${facts.time}`)
    if (link !== undefined) beacon = world.sha256(encodeDagCbor(['canswarm/beacon/1', beacon, link]))
    if ((link === undefined) !== (facts.beacon === undefined)) throw new Violation('beacon', `slot ${n}`)
    if (facts.beacon !== undefined && facts.beacon.toHex() !== beacon.toHex()) {
      throw new Violation('beacon', `that of slot ${n} does not follow from its link`)
    }
    last = facts
  }
}

/** Every need went to the bucket that its beacon drew, and the beacon is the second after the escrow. */
function auditPlaces(stage: Stage, events: readonly HubEvent[]): void {
  const escrowed = new Map<string, number>()
  let slot = 0
  for (const event of events) {
    if (event.kind !== 'command') continue
    if (event.command.kind === 'slot') slot = event.command.n
    if (event.command.kind !== 'envelope') continue
    const opened = stage.world.openEnvelope(event.command.envelope, 0)
    if (opened.ok && opened.value.body.kind === 'NEED') escrowed.set(opened.value.id, slot)
  }
  for (const bucket of stage.network.buckets) {
    for (const event of readBucket(stage, bucket)) {
      if (event.kind !== 'effect' || event.effect.kind !== 'open') continue
      const { need, beacon } = event.effect
      const id = envelopeIdOf(need)
      if (bucketOf(cidOfId(id), beacon, BUCKETS_MAX, stage.world.sha256) !== bucket) {
        throw new Violation('place', `need ${id} is in bucket ${bucket}, which its beacon did not draw`)
      }
      const expected = secondBeaconAfter(stage, escrowed.get(id) ?? 0)
      if (expected !== undefined && expected !== beacon.toHex()) {
        throw new Violation('place', `need ${id} does not rest on the second beacon after its escrow`)
      }
    }
  }
}

function secondBeaconAfter({ hub, slot }: Stage, escrowed: number): string | undefined {
  let count = 0
  for (let n = escrowed + 1; n <= slot; n++) {
    const beacon = slotFacts(hub.records, n)?.beacon
    if (beacon !== undefined && ++count === 2) return beacon.toHex()
  }
  return undefined
}
