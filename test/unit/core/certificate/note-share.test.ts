import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TreeHead } from '../../../../src/codec/certificate/tree-head.ts'
import { notedWith, noteShare } from '../../../../src/core/certificate/note-share.ts'
import { hashOf, treeHead } from '../../../setup/certificates.ts'

const noted = [treeHead({ generation: 3, size: 7 }), treeHead({ generation: 3, size: 10 })]

describe('what a voter notes before it signs', () => {
  it('is the first head that it signs, and each of a later size or generation', () => {
    expect(noteShare([], treeHead())).toEqual({ kind: 'note' })
    expect(noteShare(noted, treeHead({ generation: 3, size: 11 }))).toEqual({ kind: 'note' })
    expect(noteShare(noted, treeHead({ generation: 4, size: 1 }))).toEqual({ kind: 'note' })
  })

  it('is there already for the heads that are kept', () => {
    for (const head of noted) expect(noteShare(noted, head)).toEqual({ kind: 'noted' })
  })

  it('is not written for a smaller size that is not kept, or an older generation, which it refuses to sign', () => {
    expect(noteShare(noted, treeHead({ generation: 3, size: 9 }))).toEqual({
      kind: 'refuse',
      why: 'older-size',
    })
    expect(noteShare(noted, treeHead({ generation: 2, size: 99 }))).toEqual({
      kind: 'refuse',
      why: 'older-generation',
    })
  })

  it.each([
    ['root', { root: hashOf('other') }],
    ['state', { state: hashOf('other') }],
    ['config', { config: 2 }],
  ])('shows a defect of its own when it is to sign another %s for a size that is kept', (_, change) => {
    for (const head of noted) {
      const asked = treeHead({ generation: 3, size: head.size, ...change })
      expect(noteShare(noted, asked)).toEqual({ kind: 'defect', noted: head, asked })
    }
  })

  it('is of one group', () => {
    expect(() => noteShare(noted, treeHead({ group: 2 }))).toThrow('of the same group')
  })

  it('keeps the latest heads, and older ones that are still needed', () => {
    const heads = Array.from({ length: 40 }, (_, at) => treeHead({ size: at + 1 }))
    const kept = notedWith(heads.slice(0, 39), heads.slice(39), ({ size }) => size === 3)
    expect(kept.map(({ size }) => size)).toEqual([3, ...heads.slice(24).map(({ size }) => size)])
  })

  it('never allows two roots for one size of a generation, whatever is asked in whatever order', () => {
    const head = fc
      .record({
        generation: fc.nat({ max: 2 }),
        size: fc.integer({ min: 1, max: 40 }),
        root: fc.nat({ max: 2 }),
      })
      .map(({ generation, size, root }) => treeHead({ generation, size, root: hashOf(String(root)) }))
    fc.assert(
      fc.property(fc.array(head, { maxLength: 120 }), (asked) => {
        let kept: readonly TreeHead[] = []
        const signed = new Map<string, string>()
        for (const one of asked) {
          const step = noteShare(kept, one)
          if (step.kind !== 'note' && step.kind !== 'noted') continue
          if (step.kind === 'note') kept = notedWith(kept, [one], ({ size }) => size % 5 === 0)
          const size = `${one.generation}/${one.size}`
          expect(signed.get(size) ?? one.root.toHex()).toBe(one.root.toHex())
          signed.set(size, one.root.toHex())
        }
      }),
      { numRuns: 500 },
    )
  })
})
