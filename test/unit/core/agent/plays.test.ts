import { describe, expect, it } from 'vitest'
import type { Payload } from '../../../../src/codec/payload/verbs.ts'
import { type Bend, credits, Ensemble, rightRun, wrongRun } from '../../../setup/ensemble.ts'

const keep: Bend = (line) => [line]
const without =
  (...kinds: readonly string[]): Bend =>
  (line) =>
    kinds.includes(line.kind) ? [] : [line]

const said = (ensemble: Ensemble, kind: string) =>
  ensemble.lines.filter(({ line }) => line.kind === kind).map(({ name }) => name)

const outcomes = (ensemble: Ensemble) =>
  ensemble.lines.flatMap(({ line }) => (line.kind === 'VERDICT' ? [line.payload.outcome] : []))

const accountOf = (ensemble: Ensemble, name: string): bigint => {
  const { stage } = ensemble
  const { balance = 0n, bonds = 0n } = stage.hub.records.get('accounts', stage.actor(name).did) ?? {}
  return balance + bonds
}

const verdicts = (ensemble: Ensemble) =>
  ensemble.lines.flatMap(({ line }) => (line.kind === 'ATTEST' ? [line.payload.verdict] : []))

describe('a need among the honest', () => {
  it.each(['simple', 'complex', 'critical'] as const)('of class %s is settled', (task_class) => {
    const ensemble = new Ensemble({ verifiers: 4 })
    const need = ensemble.post({ task_class, budget: credits(20), verify_bounty: credits(1) })
    expect(ensemble.play(need)?.state).toBe('SETTLED')
    expect(ensemble.states).toEqual(['OPEN', 'RANKED', 'CLAIMED', 'COMMITTED', 'FINAL', 'SETTLED'])
    expect(verdicts(ensemble)).toContain('accept')
    expect(verdicts(ensemble)).not.toContain('reject')
    expect(said(ensemble, 'COMMIT')).toHaveLength(1)
    expect(said(ensemble, 'ATTEST_COMMIT').length > 0).toBe(task_class !== 'simple')
  })

  it('asks nothing of a worker without a result but its beats, which keep the lease', () => {
    const ensemble = new Ensemble({ workers: 1 })
    const need = ensemble.post()
    ensemble.bend('worker 0', { bend: without('COMMIT') })
    for (let slot = 0; slot < 80; slot++) ensemble.step(need.id, need.payload)
    expect(ensemble.needOf(need.id)?.state).toBe('CLAIMED')
    expect(ensemble.needOf(need.id)?.attempt).toBe(0)
    ensemble.bend('worker 0', { bend: keep })
    expect(ensemble.play(need)?.state).toBe('SETTLED')
  })
})

describe('a worker that fails', () => {
  const first = 'worker 0'

  it('loses the lease when it is silent, and the next one works', () => {
    const ensemble = new Ensemble()
    ensemble.bend(first, { bend: without('HEARTBEAT', 'COMMIT') })
    const need = ensemble.play(ensemble.post())
    expect(need?.state).toBe('SETTLED')
    expect(need?.attempt).toBe(1)
    expect(said(ensemble, 'CLAIM')).toEqual(['worker 1'])
    expect(said(ensemble, 'COMMIT')).toEqual(['worker 1'])
  })

  it('yields what it cannot do', () => {
    const ensemble = new Ensemble()
    const need = ensemble.post()
    ensemble.bend(first, {
      run: () => {
        throw new Error('no such file')
      },
    })
    expect(ensemble.play(need)?.state).toBe('SETTLED')
    expect(said(ensemble, 'YIELD')).toEqual([first])
    expect(said(ensemble, 'COMMIT')).toEqual(['worker 1'])
  })

  it.each(['simple', 'complex'] as const)('is rejected when it lies, in class %s', (task_class) => {
    const ensemble = new Ensemble({ verifiers: 5 })
    ensemble.bend(first, { run: wrongRun })
    const need = ensemble.play(ensemble.post({ task_class, budget: credits(20) }))
    expect(need?.state).toBe('SETTLED')
    expect(need?.attempt).toBe(1)
    expect(verdicts(ensemble)).toContain('reject')
    expect(said(ensemble, 'COMMIT')).toEqual([first, 'worker 1'])
  })
})

describe('a wrong result that was accepted', () => {
  it('is challenged, and the challenge upheld by seats that look again', () => {
    const ensemble = new Ensemble({ verifiers: 6, challengers: 1 })
    ensemble.bend('worker 0', { run: wrongRun })
    const nod: Bend = (line, scene) =>
      line.kind === 'ATTEST' && scene.need.attempt === 0
        ? [{ ...line, payload: { ...line.payload, verdict: 'accept' } as Payload<'ATTEST'> }]
        : [line]
    for (const name of ensemble.agents.keys()) {
      if (name.startsWith('verifier')) ensemble.bend(name, { bend: nod })
    }
    const need = ensemble.play(ensemble.post({ budget: credits(20) }))
    expect(said(ensemble, 'CHALLENGE')).toEqual(['challenger 0'])
    expect(outcomes(ensemble)).toContain('upheld')
    expect(need?.upheld).toBe(1)
    expect(need?.state).toBe('SETTLED')
    expect(ensemble.states.filter((state) => state === 'FINAL')).toHaveLength(2)
  })

  it('is shown by the challenger only where the challenger has bound itself to just that', () => {
    const ensemble = new Ensemble({ challengers: 1 })
    const hash = new Uint8Array(32)
    ensemble.bend('challenger 0', {
      run: wrongRun,
      bend: (line) =>
        line.kind === 'CHALLENGE_COMMIT' ? [{ ...line, payload: { ...line.payload, hash } }] : [line],
    })
    expect(ensemble.play(ensemble.post())?.state).toBe('SETTLED')
    expect(said(ensemble, 'CHALLENGE_COMMIT')).toEqual(['challenger 0'])
    expect(said(ensemble, 'CHALLENGE')).toEqual([])
  })

  it('a right one is left alone', () => {
    const ensemble = new Ensemble({ challengers: 1 })
    expect(ensemble.play(ensemble.post())?.state).toBe('SETTLED')
    expect(said(ensemble, 'CHALLENGE_COMMIT')).toEqual([])
  })
})

describe('a right result that was rejected', () => {
  /** Whoever judges the first attempt finds it wrong. */
  const spite: Bend = (line, scene) =>
    line.kind === 'ATTEST' && scene.need.attempt === 0
      ? [{ ...line, payload: { ...line.payload, verdict: 'reject' } as Payload<'ATTEST'> }]
      : [line]
  const spiteful = (ensemble: Ensemble) => {
    for (const name of ensemble.agents.keys()) {
      if (name.startsWith('verifier')) ensemble.bend(name, { bend: spite })
    }
  }

  it('is defended by its worker, who keeps its bond while the seats lose theirs; the next one delivers', () => {
    const ensemble = new Ensemble({ verifiers: 6, stubborn: true })
    spiteful(ensemble)
    const posted = ensemble.post({ budget: credits(20) })
    const before = accountOf(ensemble, 'worker 0')
    const need = ensemble.play(posted)
    expect(said(ensemble, 'CHALLENGE_COMMIT')).toEqual(['worker 0'])
    expect(outcomes(ensemble)).toEqual(['upheld'])
    expect(need).toMatchObject({ state: 'SETTLED', attempt: 1, upheld: 0 })
    expect(accountOf(ensemble, 'worker 0')).toBeGreaterThan(before)
  })

  it('costs its worker the bond where it does not', () => {
    const ensemble = new Ensemble({ verifiers: 6 })
    spiteful(ensemble)
    const before = accountOf(ensemble, 'worker 0')
    const need = ensemble.play(ensemble.post({ budget: credits(20) }))
    expect(need).toMatchObject({ state: 'SETTLED', attempt: 1 })
    expect(accountOf(ensemble, 'worker 0')).toBeLessThan(before)
  })

  it('that was wrong indeed is let go by its worker', () => {
    const ensemble = new Ensemble({ verifiers: 6, stubborn: true })
    let runs = 0
    // It lies once; what it makes when it looks again is right.
    ensemble.bend('worker 0', {
      run: (input) => {
        runs += 1
        return runs === 1 ? wrongRun(input) : rightRun(input)
      },
    })
    expect(ensemble.play(ensemble.post({ budget: credits(20) }))).toMatchObject({ attempt: 1 })
    expect(said(ensemble, 'CHALLENGE_COMMIT')).toEqual([])
  })
})
