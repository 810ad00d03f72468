import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { judgeHistory, whyNoPorcupine } from '../../scripts/sim-raft/porcupine.ts'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { compileEngine, readEngineFiles } from '../../src/adapters/etcd-raft/engine-module.ts'
import { checkCells, checkCounter, type Operation } from '../../src/sim/raft/history.ts'
import { runSim } from '../../src/sim/raft/run.ts'
import { Violation } from '../../src/sim/raft/violation.ts'

const { history } = runSim({
  seed: 2,
  steps: 4000,
  module: compileEngine(readEngineFiles()),
  sha256: nodeCrypto.sha256,
  checksum: crc32,
})
const skipped = whyNoPorcupine()
if (skipped !== undefined) console.warn(`SKIPPED: histories are not checked by Porcupine: ${skipped}`)

function checkAll(operations: readonly Operation[]): void {
  checkCells(operations)
  checkCounter(operations)
}

/** The history with the first operation that fits changed. */
function corrupted(
  fits: (operation: Operation) => boolean,
  change: (operation: Operation) => Operation,
): readonly Operation[] {
  const at = history.findIndex(fits)
  expect(at).toBeGreaterThanOrEqual(0)
  return history.with(at, change(history[at] as Operation))
}

const additions = history.filter(({ ask, got }) => ask.kind === 'add' && got?.kind === 'took')
const LIES: readonly (readonly [string, () => readonly Operation[]])[] = [
  [
    'a read of a value that was never written',
    () =>
      corrupted(
        ({ got }) => got?.kind === 'seen' && got.value !== undefined,
        (one) => ({ ...one, got: { kind: 'seen', value: 'never' } }),
      ),
  ],
  [
    'an empty cell after its value was acknowledged',
    () => {
      const put = history.find(({ ask, got }) => ask.kind === 'put' && got?.kind === 'took') as Operation
      const { group, ask, ended } = put
      const cell = ask.kind === 'add' ? '' : ask.cell
      const begun = ended + 1e9
      const stale: Operation = {
        group,
        ask: { kind: 'read', cell },
        begun,
        ended: begun + 1,
        got: { kind: 'seen', value: undefined },
      }
      return [...history, stale]
    },
  ],
  [
    'a second taker of a cell',
    () =>
      corrupted(
        ({ ask, got }) => ask.kind === 'put' && got?.kind === 'seen',
        (one) => ({ ...one, got: { kind: 'took' } }),
      ),
  ],
  [
    'a count twice',
    () => {
      const [first, second] = additions.filter(({ group }) => group === additions[0]?.group) as [
        Operation,
        Operation,
      ]
      return corrupted(
        (one) => one === second,
        (one) => ({ ...one, got: first.got }),
      )
    },
  ],
  [
    'a count from the future',
    () => {
      const group = additions[0]?.group
      const ofGroup = additions.filter((one) => one.group === group)
      const early = ofGroup.toSorted((a, b) => a.ended - b.ended)[0] as Operation
      const late = ofGroup.toSorted((a, b) => b.begun - a.begun)[0] as Operation
      return history.map((one) => {
        if (one === early) return { ...one, got: late.got }
        return one === late ? { ...one, got: early.got } : one
      })
    },
  ],
]

describe('a recorded history', () => {
  it('is linearizable', () => {
    expect(() => checkAll(history)).not.toThrow()
    expect(history.filter(({ got }) => got !== undefined).length).toBeGreaterThan(50)
  })

  it.each(LIES)('is found not to be with %s', (_, lie) => {
    expect(() => checkAll(lie())).toThrow(Violation)
  })
})

describe.skipIf(skipped !== undefined)('Porcupine', () => {
  it('agrees that it is linearizable', () => {
    expect(() => judgeHistory(2, history)).not.toThrow()
  })

  it.each(LIES)('agrees that it is not with %s', (_, lie) => {
    expect(() => judgeHistory(2, lie())).toThrow(/not linearizable/u)
  })
})
