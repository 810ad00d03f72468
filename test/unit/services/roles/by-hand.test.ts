import { afterEach, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { type CID, cidOf, RAW } from '../../../../src/codec/cid.ts'
import type { Deed } from '../../../../src/core/agent/by-hand.ts'
import { challengeKey } from '../../../../src/core/bucket/tables.ts'
import {
  capabilityOf,
  credits,
  FunctionRunner,
  hashing,
  needOfKey,
  type Player,
  type PlayerOptions,
  Troupe,
} from '../../../setup/troupe.ts'

const { sha256 } = nodeCrypto
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Whatever a runner would be asked for is a mistake: hands do the work. */
function driven(changes: Parameters<typeof capabilityOf>[1] = {}): PlayerOptions {
  const runner = new FunctionRunner(() => {
    throw new Error('nothing is run by itself')
  })
  return { capabilities: [capabilityOf(runner, { byHand: true, ...changes })] }
}

const troupes: Troupe[] = []
afterEach(async () => {
  for (const { players } of troupes.splice(0)) await Promise.all(players.map((player) => player.stop()))
})

/** A worker that is driven by hand; judges by themselves, or one by hand. */
async function assemble({ judge = false } = {}) {
  const judges = judge ? ['judge 0'] : ['judge 0', 'judge 1', 'judge 2']
  const troupe = new Troupe(judges, ['requester', 'worker', 'other'])
  troupes.push(troupe)
  const requester = troupe.join('requester', { switches: { worker: false, verifier: false } })
  const seats = judges.map((name) =>
    troupe.join(name, {
      ...(judge ? driven({ works: false }) : { capabilities: [capabilityOf(hashing(), { works: false })] }),
      switches: { worker: false },
    }),
  )
  const worker = troupe.join('worker', driven({ judges: false }))
  await troupe.until(() => troupe.stage.hub.records.get('agents', worker.did)?.manifest !== undefined)
  return { troupe, requester, worker, seats }
}

async function post(troupe: Troupe, requester: Player, changes = {}): Promise<string> {
  const said = await requester.requester.post(needOfKey('a', changes))
  if (!said.ok) throw new Error(said.error.message)
  await troupe.until(() => troupe.needOf(said.value.id)?.state === 'OPEN')
  return said.value.id
}

const PROPOSE: Deed = {
  kind: 'propose',
  offer: { price: 400_000n, eta: 1_000, leaseTtl: 10_000, heartbeatInterval: 5_000, isolation: 'none' },
}
const BEAT: Deed = { kind: 'heartbeat', progress: 50 }

function commitOf(output: Uint8Array): Deed {
  const telemetry = { gas: 0, bytes: output.length }
  return { kind: 'commit', delivery: { kind: 'delivered', artifact: { inline: output }, telemetry } }
}

function attestOf(verdict: 'accept' | 'reject' | 'unavailable', artifact?: CID): Deed {
  return { kind: 'attest', judgement: { verdict, reason: '', gas: 0, ...(artifact && { artifact }) } }
}

async function done(player: Player, need: string, deed: Deed): Promise<string> {
  const said = await player.roles.act(need, deed)
  return said.ok ? said.value.body.kind : said.error.code
}

const challengesIn = (troupe: Troupe, need: string) => troupe.needOf(need)?.challenges ?? []

function stateOf(troupe: Troupe, need: string, challenge: string): string | undefined {
  const bucket = troupe.stage.bucketOf(need)
  const key = challengeKey(need, challenge)
  return bucket === undefined ? undefined : troupe.stage.bucket(bucket).records.get('challenges', key)?.state
}

/** The first of them that may say it does; gives who. */
async function untilSaid(
  troupe: Troupe,
  players: readonly Player[],
  need: string,
  deed: Deed,
  kind: string,
): Promise<Player> {
  for (let slot = 0; slot < 200; slot++) {
    for (const player of players) if ((await done(player, need, deed)) === kind) return player
    await troupe.step()
  }
  throw new Error(`nobody may say ${kind}`)
}

const reaches = (troupe: Troupe, need: string, state: string) =>
  troupe.until(() => troupe.needOf(need)?.state === state)

describe('a challenge seat that is driven by hand', () => {
  it('says the verdict that it is told, once, and none before or without a seat', async () => {
    const names = ['judge 0', 'judge 1', 'judge 2']
    const troupe = new Troupe(names, ['requester', 'worker', 'next', 'doubter'])
    troupes.push(troupe)
    const requester = troupe.join('requester', { switches: { worker: false, verifier: false } })
    const lying = new FunctionRunner(({ input }) => sha256(sha256(input)))
    const seats = names.map((name) =>
      troupe.join(name, { ...driven({ works: false }), switches: { worker: false } }),
    )
    for (const [name, runner, price] of [
      ['worker', lying, 100_000n],
      ['next', hashing(), 900_000n],
    ] as const)
      troupe.join(name, {
        capabilities: [capabilityOf(runner, { judges: false }, { price })],
        switches: { verifier: false },
      })
    troupe.join('doubter', {
      capabilities: [capabilityOf(hashing(), { works: false, judges: false, challenges: true })],
      switches: {
        worker: false,
        verifier: false,
        challenger: { bondMax: 10_000_000_000n, sharePpm: 1_000_000 },
      },
    })
    const need = await post(troupe, requester, { budget: credits(20) })
    await reaches(troupe, need, 'RANKED')
    await untilSaid(troupe, seats, need, attestOf('accept'), 'ATTEST_PLAN')
    await reaches(troupe, need, 'COMMITTED')
    const wave = attestOf('accept', cidOf(sha256(sha256(utf8('a'))), sha256, RAW))
    await untilSaid(troupe, seats, need, wave, 'ATTEST')
    await troupe.until(() => challengesIn(troupe, need).length > 0)
    const [challenge = ''] = challengesIn(troupe, need)
    const upheld: Deed = {
      kind: 'verdict',
      challenge,
      outcome: 'upheld',
      gas: 1,
      reason: 'it is the hash of a hash',
    }
    expect(await done(requester, need, { ...upheld, challenge: need })).toBe('WINDOW_CLOSED')
    await troupe.until(() => stateOf(troupe, need, challenge) === 'revealed')
    expect(await done(requester, need, upheld)).toBe('NOT_IN_COMMITTEE')
    for (let slot = 0; slot < 10; slot++) await troupe.step()
    expect(seats.flatMap((seat) => seat.said('VERDICT'))).toEqual([])
    const seat = await untilSaid(troupe, seats, need, upheld, 'VERDICT')
    expect(['DUPLICATE', 'WINDOW_CLOSED']).toContain(await done(seat, need, upheld))
    await troupe.until(() => troupe.needOf(need)?.upheld === 1)
    expect(seat.said('VERDICT').map(({ body }) => body.payload)).toMatchObject([
      { outcome: 'upheld', gas_used: 1 },
    ])
  })
})

describe('a worker that is driven by hand', () => {
  it('bids, shows its plan by itself, beats, delivers and is paid', async () => {
    const { troupe, requester, worker } = await assemble()
    const need = await post(troupe, requester)
    expect(await done(worker, need, PROPOSE)).toBe('PROPOSE')
    await reaches(troupe, need, 'CLAIMED')
    expect(await done(worker, need, BEAT)).toBe('HEARTBEAT')
    expect(await done(worker, need, BEAT)).toBe('HEARTBEAT')
    expect(await done(worker, need, commitOf(sha256(utf8('a'))))).toBe('COMMIT')
    await troupe.until(() => troupe.needOf(need)?.over !== undefined)
    expect(troupe.needOf(need)?.state).toBe('SETTLED')
    expect(await requester.requester.result(need)).toEqual(sha256(utf8('a')))
  })

  it('does nothing by itself that is decided by hand', async () => {
    const { troupe, requester, worker } = await assemble()
    const need = await post(troupe, requester)
    for (let slot = 0; slot < 10; slot++) await troupe.step()
    expect(worker.said('PROPOSE')).toHaveLength(0)
    await done(worker, need, PROPOSE)
    await reaches(troupe, need, 'CLAIMED')
    for (let slot = 0; slot < 10; slot++) await troupe.step()
    const kinds = new Set(worker.recorded.map(({ body }) => body.kind))
    expect(kinds).toEqual(new Set(['MANIFEST', 'PROPOSE', 'REVEAL_PLAN']))
  })

  it('gives its lease back, and cannot deliver afterwards', async () => {
    const { troupe, requester, worker } = await assemble()
    const need = await post(troupe, requester)
    await done(worker, need, PROPOSE)
    await reaches(troupe, need, 'CLAIMED')
    expect(await done(worker, need, { kind: 'yield', reason: 'no time' })).toBe('YIELD')
    await troupe.until(() => troupe.needOf(need)?.state !== 'CLAIMED')
    expect(await done(worker, need, commitOf(utf8('late')))).toBe('WINDOW_CLOSED')
  })

  it('is told why something cannot be said where the need stands', async () => {
    const { troupe, requester, worker } = await assemble()
    const other = troupe.join('other', { switches: { worker: true, verifier: false } })
    const need = await post(troupe, requester)
    const dear: Deed = { ...PROPOSE, offer: { ...PROPOSE.offer, price: 2_000_000n } }
    expect(await done(worker, need, dear)).toBe('OVER_CAP')
    expect(await done(other, need, PROPOSE)).toBe('UNKNOWN_CAPABILITY')
    expect(await done(worker, need, BEAT)).toBe('WINDOW_CLOSED')
    expect(await done(worker, need, PROPOSE)).toBe('PROPOSE')
    expect(await done(worker, need, PROPOSE)).toBe('DUPLICATE')
    await reaches(troupe, need, 'CLAIMED')
    expect(await done(other, need, commitOf(utf8('stolen')))).toBe('NOT_LEASE_HOLDER')
    expect(await done(worker, need, attestOf('accept'))).toBe('WINDOW_CLOSED')
    expect(await done(worker, `${need.slice(0, -1)}a`, BEAT)).toBe('WINDOW_CLOSED')
  })
})

describe('a verifier that is driven by hand', () => {
  it('judges the plan, then the result, and has one verdict on each', async () => {
    const { troupe, requester, worker, seats } = await assemble({ judge: true })
    const seat = seats[0] as Player
    const need = await post(troupe, requester)
    await done(worker, need, PROPOSE)
    await reaches(troupe, need, 'RANKED')
    expect(await done(worker, need, attestOf('accept'))).toBe('NOT_IN_COMMITTEE')
    await troupe.until(() => worker.said('REVEAL_PLAN').length === 1)
    expect(await done(seat, need, attestOf('accept'))).toBe('ATTEST_PLAN')
    await reaches(troupe, need, 'CLAIMED')
    const output = sha256(utf8('a'))
    await done(worker, need, commitOf(output))
    await reaches(troupe, need, 'COMMITTED')
    expect(await done(seat, need, attestOf('accept', cidOf(output, sha256, RAW)))).toBe('ATTEST')
    expect(await done(seat, need, attestOf('reject'))).not.toBe('ATTEST')
    await troupe.until(() => troupe.needOf(need)?.over !== undefined)
    expect(troupe.needOf(need)?.state).toBe('SETTLED')
  })

  it('binds itself first where verdicts are committed to, and shows the verdict by itself', async () => {
    const { troupe, requester, worker, seats } = await assemble({ judge: true })
    const seat = seats[0] as Player
    const need = await post(troupe, requester, { constraints: { commit_reveal: true }, budget: credits(1) })
    await done(worker, need, PROPOSE)
    await troupe.until(() => worker.said('REVEAL_PLAN').length === 1)
    await done(seat, need, attestOf('accept'))
    await reaches(troupe, need, 'CLAIMED')
    await done(worker, need, commitOf(sha256(utf8('a'))))
    await reaches(troupe, need, 'COMMITTED')
    expect(await done(seat, need, attestOf('accept'))).toBe('ATTEST_COMMIT')
    await troupe.until(() => troupe.needOf(need)?.over !== undefined)
    expect([troupe.needOf(need)?.state, seat.said('ATTEST')]).toMatchObject(['SETTLED', { length: 1 }])
  })
})
