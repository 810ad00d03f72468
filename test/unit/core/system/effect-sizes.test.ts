import { describe, expect, it } from 'vitest'
import { didOfKey } from '../../../../src/codec/did/did-key.ts'
import {
  ANSWERED_MAX,
  decodeToBucket,
  decodeToHub,
  encodeEffect,
  MOVES_MAX,
  type ToBucket,
  type ToHub,
} from '../../../../src/codec/entry/effect.ts'
import { SEATS_MAX } from '../../../../src/codec/entry/fields.ts'
import {
  BODY_BYTES_MAX,
  ENVELOPE_BYTES_MAX,
  PAYLOAD_BYTES_MAX,
} from '../../../../src/codec/envelope/limits.ts'
import { decodeEntry, encodeEntry } from '../../../../src/codec/raft-frame/entry.ts'
import { ROLE_SEATS_MAX } from '../../../../src/core/market/quorum.ts'
import { groupOfMachine } from '../../../../src/core/witness/machine.ts'
import type { Did, PublicKey } from '../../../../src/model/ids.ts'
import type { MicroText } from '../../../../src/model/micro.ts'
import { defaultParameters } from '../../../../src/model/parse-parameters.ts'
import { EFFECT_BYTES_MAX } from '../../../../src/model/replicated.ts'
import { Hub, linkTo, needPayload } from './hub-fixture.ts'

const HASH = new Uint8Array(32).fill(255)
const NUMBER = Number.MAX_SAFE_INTEGER
const AMOUNT = '9'.repeat(20) as MicroText
const need = linkTo(1)

function dids(count: number): Did[] {
  return Array.from({ length: count }, (_, at) =>
    didOfKey(Uint8Array.of(at & 255, at >> 8, ...new Uint8Array(30).fill(7)) as PublicKey),
  )
}

const SEATS = dids(SEATS_MAX)
const drawn = {
  slot: NUMBER,
  seed: HASH,
  roster: HASH,
  seats: SEATS.slice(0, ROLE_SEATS_MAX),
  skips: SEATS.map((did) => ({ did, why: 'cap-region' as const })),
  relaxed: ['region' as const, 'asn' as const, 'org' as const],
  used_up: true,
}
const envelope = { body: new Uint8Array(BODY_BYTES_MAX), sig: new Uint8Array(1_024) }
const parameters = Object.fromEntries(
  Object.entries(defaultParameters('production')).map(([name, value]) => [
    name,
    typeof value === 'bigint' ? AMOUNT : NUMBER,
  ]),
)

const toBucket: readonly ToBucket[] = [
  {
    v: 1,
    kind: 'open',
    need,
    envelope,
    bucket: 255,
    slot: NUMBER,
    beacon: HASH,
    eligible: NUMBER,
    bootstrap: true,
    k_plan: SEATS_MAX,
    k_result: SEATS_MAX,
    fee: AMOUNT,
    lock: AMOUNT,
    capsule: 'b'.repeat(128),
    parameters,
    deadline: 8_640_000_000_000_000,
    plan: drawn,
    result: drawn,
  },
  {
    v: 1,
    kind: 'seated',
    need,
    role: 'challenge',
    attempt: 255,
    challenge: need,
    wave: SEATS_MAX,
    answered: NUMBER,
    ...drawn,
  },
  { v: 1, kind: 'reserved', need, slot: NUMBER, bid_round: 255, refused: SEATS },
  {
    v: 1,
    kind: 'paid',
    need,
    moves: Array.from({ length: MOVES_MAX }, () => ({ to: SEATS[0] as Did, amount: AMOUNT, what: 'refund' })),
  },
]

function lists(count: number) {
  return Array.from({ length: Math.ceil(count / ROLE_SEATS_MAX) }, (_, attempt) => ({
    role: 'result' as const,
    attempt,
    seats: SEATS.slice(0, Math.min(ROLE_SEATS_MAX, count - attempt * ROLE_SEATS_MAX)),
  }))
}

const toHub: readonly ToHub[] = [
  {
    v: 1,
    kind: 'end',
    need,
    outcome: 'split',
    worker: SEATS[0] as Did,
    price: AMOUNT,
    answered: lists(ANSWERED_MAX),
    silent: lists(2 * ROLE_SEATS_MAX),
    confirmed: SEATS.slice(0, ROLE_SEATS_MAX),
    envelopes: HASH,
    head: HASH,
  },
  {
    v: 1,
    kind: 'challenge-end',
    need,
    challenge: need,
    challenger: SEATS[0] as Did,
    attempt: 255,
    outcome: 'withdrawn',
    answered: SEATS,
    honest: SEATS,
    silent: SEATS,
  },
  {
    v: 1,
    kind: 'draw',
    need,
    role: 'challenge',
    attempt: 255,
    challenge: need,
    wave: SEATS_MAX,
    count: SEATS_MAX,
    exclude: SEATS,
  },
  { v: 1, kind: 'bond', need, challenge: need, envelope },
  { v: 1, kind: 'refill', need, attempt: 255, seats: SEATS_MAX, wrong: SEATS },
]

/** As an entry of the target's log holds it. */
function throughHost(body: Uint8Array): Uint8Array | undefined {
  const batch = {
    source: groupOfMachine(-1),
    target: groupOfMachine(7),
    generation: 0,
    first: 1,
    bodies: [body],
    answered: 0,
    proof: new Uint8Array(),
  }
  const read = decodeEntry(encodeEntry([{ kind: 'effects', batch }]))
  const [item] = read.ok ? read.value : []
  return item?.kind === 'effects' ? item.batch.bodies[0] : undefined
}

describe('the largest effects pass the limit of the raft host, which ends a group that hands out a larger one', () => {
  it.each(toBucket.map((effect) => [effect.kind, effect] as const))('%s to a bucket', (_, effect) => {
    const body = encodeEffect(effect)
    expect(body.length).toBeLessThanOrEqual(EFFECT_BYTES_MAX)
    expect(throughHost(body)).toEqual(body)
    expect(decodeToBucket(body).ok).toBe(true)
  })

  it.each(toHub.map((effect) => [effect.kind, effect] as const))('%s to the hub', (_, effect) => {
    const body = encodeEffect(effect)
    expect(body.length).toBeLessThanOrEqual(EFFECT_BYTES_MAX)
    expect(throughHost(body)).toEqual(body)
    expect(decodeToHub(body).ok).toBe(true)
  })

  it('an envelope that is signed in a batch of 65,536 is no larger than what stands for it here', () => {
    expect(ENVELOPE_BYTES_MAX).toBe(BODY_BYTES_MAX + 1_024)
  })

  it('a NEED with a payload of just under 64 KiB is opened', () => {
    const hub = new Hub({ verifiers: 40 })
    hub.slots(1)
    const inline = new Uint8Array(PAYLOAD_BYTES_MAX - 400)
    expect(hub.envelope(hub.person(0).need(needPayload({ input: { inline } }), 0)).verdict.kind).toBe(
      'applied',
    )
    hub.slots(2)
    const { at: _, ...open } = hub.lastSent('open')
    const body = encodeEffect(open)
    expect(body.length).toBeGreaterThan(65_536)
    expect(throughHost(body)).toEqual(body)
  })
})
