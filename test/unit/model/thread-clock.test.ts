import { describe, expect, it } from 'vitest'
import { DefectError } from '../../../src/model/fault.ts'
import type { Lamport, Seq } from '../../../src/model/ids.ts'
import { lamportAfter, SEQ_FIRST, seqAfter } from '../../../src/model/thread-clock.ts'

describe('thread clock', () => {
  it('seq counts 1, 2, 3', () => {
    expect([SEQ_FIRST, seqAfter(SEQ_FIRST), seqAfter(seqAfter(SEQ_FIRST))]).toEqual([1, 2, 3])
  })

  it('lamport is one after the highest seen, 1 after none', () => {
    expect(lamportAfter([])).toBe(1)
    expect(lamportAfter([3, 9, 5] as Lamport[])).toBe(10)
  })

  it('neither leaves the safe integers', () => {
    expect(() => seqAfter(Number.MAX_SAFE_INTEGER as Seq)).toThrow(DefectError)
    expect(() => lamportAfter([Number.MAX_SAFE_INTEGER as Lamport])).toThrow(DefectError)
  })
})
