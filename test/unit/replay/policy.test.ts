import { afterAll, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../src/adapters/crypto/node-crypto.ts'
import { carFile } from '../../../src/codec/bundle/write-bundle.ts'
import { encodeBundle } from '../../../src/codec/capsule/bundle.ts'
import { capsuleCid } from '../../../src/codec/capsule/capsule.ts'
import { encodeBody } from '../../../src/codec/envelope/draft-body.ts'
import { policyInputOf } from '../../../src/codec/envelope/policy-input.ts'
import { checkCapsule } from '../../../src/core/policy/capsule-check.ts'
import { entryJudge } from '../../../src/core/policy/judge-entry.ts'
import { judgeList } from '../../../src/core/policy/judge-list.ts'
import { ok } from '../../../src/model/result.ts'
import { openPolicyEngine } from '../../../src/node/policy/runtime.ts'
import type { Evaluation, PolicyEngine, PolicyModule } from '../../../src/ports/policy-engine.ts'
import { fileOf } from '../../setup/bundles.ts'
import { exportOf, forged, logsOf, replayOf } from '../../setup/exports.ts'
import { bundleOf, unwrapped } from '../../setup/policies.ts'
import { NET } from '../../setup/policy-bodies.ts'
import { Theatre } from '../../setup/theatre.ts'

const { sha256 } = nodeCrypto
const engine = openPolicyEngine()
afterAll(() => engine.close())

const bundle = { ...bundleOf(engine), signature: new Uint8Array(0) }
const cid = capsuleCid(bundle.capsule, sha256)
const played = play()
const file = fileOf(carFile(played.blocks))

/** What the capsule judges, twice each: NEED at the hub and in `open`, the plan of DECIDE, COMMIT. */
const EVALUATED = 4

/** A need in a network whose genesis names a capsule, to its end. */
function play() {
  const context = { crypto: nodeCrypto, engine, net: NET, gasMax: 1_000_000, genesisCapsule: cid }
  const checked = unwrapped(checkCapsule(bundle, context))
  const theatre = new Theatre({
    law: {
      judge: entryJudge(new Map([[cid.toString(), checked]]), sha256),
      policy: {
        capsule: cid,
        digestOf: (draft) => {
          const input = policyInputOf(encodeBody(draft, new Uint8Array(32)))
          const [judged] = judgeList(checked, [input], sha256)
          return judged?.digest as Uint8Array
        },
      },
    },
  })
  const spoken = theatre.post('one')
  expect(theatre.play(3_000)).toBe(true)
  expect(theatre.stateOf(spoken.id)).toBe('SETTLED')
  const logs = logsOf(theatre)
  logs.addCapsule(encodeBundle(bundle))
  return exportOf(logs, spoken.thread)
}

/** The engine, with what its policies say of entries changed: conformance cases come first, and are left as they are. */
function bent(change: (evaluation: Evaluation) => Evaluation, from: number): PolicyEngine {
  let lists = -1
  return {
    load: (wasm) => {
      const loaded = engine.load(wasm)
      if (!loaded.ok) return loaded
      const module: PolicyModule = {
        ...members(loaded.value),
        evaluateList: (inputs, gasMax) => {
          const said = loaded.value.evaluateList(inputs, gasMax)
          lists += 1
          return lists < from ? said : said.map(change)
        },
      }
      return ok(module)
    },
    close: async () => undefined,
  }
}

function members(module: PolicyModule): PolicyModule {
  const { hash, meterVersion, builtins, imports, exports } = module
  return {
    hash,
    meterVersion,
    builtins,
    imports,
    exports,
    evaluateList: (inputs, gasMax) => module.evaluateList(inputs, gasMax),
    evaluateListAside: (inputs, gasMax) => module.evaluateListAside(inputs, gasMax),
  }
}

describe('replay of a thread with a policy capsule (record.md, check 6)', () => {
  it('checks the capsule and evaluates every entry of it again', () => {
    const report = replayOf(file, { policy: engine })
    expect(report.divergence).toBeUndefined()
    const policy = report.checks.find(({ name }) => name === 'policy')
    expect(policy).toMatchObject({ status: 'passed', unchecked: [], counts: { capsules: 1 } })
    expect(policy?.counts['evaluations']).toBe(2 * EVALUATED)
    expect(policy?.counts).not.toHaveProperty('envelopes of threads without a capsule')
    expect(report.sound).toBe(true)
  })

  it('fails where the policy decides otherwise now, and names entry and rule', () => {
    const output = '[{"result":{"allow":false,"denials":[]}}]'
    const denied = ({ gas }: Evaluation): Evaluation => ({ kind: 'decided', gas, output })
    const seen = new Set<string>()
    for (let from = 1; from <= EVALUATED; from++) {
      const { divergence, checks, sound } = replayOf(file, { policy: bent(denied, from) })
      expect(sound).toBe(false)
      expect(divergence, `evaluation ${from}`).toMatchObject({ check: 'policy' })
      expect(divergence?.event).toMatch(/^[a-z-]+, leaf [0-9]+ of (the hub|bucket [0-9]+)$/)
      expect(checks.find(({ name }) => name === 'policy')?.status).toBe('failed')
      seen.add(divergence?.event ?? '')
    }
    expect(seen.size).toBe(EVALUATED)
  })

  it('fails where an evaluation takes more gas than there is', () => {
    const { divergence } = replayOf(file, {
      policy: bent(({ gas }) => ({ kind: 'gas-exceeded', gas }), 1),
    })
    expect(divergence).toMatchObject({ check: 'policy', rejection: { code: 'GAS_EXCEEDED' } })
  })

  it('fails where the capsule of the file is not the one that the genesis names', () => {
    const other = forged(played, (blocks) =>
      blocks.map((block) =>
        block.kind === 'capsule' ? { ...block, bundle: encodeBundle({ ...bundle, cases: [] }) } : block,
      ),
    )
    expect(replayOf(other, { policy: engine }).divergence).toMatchObject({
      event: 'capsule',
      check: 'policy',
    })
  })

  it('is not checked, by name, where the capsule is not in the file or nobody can evaluate it', () => {
    const without = forged(played, (blocks) => blocks.filter(({ kind }) => kind !== 'capsule'))
    for (const report of [replayOf(without, { policy: engine }), replayOf(file)]) {
      const policy = report.checks.find(({ name }) => name === 'policy')
      expect(policy?.status).toBe('not-checked')
      expect(policy?.unchecked.join()).toContain(`capsule ${cid.toString()} is not at hand`)
      expect(report.sound).toBe(false)
    }
    expect(replayOf(file, { allowUnchecked: new Set(['policy']) }).sound).toBe(true)
  })
})
