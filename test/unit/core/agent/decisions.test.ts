import { describe, expect, it } from 'vitest'
import type { Payload } from '../../../../src/codec/payload/verbs.ts'
import {
  inputBytesOf,
  type Offer,
  priceOf,
  type WorkerSelf,
  workerPart,
} from '../../../../src/core/agent/worker.ts'
import { type Agent, CAPABILITY, credits, Ensemble, wrongRun } from '../../../setup/ensemble.ts'

const NOTHING = { delivery: () => undefined, judgement: () => undefined }

/** What `worker 0` says to a need that is open for bids. */
function bidsOf(
  changes: Partial<Payload<'NEED'>> = {},
  self: Partial<WorkerSelf> = {},
  offer: Partial<Offer> = {},
) {
  const ensemble = new Ensemble({ workers: 1 })
  const agent = ensemble.agents.get('worker 0') as Agent
  ensemble.bend('worker 0', { bend: () => [] })
  const { id, payload } = ensemble.post(changes)
  while (ensemble.needOf(id)?.state !== 'OPEN') ensemble.step(id, payload)
  const scene = ensemble.sceneOf(id, payload)
  if (scene === undefined) throw new Error('no scene')
  const known = ensemble.workerSelf('worker 0', agent)
  const offers = new Map([[CAPABILITY, { ...(known.offers.get(CAPABILITY) as Offer), ...offer }]])
  return workerPart(scene, { ...known, offers, ...self }, NOTHING).lines
}

describe('a bid', () => {
  it('names the price of the list', () => {
    const [bid] = bidsOf({ input: { inline: new Uint8Array(1_025) } }, {}, { price: 7n, pricePerKib: 2n })
    expect(bid).toMatchObject({ kind: 'PROPOSE', payload: { cost: '11', bid_round: 0 } })
  })

  it('counts what the need says of its input', () => {
    const cid = new Ensemble({ workers: 1 }).stage.genesis.net
    expect(inputBytesOf({ input: { cid, size: 5_000 } })).toBe(5_000)
    expect(priceOf({ price: 0n, pricePerKib: 1n } as Offer, 5_000)).toBe(5n)
  })

  it.each([
    ['that costs more than the budget', {}, {}, { price: 10_000_000n }],
    ['when there is no room', {}, { hasRoom: false }, {}],
    ['without a manifest', {}, { manifest: undefined }, {}],
    ['without a record in the registry', {}, { registry: () => undefined }, {}],
    ['for what it does not offer', {}, { offers: new Map() }, {}],
    ['that takes longer than the deadline', { constraints: { deadline: 2_000 } }, {}, { eta: 3_000 }],
    ['for stricter isolation than it gives', { constraints: { isolation: 'vm' } }, {}, {}],
    ['for another zone', { constraints: { zone: 'eu' } }, {}, { zones: ['us'] }],
    ['for a larger input than it takes', { input: { inline: new Uint8Array(9) } }, {}, { inputBytesMax: 8 }],
  ] as const)('is not made %s', (_, changes, self, offer) => {
    expect(bidsOf(changes as never, self as never, offer as never)).toEqual([])
  })

  it('is not made for a need that waits for another', () => {
    const requires = [new Ensemble({ workers: 1 }).stage.genesis.net]
    expect(bidsOf({ requires }, { isFinished: () => false })).toEqual([])
    expect(bidsOf({ requires }, { isFinished: () => true })).toHaveLength(1)
  })

  it('is not made by who is not invited', () => {
    const invited = [new Ensemble({ workers: 2 }).stage.actor('worker 1').did]
    expect(bidsOf({ constraints: { invited } })).toEqual([])
  })
})

describe('a seat', () => {
  it('waits for the plan before it judges it', () => {
    const ensemble = new Ensemble({ workers: 1 })
    ensemble.bend('worker 0', { bend: (line) => (line.kind === 'REVEAL_PLAN' ? [] : [line]) })
    const { id, payload } = ensemble.post()
    while (ensemble.needOf(id)?.state !== 'RANKED') ensemble.step(id, payload)
    for (let slot = 0; slot < 5; slot++) ensemble.step(id, payload)
    expect(ensemble.lines.map(({ line }) => line.kind)).not.toContain('ATTEST_PLAN')
  })

  it('shows the verdict that it is bound to, whatever a second look says', () => {
    const ensemble = new Ensemble({ verifiers: 4 })
    const need = ensemble.post({ task_class: 'complex', budget: credits(20) })
    const isBound = () => ensemble.lines.some(({ line }) => line.kind === 'ATTEST_COMMIT')
    while (!isBound()) ensemble.step(need.id, need.payload)
    // Restarted: what it found is forgotten, and now its program says something else.
    for (const [name, agent] of ensemble.agents) {
      if (agent.role === 'verifier') ensemble.bend(name, { run: wrongRun })
      agent.results.clear()
    }
    expect(ensemble.play(need)?.state).toBe('SETTLED')
    const shown = ensemble.lines.flatMap(({ line }) => (line.kind === 'ATTEST' ? [line.payload.verdict] : []))
    expect(new Set(shown)).toEqual(new Set(['accept']))
  })

  it('says once what it says', () => {
    const ensemble = new Ensemble({ verifiers: 4 })
    ensemble.play(ensemble.post({ task_class: 'complex', budget: credits(20) }))
    const all = ensemble.lines.map(({ name, line }) => `${name} ${line.key}`)
    expect(new Set(all).size).toBe(all.length)
  })
})
