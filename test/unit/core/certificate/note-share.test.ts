import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TreeHead } from '../../../../src/codec/certificate/tree-head.ts'
import { noteShare } from '../../../../src/core/certificate/note-share.ts'
import { hashOf, treeHead } from '../../../setup/certificates.ts'

const noted = treeHead({ generation: 3, size: 10 })

describe('what a voter notes before it signs', () => {
  it('is the first head that it signs, and each of a later size or generation', () => {
    const later = [treeHead({ generation: 3, size: 11 }), treeHead({ generation: 4, size: 1 })]
    expect(noteShare(undefined, noted)).toEqual({ kind: 'note', note: noted })
    for (const asked of later) expect(noteShare(noted, asked)).toEqual({ kind: 'note', note: asked })
  })

  it('is there already for the head that it signed last', () => {
    expect(noteShare(noted, treeHead({ generation: 3, size: 10 }))).toEqual({ kind: 'noted' })
  })

  it('is not written for a smaller size or an older generation, which it refuses to sign', () => {
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
  ])('shows a defect of its own when it is to sign another %s for the same size', (_, change) => {
    const asked = treeHead({ generation: 3, size: 10, ...change })
    expect(noteShare(noted, asked)).toEqual({ kind: 'defect', noted, asked })
  })

  it('is of one group', () => {
    expect(() => noteShare(noted, treeHead({ group: 2 }))).toThrow('of the same group')
  })

  it('never allows two roots for one size of a generation, whatever is asked in whatever order', () => {
    const head = fc
      .record({
        generation: fc.nat({ max: 2 }),
        size: fc.integer({ min: 1, max: 4 }),
        root: fc.nat({ max: 2 }),
      })
      .map(({ generation, size, root }) => treeHead({ generation, size, root: hashOf(String(root)) }))
    fc.assert(
      fc.property(fc.array(head, { maxLength: 40 }), (asked) => {
        let last: TreeHead | undefined
        const signed = new Map<string, string>()
        for (const one of asked) {
          const step = noteShare(last, one)
          if (step.kind !== 'note' && step.kind !== 'noted') continue
          if (step.kind === 'note') last = step.note
          const size = `${one.generation}/${one.size}`
          expect(signed.get(size) ?? one.root.toHex()).toBe(one.root.toHex())
          signed.set(size, one.root.toHex())
        }
      }),
      { numRuns: 500 },
    )
  })
})
