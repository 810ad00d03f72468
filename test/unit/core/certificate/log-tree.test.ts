import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeFrontier, EMPTY_FRONTIER, encodeFrontier } from '../../../../src/codec/certificate/frontier.ts'
import { consistencyProof, verifyConsistency } from '../../../../src/codec/merkle/consistency.ts'
import { inclusionPath, verifyInclusion } from '../../../../src/codec/merkle/inclusion.ts'
import { merkleRoot } from '../../../../src/codec/merkle/root.ts'
import { LogTree } from '../../../../src/core/certificate/log-tree.ts'
import { hashOf, sha256 } from '../../../setup/certificates.ts'

const LEAVES = Array.from({ length: 300 }, (_, i) => hashOf(`leaf ${i}`))

function treeOf(size: number): LogTree {
  const tree = new LogTree(EMPTY_FRONTIER, sha256)
  for (const leaf of LEAVES.slice(0, size)) tree.append(leaf)
  return tree
}

function pathOf(index: number, size: number): readonly Uint8Array[] {
  return inclusionPath(LEAVES.slice(0, size), index, sha256).map(([, hash]) => hash)
}

describe('the tree of a log', () => {
  it('has at every size the root that RFC 6962 says', () => {
    const tree = new LogTree(EMPTY_FRONTIER, sha256)
    for (let size = 0; size < 70; size++) {
      expect(tree.size).toBe(size)
      expect(tree.root()).toEqual(merkleRoot(LEAVES.slice(0, size), sha256))
      tree.append(LEAVES[size] as Uint8Array)
    }
  })

  it('has roots of all earlier sizes, and the path of every leaf at every size', () => {
    const tree = treeOf(40)
    for (let size = 1; size <= 40; size++) {
      const root = tree.root(size)
      expect(root).toEqual(merkleRoot(LEAVES.slice(0, size), sha256))
      for (let index = 0; index < size; index++) {
        const path = tree.path(index, size)
        expect(path).toEqual(pathOf(index, size))
        expect(verifyInclusion(LEAVES[index] as Uint8Array, index, size, path, root, sha256)).toBe(true)
      }
    }
  })

  it('proves of every size that it begins every later one, as RFC 6962 has it', () => {
    const tree = treeOf(40)
    for (let of = 1; of <= 40; of++) {
      for (let size = 0; size <= of; size++) {
        const proof = tree.consistency(size, of)
        expect(proof).toEqual(consistencyProof(LEAVES.slice(0, of), size, sha256))
        expect(verifyConsistency(size, of, tree.root(size), tree.root(of), proof, sha256)).toBe(true)
      }
    }
  })

  it('goes on from a frontier as if it had all leaves, with paths of those that came later', () => {
    fc.assert(
      fc.property(fc.nat({ max: 140 }), fc.nat({ max: 140 }), fc.nat(), (start, more, pick) => {
        const stored = decodeFrontier(encodeFrontier(treeOf(start).frontier()))
        if (!stored.ok) throw new Error(stored.error.message)
        const tree = new LogTree(stored.value, sha256)
        const size = start + more
        for (const leaf of LEAVES.slice(start, size)) tree.append(leaf)
        expect(tree.root()).toEqual(merkleRoot(LEAVES.slice(0, size), sha256))
        expect(tree.root(start)).toEqual(merkleRoot(LEAVES.slice(0, start), sha256))
        expect(tree.frontier()).toEqual(treeOf(size).frontier())
        if (more === 0) return
        const index = start + (pick % more)
        expect(tree.path(index)).toEqual(pathOf(index, size))
      }),
      { numRuns: 150 },
    )
  })

  it('forgets what only old leaves need', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 300 }), { maxLength: 6 }), fc.nat(), (firsts, pick) => {
        const tree = new LogTree(EMPTY_FRONTIER, sha256)
        for (const [at, leaf] of LEAVES.entries()) {
          tree.append(leaf)
          if (firsts.includes(at)) tree.forget(Math.floor((at * 2) / 3))
        }
        const first = tree.first
        const size = Math.max(1, first + (pick % (300 - first)))
        expect(tree.root()).toEqual(merkleRoot(LEAVES, sha256))
        expect(tree.root(size)).toEqual(merkleRoot(LEAVES.slice(0, size), sha256))
        const index = first + (pick % (300 - first))
        expect(tree.path(index)).toEqual(pathOf(index, 300))
        if (first > 0) expect(() => tree.path(first - 1)).toThrow('a leaf that is known')
        if (first > 0) expect(() => tree.root(first - 1)).toThrow('a size that is known')
      }),
      { numRuns: 100 },
    )
  })

  it('gives hashes that stay as they are', () => {
    const tree = treeOf(5)
    const path = tree.path(0)
    const copy = path.map((hash) => hash.slice())
    for (const leaf of LEAVES) tree.append(leaf)
    tree.forget(200)
    expect(path).toEqual(copy)
  })

  it('refuses sizes and leaves that are not there, and hashes that are none', () => {
    const tree = treeOf(5)
    expect(() => tree.root(6)).toThrow('a size that is known')
    expect(() => tree.path(5)).toThrow('a leaf that is known')
    expect(() => tree.forget(6)).toThrow('only what was appended')
    expect(() => tree.append(new Uint8Array(31))).toThrow('has 32 bytes')
    expect(() => new LogTree({ size: 3, peaks: [hashOf('a')] }, sha256)).toThrow('a peak for each bit')
    expect(() => new LogTree({ size: 2, peaks: [hashOf('a'), hashOf('b')] }, sha256)).toThrow(
      'a peak for each bit',
    )
  })
})
