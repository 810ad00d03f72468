import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, equalBytes } from '../../../src/codec/bytes.ts'
import { consistencyProof, verifyConsistency } from '../../../src/codec/merkle/consistency.ts'
import { leafHash, nodeHash, PATH_LEVELS_MAX } from '../../../src/codec/merkle/hash.ts'
import {
  allPaths,
  inclusionPath,
  type PathStep,
  rootFromPath,
  verifyInclusion,
} from '../../../src/codec/merkle/inclusion.ts'
import { merkleRoot } from '../../../src/codec/merkle/root.ts'
import { sha256 } from './sha256.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

/** The leaves on which the implementations of Certificate Transparency agree. */
const CT_LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map(bytesOf)

/** RFC 6962, 2.1, as it is written: no row, no buffer used twice. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array())
  if (leaves.length === 1) return sha256(concatBytes(Uint8Array.of(0), leaves[0] as Uint8Array))
  const k = naiveSplit(leaves.length)
  return sha256(concatBytes(Uint8Array.of(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k))))
}

function naiveSplit(size: number): number {
  let k = 1
  while (k << 1 < size) k <<= 1
  return k
}

/** RFC 6962, 2.1.1. */
function naivePath(index: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return []
  const k = naiveSplit(leaves.length)
  return index < k
    ? [...naivePath(index, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(index - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))]
}

/** RFC 6962, 2.1.2. */
function naiveProof(oldSize: number, leaves: readonly Uint8Array[], isWhole: boolean): Uint8Array[] {
  if (oldSize === 0) return []
  if (oldSize === leaves.length) return isWhole ? [] : [naiveRoot(leaves)]
  const k = naiveSplit(leaves.length)
  return oldSize <= k
    ? [...naiveProof(oldSize, leaves.slice(0, k), isWhole), naiveRoot(leaves.slice(k))]
    : [...naiveProof(oldSize - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))]
}

const SIZE_MAX = 70
const leaves = Array.from({ length: SIZE_MAX }, (_, i) =>
  Uint8Array.from({ length: i === 0 ? 0 : 1 + (i % 9) }, (_x, j) => i + j),
)
const hashes = leaves.map((leaf) => leafHash(leaf, sha256))
const roots = Array.from({ length: SIZE_MAX + 1 }, (_, size) => naiveRoot(leaves.slice(0, size)))
const rootOf = (size: number): Uint8Array => roots[size] as Uint8Array
const hashOf = (index: number): Uint8Array => hashes[index] as Uint8Array
const textOfPath = (path: readonly PathStep[]): string => path.map(([side, hash]) => side + hex(hash)).join()
const siblings = (path: readonly PathStep[]): Uint8Array[] => path.map(([, hash]) => hash)

describe('merkle trees (RFC 6962)', () => {
  it('the root of no leaves is sha256 of nothing', () => {
    expect(hex(merkleRoot([], sha256))).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    )
  })

  it('the eight leaves of Certificate Transparency give the published root', () => {
    expect(
      hex(
        merkleRoot(
          CT_LEAVES.map((leaf) => leafHash(leaf, sha256)),
          sha256,
        ),
      ),
    ).toBe('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328')
    expect(hex(leafHash(new Uint8Array(), sha256))).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    )
  })

  it('roots equal those of the recursive definition for 0 to 70 leaves', () => {
    for (let size = 0; size <= SIZE_MAX; size++) {
      expect(hex(merkleRoot(hashes.slice(0, size), sha256))).toBe(hex(rootOf(size)))
    }
  })

  it('inputs are left as they were, also by the buffer that all nodes share', () => {
    const before = hashes.map(hex)
    const first = nodeHash(hashOf(0), hashOf(1), sha256)
    const copy = hex(first)
    merkleRoot(hashes, sha256)
    allPaths(hashes, sha256)
    expect(hashes.map(hex)).toEqual(before)
    expect(hex(first)).toBe(copy)
  })

  it('leaves of every size are hashed alone, whatever was hashed before', () => {
    for (const size of [5_000, 4_097, 4_096, 4_095, 3, 0]) {
      const leaf = new Uint8Array(size).fill(size)
      expect(hex(leafHash(leaf, sha256))).toBe(hex(sha256(concatBytes(Uint8Array.of(0), leaf))))
    }
  })

  it('a node is over two hashes of 32 bytes', () => {
    expect(() => nodeHash(new Uint8Array(31), hashOf(0), sha256)).toThrow('32 bytes')
    expect(() => nodeHash(hashOf(0), new Uint8Array(33), sha256)).toThrow('32 bytes')
  })
})

describe('inclusion', () => {
  it('paths are those of the recursive definition, for every leaf of 1 to 70', () => {
    const wrong: string[] = []
    for (let size = 1; size <= SIZE_MAX; size++) {
      const part = hashes.slice(0, size)
      const all = allPaths(part, sha256)
      expect(all).toHaveLength(size)
      for (let index = 0; index < size; index++) {
        const path = inclusionPath(part, index, sha256)
        const steps = siblings(path)
        const isRight =
          textOfPath(all[index] as PathStep[]) === textOfPath(path) &&
          steps.map(hex).join() === naivePath(index, leaves.slice(0, size)).map(hex).join() &&
          equalBytes(rootFromPath(hashOf(index), path, sha256), rootOf(size)) &&
          verifyInclusion(hashOf(index), index, size, steps, rootOf(size), sha256)
        if (!isRight) wrong.push(`${index} of ${size}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('a batch of one has an empty path, and of none no path', () => {
    expect(inclusionPath([hashOf(0)], 0, sha256)).toEqual([])
    expect(allPaths([], sha256)).toEqual([])
    expect(() => inclusionPath([], 0, sha256)).toThrow('a leaf')
    expect(() => inclusionPath(hashes, SIZE_MAX, sha256)).toThrow('a leaf')
    expect(() => inclusionPath(hashes, -1, sha256)).toThrow('a leaf')
  })

  it('a path proves no other leaf, index, size or root', () => {
    for (let size = 1; size <= 20; size++) {
      for (let index = 0; index < size; index++) {
        const path = siblings(inclusionPath(hashes.slice(0, size), index, sha256))
        for (let other = 0; other < size; other++) {
          const leaf = hashOf(other)
          const accepted = other === index
          expect(verifyInclusion(leaf, index, size, path, rootOf(size), sha256)).toBe(accepted)
          expect(verifyInclusion(hashOf(index), other, size, path, rootOf(size), sha256)).toBe(accepted)
        }
        expect(verifyInclusion(hashOf(index), index, size, path, rootOf(size - 1), sha256)).toBe(false)
        expect(verifyInclusion(hashOf(index), index, size, [...path, hashOf(0)], rootOf(size), sha256)).toBe(
          false,
        )
        expect(verifyInclusion(hashOf(index), index, size, path.slice(1), rootOf(size), sha256)).toBe(
          path.length === 0,
        )
      }
    }
  })

  it('a path that goes on above the root of that size proves nothing', () => {
    expect(verifyInclusion(hashOf(1), 0, 1, [hashOf(0)], rootOf(2), sha256)).toBe(false)
    const path = siblings(inclusionPath(hashes.slice(0, 8), 7, sha256))
    expect(verifyInclusion(hashOf(7), 3, 4, path, rootOf(8), sha256)).toBe(false)
  })

  it('numbers and hashes that are none are false, not a throw', () => {
    const path = siblings(inclusionPath(hashes, 5, sha256))
    const check = (index: number, size: number, steps: readonly Uint8Array[], leaf = hashOf(5)): boolean =>
      verifyInclusion(leaf, index, size, steps, rootOf(SIZE_MAX), sha256)
    expect(check(5, SIZE_MAX, path)).toBe(true)
    expect(check(-1, SIZE_MAX, path)).toBe(false)
    expect(check(SIZE_MAX, SIZE_MAX, path)).toBe(false)
    expect(check(5.5, SIZE_MAX, path)).toBe(false)
    expect(check(5, Number.NaN, path)).toBe(false)
    expect(check(0, 0, [])).toBe(false)
    expect(check(5, SIZE_MAX, path, new Uint8Array(31))).toBe(false)
    expect(check(5, SIZE_MAX, [...path.slice(0, -1), new Uint8Array(33)])).toBe(false)
    expect(check(2 ** 52, 2 ** 53 - 1, path)).toBe(false)
  })

  it('the side of every step matters', () => {
    const path = inclusionPath(hashes, 37, sha256)
    for (let at = 0; at < path.length; at++) {
      const turned = path.map(([side, hash], i): PathStep => [i === at ? (side === 0 ? 1 : 0) : side, hash])
      expect(hex(rootFromPath(hashOf(37), turned, sha256))).not.toBe(hex(rootOf(SIZE_MAX)))
    }
  })

  it('a tree of 16 levels has 65,536 leaves', () => {
    expect(PATH_LEVELS_MAX).toBe(16)
    const many = Array.from({ length: 2 ** PATH_LEVELS_MAX }, () => hashOf(0))
    expect(inclusionPath(many, 40_000, sha256)).toHaveLength(PATH_LEVELS_MAX)
  })
})

describe('consistency', () => {
  it('proofs are those of the recursive definition and prove, for every pair of sizes up to 70', () => {
    const wrong: string[] = []
    for (let newSize = 0; newSize <= SIZE_MAX; newSize++) {
      const part = hashes.slice(0, newSize)
      for (let oldSize = 0; oldSize <= newSize; oldSize++) {
        const proof = consistencyProof(part, oldSize, sha256)
        const isRight =
          proof.map(hex).join() === naiveProof(oldSize, leaves.slice(0, newSize), true).map(hex).join() &&
          verifyConsistency(oldSize, newSize, rootOf(oldSize), rootOf(newSize), proof, sha256)
        if (!isRight) wrong.push(`${oldSize} of ${newSize}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('a proof proves no other sizes or roots', () => {
    for (let newSize = 1; newSize <= 17; newSize++) {
      for (let oldSize = 0; oldSize < newSize; oldSize++) {
        const proof = consistencyProof(hashes.slice(0, newSize), oldSize, sha256)
        const check = (m: number, n: number, old: Uint8Array, now: Uint8Array, steps = proof): boolean =>
          verifyConsistency(m, n, old, now, steps, sha256)
        expect(check(oldSize, newSize, rootOf(oldSize + 1), rootOf(newSize))).toBe(false)
        expect(check(oldSize, newSize, rootOf(oldSize), rootOf(newSize), [...proof, hashOf(0)])).toBe(false)
        if (oldSize === 0) continue
        expect(check(oldSize, newSize, rootOf(oldSize), rootOf(newSize + 1))).toBe(false)
        expect(check(oldSize, newSize, rootOf(oldSize), rootOf(newSize), proof.slice(1))).toBe(false)
        expect(check(oldSize, newSize, rootOf(oldSize), rootOf(newSize), proof.slice(0, -1))).toBe(false)
        for (let other = 1; other <= newSize; other++) {
          expect(check(other, newSize, rootOf(oldSize), rootOf(newSize))).toBe(other === oldSize)
        }
      }
    }
  })

  it('numbers and hashes that are none are false, not a throw', () => {
    const proof = consistencyProof(hashes, 13, sha256)
    const check = (m: number, n: number, steps: readonly Uint8Array[], old = rootOf(13)): boolean =>
      verifyConsistency(m, n, old, rootOf(SIZE_MAX), steps, sha256)
    expect(check(13, SIZE_MAX, proof)).toBe(true)
    expect(check(-1, SIZE_MAX, proof)).toBe(false)
    expect(check(13.5, SIZE_MAX, proof)).toBe(false)
    expect(check(SIZE_MAX + 1, SIZE_MAX, proof)).toBe(false)
    expect(check(13, Number.POSITIVE_INFINITY, proof)).toBe(false)
    expect(check(13, SIZE_MAX, [])).toBe(false)
    expect(check(13, SIZE_MAX, [...proof.slice(0, -1), new Uint8Array(31)])).toBe(false)
    expect(check(13, SIZE_MAX, proof, new Uint8Array(31))).toBe(false)
    expect(() => consistencyProof(hashes, SIZE_MAX + 1, sha256)).toThrow('a beginning')
  })

  it('a tree is consistent with itself by an empty proof alone', () => {
    const check = (root: Uint8Array, proof: readonly Uint8Array[]): boolean =>
      verifyConsistency(5, 5, root, rootOf(5), proof, sha256)
    expect(check(rootOf(5), [])).toBe(true)
    expect(check(rootOf(4), [])).toBe(false)
    expect(check(rootOf(5), [hashOf(0)])).toBe(false)
  })

  it('a proof that goes on above the new root proves nothing', () => {
    // the root of 4 is the right child of a root that a forger makes
    const forged = nodeHash(hashOf(9), rootOf(4), sha256)
    const proof = [...consistencyProof(hashes.slice(0, 4), 3, sha256), hashOf(9)]
    const forgedOld = nodeHash(hashOf(9), rootOf(3), sha256)
    expect(verifyConsistency(3, 4, forgedOld, forged, proof, sha256)).toBe(false)
  })

  it('one flipped bit of a proof or a root breaks it', () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 2, max: SIZE_MAX })
          .chain((newSize) => fc.tuple(fc.integer({ min: 1, max: newSize - 1 }), fc.constant(newSize))),
        fc.nat(),
        fc.nat({ max: 255 }),
        ([oldSize, newSize], which, bit) => {
          const proof = consistencyProof(hashes.slice(0, newSize), oldSize, sha256)
          const parts = [rootOf(oldSize), rootOf(newSize), ...proof].map((hash) => Uint8Array.from(hash))
          const part = parts[which % parts.length] as Uint8Array
          part[bit >> 3] = (part[bit >> 3] as number) ^ (1 << (bit & 7))
          const [old, now, ...steps] = parts as [Uint8Array, Uint8Array, ...Uint8Array[]]
          expect(verifyConsistency(oldSize, newSize, old, now, steps, sha256)).toBe(false)
        },
      ),
    )
  })
})
