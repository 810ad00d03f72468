import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Certificate } from '../../../../src/codec/certificate/certificate.ts'
import { EMPTY_FRONTIER } from '../../../../src/codec/certificate/frontier.ts'
import { votersLeaf } from '../../../../src/codec/certificate/leaf.ts'
import type { TreeHead } from '../../../../src/codec/certificate/tree-head.ts'
import type { VoterConfig } from '../../../../src/codec/certificate/voter-config.ts'
import { leafHash } from '../../../../src/codec/merkle/hash.ts'
import { LogTree } from '../../../../src/core/certificate/log-tree.ts'
import { noteShare } from '../../../../src/core/certificate/note-share.ts'
import {
  extendChain,
  startChain,
  type VoterChain,
  verifyInChain,
} from '../../../../src/core/certificate/voter-chain.ts'
import { commandLeaf, config, SignatureBook, sha256, treeHead, VOTERS } from '../../../setup/certificates.ts'

/**
 * Lying leaders have forked a group's log at a change of voters: each branch replaces the voters A by others of its
 * own, by way of a joint config. Sizes 1 and 2 are common; 3 is the change, 4 a command, 5 leaves the joint config.
 */
const SIZES = 7
const CHANGE = 3
const LEAVE = 5

interface Branch {
  readonly tree: LogTree
  /** By version, from 1 on. */
  readonly configs: readonly VoterConfig[]
}

interface World {
  readonly f: number
  readonly old: readonly number[]
  readonly next: readonly [readonly number[], readonly number[]]
  readonly liars: ReadonlySet<number>
  /** Of each honest voter: its branch, and up to which size it gets. */
  readonly honest: ReadonlyMap<number, { readonly branch: 0 | 1; readonly upTo: number }>
}

const POOL = Array.from({ length: 12 }, (_, i) => i)
const some = fc.shuffledSubarray(POOL, { minLength: 1, maxLength: 7 })

const world: fc.Arbitrary<World> = fc
  .record({
    old: some,
    next: fc.tuple(some, some),
    liars: fc.shuffledSubarray(POOL, { maxLength: 4 }),
    honest: fc.array(
      fc.record({
        branch: fc.constantFrom(0 as const, 1 as const),
        upTo: fc.integer({ min: 1, max: 3 * SIZES }),
      }),
      {
        minLength: POOL.length,
        maxLength: POOL.length,
      },
    ),
    lean: fc.boolean(),
  })
  .map(({ old, next, liars, honest, lean }) => {
    const sets = [old, ...next]
    const f = Math.min(...sets.map((set) => Math.floor((set.length - 1) / 3)))
    const chosen = new Set<number>()
    for (const liar of liars) {
      const more = new Set([...chosen, liar])
      if (sets.every((set) => set.filter((voter) => more.has(voter)).length <= f)) chosen.add(liar)
    }
    const places = honest.map(({ branch, upTo }) => ({
      branch: lean ? (0 as const) : branch,
      upTo: Math.min(upTo, SIZES),
    }))
    return {
      f,
      old,
      next,
      liars: chosen,
      honest: new Map(
        POOL.filter((voter) => !chosen.has(voter)).map((voter) => [
          voter,
          places[voter] as (typeof places)[0],
        ]),
      ),
    }
  })

function branchOf({ old, next }: World, number: 0 | 1): Branch {
  const configs = [config(1, old), config(2, next[number], old), config(3, next[number])]
  const tree = new LogTree(EMPTY_FRONTIER, sha256)
  for (let size = 1; size <= SIZES; size++) {
    const own = size > 2 ? `${number}` : ''
    const command = commandLeaf(new TextEncoder().encode(`command ${size} ${own}`))
    const change = size === CHANGE ? configs[1] : size === LEAVE ? configs[2] : undefined
    tree.append(leafHash(change === undefined ? command : votersLeaf(change), sha256))
  }
  return { tree, configs }
}

function versionAt(size: number): number {
  return size <= CHANGE ? 1 : size <= LEAVE ? 2 : 3
}

function headOf({ tree }: Branch, size: number, version: number): TreeHead {
  return treeHead({ size, config: version, root: tree.root(size) })
}

/** Who signed which head. */
function signatures(of: World, branches: readonly Branch[], book: SignatureBook): Map<string, Set<number>> {
  const signed = new Map<string, Set<number>>()
  const sign = (voter: number, head: TreeHead) => {
    book.signOne(VOTERS[voter] as (typeof VOTERS)[0], head)
    const key = keyOf(head)
    signed.set(key, (signed.get(key) ?? new Set()).add(voter))
  }
  for (const liar of of.liars) {
    for (const branch of branches) {
      for (let size = 1; size <= SIZES; size++) {
        for (const version of [1, 2, 3]) sign(liar, headOf(branch, size, version))
      }
    }
  }
  for (const [voter, { branch, upTo }] of of.honest) {
    const noted: TreeHead[] = []
    for (let size = 1; size <= upTo; size++) {
      const head = headOf(branches[branch] as Branch, size, versionAt(size))
      const step = noteShare(noted, head)
      if (step.kind === 'note') noted.push(head)
      sign(voter, head)
    }
  }
  return signed
}

function keyOf({ size, config: version, root }: TreeHead): string {
  return `${size} ${version} ${root.toHex()}`
}

/** Every certificate that anybody could put together: all signers of a head that are voters of the config. */
function certificates(of: World, branches: readonly Branch[], book: SignatureBook): readonly Certificate[] {
  const signed = signatures(of, branches, book)
  return branches.flatMap((branch) =>
    branch.configs.flatMap(({ version, voters, outgoing }) =>
      Array.from({ length: SIZES }, (_, i) => headOf(branch, i + 1, version)).map((head) => {
        const signers = [...(signed.get(keyOf(head)) ?? [])].map(
          (voter) => VOTERS[voter] as (typeof VOTERS)[0],
        )
        return book.certificate(
          head,
          signers.filter((voter) => voters.includes(voter) || outgoing.includes(voter)),
        )
      }),
    ),
  )
}

/** Every chain that can be proved. */
function chains(
  of: World,
  branches: readonly Branch[],
  all: readonly Certificate[],
  book: SignatureBook,
): VoterChain[] {
  const found = [startChain(config(1, of.old))]
  for (const chain of found) {
    for (const { tree, configs } of branches) {
      const next = configs[chain.configs.length]
      if (next === undefined) continue
      for (const certificate of all) {
        const { size } = certificate.head
        const extended = extendChain(
          chain,
          { config: next, path: tree.path(size - 1, size), certificate },
          book.context(of.f),
        )
        if (extended.ok) found.push(extended.value)
      }
    }
  }
  return found
}

describe('a log that was forked at a change of voters, with at most f liars in each set', () => {
  it('has never two certified roots for one size, and one chain of voters', () => {
    let extended = 0
    fc.assert(
      fc.property(world, (one) => {
        const branches = [branchOf(one, 0), branchOf(one, 1)]
        const book = new SignatureBook()
        const all = certificates(one, branches, book)
        const proved = chains(one, branches, all, book)
        const roots = new Map<number, string>()
        for (const chain of proved) {
          for (const certificate of all) {
            if (!verifyInChain(chain, certificate, book.context(one.f)).ok) continue
            const { size, root } = certificate.head
            expect(roots.get(size) ?? root.toHex()).toBe(root.toHex())
            roots.set(size, root.toHex())
          }
        }
        const longest = proved.reduce((a, b) => (b.configs.length > a.configs.length ? b : a))
        for (const chain of proved) {
          expect(chain.configs).toEqual(longest.configs.slice(0, chain.configs.length))
        }
        if (longest.configs.length > 1) extended++
      }),
      { numRuns: 250, seed: 7 },
    )
    expect(extended).toBeGreaterThan(30)
  })
})
