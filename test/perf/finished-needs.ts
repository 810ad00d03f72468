import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import type { Payload } from '../../src/codec/payload/verbs.ts'
import { encodeState } from '../../src/core/records/encode-state.ts'
import type { Records } from '../../src/core/records/tables.ts'
import type { Shape } from '../../src/core/records/view.ts'
import { assemble, CAPABILITY, type Casting, credits } from '../../src/sim/heart/casting.ts'
import { PLAY_SLOT_MS } from '../../src/sim/heart/parameters.ts'
import { Play } from '../../src/sim/heart/play.ts'
import type { Stage } from '../../src/sim/heart/stage.ts'
import { Chance } from '../../src/sim/raft/chance.ts'
import type { Benchmark, Figure } from './benchmark.ts'

const NEEDS_DEFAULT = 1_000
const AT_ONCE = 250
const CASTING: Casting = {
  voters: 1,
  workers: ['honest', 'honest'],
  verifiers: ['honest', 'honest', 'honest'],
  challengers: [],
  requesters: 1,
}

/** What stays in state of needs that are over. BENCH_NEEDS says how many are played to their end. */
export const finishedNeeds: Benchmark = {
  name: 'finished-needs',
  about: `what hub and buckets keep of BENCH_NEEDS needs (${NEEDS_DEFAULT}) that are settled`,
  async run() {
    const needs = Number(process.env['BENCH_NEEDS'] ?? NEEDS_DEFAULT)
    const chance = new Chance(1, 'finished')
    const { stage, parts, requesters } = assemble({
      crypto: nodeCrypto,
      casting: CASTING,
      seed: 'finished',
      checks: false,
      certifies: false,
      chance,
    })
    const play = new Play({ stage, parts, chance, slotMs: PLAY_SLOT_MS, check: () => undefined })
    const [requester] = requesters
    if (requester === undefined) throw new Error('somebody asks')
    const points = [pointOf(stage, 0)]
    for (let done = 0; done < needs; done += AT_ONCE) {
      for (let at = done; at < done + AT_ONCE; at++) play.post(requester, needOf(at))
      while (play.open.length > 0) play.round()
      points.push(pointOf(stage, done + AT_ONCE))
      const { buckets, hub } = points.at(-1) as Point
      process.stdout.write(`${done + AT_ONCE} needs, buckets ${buckets} B, hub ${hub} B\n`)
    }
    return figuresOf(points)
  },
}

function needOf(at: number): Payload<'NEED'> {
  return {
    label: 'a small task',
    task_type: CAPABILITY,
    capability: CAPABILITY,
    input: { inline: Uint8Array.of(at & 255, at >> 8) },
    requires: [],
    produces: [],
    constraints: {},
    task_class: 'simple',
    budget: credits(0.5),
    verify_bounty: credits(0.1),
    verification: { mode: 'reexecute' },
    idempotency_key: `need-${at}`,
  }
}

interface Point {
  readonly needs: number
  /** Encoded bytes of their states. Slots are left out: the hub keeps the last 4,096, however many needs there are. */
  readonly buckets: number
  readonly hub: number
}

function pointOf(stage: Stage, needs: number): Point {
  const bytes = <Tables extends Shape>(records: Records<Tables>) =>
    encodeState(records).reduce((sum, part) => sum + part.length, 0)
  const buckets = stage.network.buckets.map((bucket) => bytes(stage.bucket(bucket).records))
  const slots = new Set(stage.hub.records.keys('slots'))
  return {
    needs,
    buckets: buckets.reduce((sum, one) => sum + one, 0),
    hub: bytes(stage.hub.records) - slots.size * SLOT_BYTES,
  }
}

/** Of a slot with a beacon. */
const SLOT_BYTES = 178

/** From the second half alone: what a bucket or a set of parameters costs once is no cost of a need. */
function figuresOf(points: readonly Point[]): readonly Figure[] {
  const half = points[points.length >> 1] as Point
  const last = points.at(-1) as Point
  const each = (of: 'buckets' | 'hub') => (last[of] - half[of]) / (last.needs - half.needs)
  return [
    {
      key: 'finished_need_bucket_bytes',
      about: 'bytes of state a need keeps in its bucket',
      value: each('buckets'),
      unit: 'bytes',
      aim: 3_000,
    },
    {
      key: 'finished_need_hub_bytes',
      about: 'bytes of state a need keeps in the hub',
      value: each('hub'),
      unit: 'bytes',
      aim: 300,
    },
    { key: 'finished_needs', about: 'needs that were settled', value: last.needs, unit: 'count' },
  ]
}
