import { describe, expect, it } from 'vitest'
import { isExpired, Outcomes, rememberedFrom } from '../../../../src/core/replica/outcomes.ts'
import { keyBytes, keyText } from '../../../../src/core/replica/step.ts'
import type { LogIndex } from '../../../../src/model/raft.ts'
import { REMEMBERED_POSITIONS, type Verdict } from '../../../../src/model/replicated.ts'

const index = 1 as LogIndex
const nothing: Verdict = { kind: 'applied', result: new Uint8Array(0) }
const key = (position: number): string => keyText(Uint8Array.of(position >> 8, position & 255))

function filled(count: number, verdict: Verdict = nothing): Outcomes {
  const outcomes = new Outcomes()
  for (let position = 0; position < count; position++)
    outcomes.set(key(position), { position, index, verdict })
  return outcomes
}

const born = (at: number): { born: number; key: Uint8Array } => ({ born: at, key: Uint8Array.of(1) })

describe('Outcomes', () => {
  it('forgets what was applied below a position and nothing else, oldest first', () => {
    const outcomes = filled(10)
    outcomes.forgetBelow(4)
    expect(outcomes.entries().map(([, { position }]) => position)).toEqual([4, 5, 6, 7, 8, 9])
    expect(outcomes.get(key(3))).toBeUndefined()
    expect(outcomes.get(key(4))?.position).toBe(4)
  })

  it('a ticket that was born before what is remembered is too old, one born since is not', () => {
    const settled = filled(10)
    settled.forgetBelow(4)
    expect([3, 4].map((at) => isExpired(born(at), { position: 10, settled }))).toEqual([true, false])
  })

  it('without anything forgotten a ticket is good for REMEMBERED_POSITIONS', () => {
    const settled = new Outcomes()
    const at = (position: number): boolean => isExpired(born(5), { position, settled })
    expect([5 + REMEMBERED_POSITIONS - 1, 5 + REMEMBERED_POSITIONS].map(at)).toEqual([false, true])
    expect(rememberedFrom(5 + REMEMBERED_POSITIONS - 1)).toBe(5 + 0)
  })

  it('the floor never falls', () => {
    const outcomes = filled(10)
    outcomes.forgetBelow(6)
    outcomes.forgetBelow(2)
    expect(outcomes.floor).toBe(6)
  })

  it('bytes are those of what is there, and nothing when nothing is', () => {
    const result: Verdict = { kind: 'applied', result: new Uint8Array(1000) }
    const outcomes = filled(100, result)
    const all = outcomes.bytes
    expect(all).toBeGreaterThan(100_000)
    outcomes.forgetBelow(50)
    expect(outcomes.bytes).toBe(all / 2)
    outcomes.forgetBelow(100)
    expect([outcomes.bytes, outcomes.size]).toEqual([0, 0])
  })

  it('goes on as a queue over many times what it holds', () => {
    const outcomes = new Outcomes()
    for (let position = 0; position < 20_000; position++) {
      outcomes.set(`${position}`, { position, index, verdict: nothing })
      outcomes.forgetBelow(position - 99)
    }
    expect(outcomes.entries().map(([text]) => Number(text))).toEqual(
      Array.from({ length: 100 }, (_, at) => 19_900 + at),
    )
  })

  it('any key is one text, and back', () => {
    const bytes = Uint8Array.from({ length: 64 }, (_, at) => at * 4)
    expect(keyBytes(keyText(bytes))).toEqual(bytes)
  })
})
