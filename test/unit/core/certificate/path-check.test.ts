import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EMPTY_FRONTIER } from '../../../../src/codec/certificate/frontier.ts'
import { verifyInclusion } from '../../../../src/codec/merkle/inclusion.ts'
import { LogTree } from '../../../../src/core/certificate/log-tree.ts'
import { PathCheck } from '../../../../src/core/certificate/path-check.ts'
import { hashOf, sha256 } from '../../../setup/certificates.ts'

function treeOf(size: number): LogTree {
  const tree = new LogTree(EMPTY_FRONTIER, sha256)
  for (let n = 0; n < size; n++) tree.append(hashOf(`leaf ${n}`))
  return tree
}

describe('inclusion of many leaves of one tree', () => {
  it('is that of each alone, for every leaf of every size up to 40', () => {
    for (let size = 1; size <= 40; size++) {
      const tree = treeOf(size)
      const check = new PathCheck(size, tree.root(), sha256)
      for (let n = 0; n < size; n++) expect(check.includes(hashOf(`leaf ${n}`), n, tree.path(n))).toBe(true)
    }
  })

  it('is refused where the other refuses it, whatever was seen before', () => {
    const asked = fc.record({
      leaf: fc.nat({ max: 40 }),
      index: fc.integer({ min: -1, max: 40 }),
      pathOf: fc.nat({ max: 39 }),
      cut: fc.nat({ max: 7 }),
      bend: fc.option(fc.nat({ max: 6 })),
      right: fc.boolean(),
    })
    let refused = 0
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.array(asked, { minLength: 10, maxLength: 30 }),
        (size, all) => {
          const tree = treeOf(size)
          const check = new PathCheck(size, tree.root(), sha256)
          for (const { leaf, index, pathOf, cut, bend, right } of all) {
            const number = right ? pathOf % size : index
            const path = tree.path(pathOf % size).slice(right ? 0 : cut)
            if (bend !== null && path[bend] !== undefined) path[bend] = hashOf('bent')
            const hash = hashOf(`leaf ${right ? pathOf % size : leaf}`)
            const expected = verifyInclusion(hash, number, size, path, tree.root(), sha256)
            expect(check.includes(hash, number, path)).toBe(expected)
            if (!expected) refused++
          }
        },
      ),
      { numRuns: 100, seed: 7 },
    )
    expect(refused).toBeGreaterThan(150)
  })

  it('hashes what leaves beside one another share once', () => {
    const tree = treeOf(1_024)
    let hashes = 0
    const check = new PathCheck(1_024, tree.root(), (bytes) => {
      hashes++
      return sha256(bytes)
    })
    for (let n = 0; n < 64; n++) check.includes(hashOf(`leaf ${n}`), n, tree.path(n))
    expect(hashes).toBeLessThan(3 * 64)
  })
})
