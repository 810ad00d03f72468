import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SealShare } from '../../../../src/codec/certificate/share.ts'
import type { TreeHead } from '../../../../src/codec/certificate/tree-head.ts'
import type { VoterConfig } from '../../../../src/codec/certificate/voter-config.ts'
import { startCollecting, stepCollecting } from '../../../../src/core/certificate/collect-shares.ts'
import { doubleSigners, verifyDoubleSigning } from '../../../../src/core/certificate/double-signing.ts'
import { notedWith, noteShare } from '../../../../src/core/certificate/note-share.ts'
import { verifyCertificate } from '../../../../src/core/certificate/verify-certificate.ts'
import { config, hashOf, SignatureBook, sha256, treeHead, VOTERS } from '../../../setup/certificates.ts'

const SIZES = 4
const ROOTS = 3

interface World {
  readonly config: VoterConfig
  readonly f: number
  /** Numbers of voters; at most f of each set. */
  readonly liars: ReadonlySet<number>
  /** In which order a lying leader asks voters for which head. */
  readonly asked: readonly (readonly [voter: number, size: number, root: number])[]
}

/** n voters from `base` on, f that fits, and at most f liars of them. */
const set = (base: number) =>
  fc.integer({ min: 1, max: 9 }).chain((n) =>
    fc.nat({ max: Math.floor((n - 1) / 3) }).chain((f) =>
      fc.record({
        numbers: fc.constant(Array.from({ length: n }, (_, i) => base + i)),
        f: fc.constant(f),
        liars: fc.uniqueArray(
          fc.nat({ max: n - 1 }).map((i) => base + i),
          { maxLength: f },
        ),
      }),
    ),
  )

const asked = fc.array(
  fc.tuple(fc.nat({ max: 19 }), fc.integer({ min: 1, max: SIZES }), fc.nat({ max: ROOTS - 1 })),
  { minLength: 40, maxLength: 160 },
)

const oneSet: fc.Arbitrary<World> = fc.record({ of: set(0), asked }).map(({ of, asked: list }) => ({
  config: config(1, of.numbers),
  f: of.f,
  liars: new Set(of.liars),
  asked: list.map(([voter, size, root]) => [voter % of.numbers.length, size, root]),
}))

/** Two sets that share some voters; the network withstands what the smaller one does. */
const joint: fc.Arbitrary<World> = fc
  .record({ a: set(0), b: set(0), shift: fc.nat({ max: 9 }), asked })
  .map(({ a, b, shift, asked: list }) => {
    const moved = b.numbers.map((number) => number + shift)
    const f = Math.min(a.f, b.f)
    const chosen = [...a.liars.slice(0, f), ...b.liars.map((number) => number + shift)]
    const liars = new Set<number>()
    for (const number of chosen) {
      const with1 = new Set([...liars, number])
      const fits = [a.numbers, moved].every((one) => one.filter((voter) => with1.has(voter)).length <= f)
      if (fits) liars.add(number)
    }
    const all = [...new Set([...a.numbers, ...moved])]
    return {
      config: config(2, moved, a.numbers),
      f,
      liars,
      asked: list.map(([voter, size, root]) => [all[voter % all.length] ?? 0, size, root]),
    }
  })

function headOf(world: World, size: number, root: number): TreeHead {
  return treeHead({ config: world.config.version, size, root: hashOf(`root ${root}`) })
}

/** Every share that is given: liars sign all they can, the honest what they may after noting it. */
function sharesOf(world: World, book: SignatureBook): readonly SealShare[] {
  const noted = new Map<number, readonly TreeHead[]>()
  const shares: SealShare[] = []
  for (const liar of world.liars) {
    for (let size = 1; size <= SIZES; size++) {
      for (let root = 0; root < ROOTS; root++) shares.push(signed(liar, headOf(world, size, root)))
    }
  }
  for (const [voter, size, root] of world.asked) {
    if (world.liars.has(voter)) continue
    const head = headOf(world, size, root)
    const step = noteShare(noted.get(voter) ?? [], head)
    if (step.kind === 'note')
      noted.set(
        voter,
        notedWith(noted.get(voter) ?? [], [head], () => false),
      )
    if (step.kind === 'note' || step.kind === 'noted') shares.push(signed(voter, head))
  }
  return shares

  function signed(voter: number, head: TreeHead): SealShare {
    return book.signOne(VOTERS[voter] as (typeof VOTERS)[number], head)
  }
}

function expectOneRootASize(world: World): number {
  const book = new SignatureBook()
  const shares = sharesOf(world, book)
  let certified = 0
  for (let size = 1; size <= SIZES; size++) {
    const found = Array.from({ length: ROOTS }, (_, root) => {
      let collecting = startCollecting(headOf(world, size, root), world.config, world.f)
      let certificate: ReturnType<typeof stepCollecting>['certificate']
      for (const share of shares) ({ collecting, certificate } = stepCollecting(collecting, share))
      return certificate
    }).filter((one) => one !== undefined)
    for (const one of found) expect(verifyCertificate(one, world.config, book.context(world.f)).ok).toBe(true)
    expect(found.length).toBeLessThanOrEqual(1)
    certified += found.length
  }
  return certified
}

describe('with at most f liars, who sign anything', () => {
  it('there are never two certified roots for one size', () => {
    let certified = 0
    fc.assert(
      fc.property(oneSet, (world) => {
        certified += expectOneRootASize(world)
      }),
      { numRuns: 400, seed: 7 },
    )
    expect(certified).toBeGreaterThan(100)
  })

  it('there are never two certified roots for one size while a change is joint', () => {
    let certified = 0
    fc.assert(
      fc.property(joint, (world) => {
        certified += expectOneRootASize(world)
      }),
      { numRuns: 400, seed: 7 },
    )
    expect(certified).toBeGreaterThan(50)
  })
})

describe('with one liar more than f', () => {
  it('two roots can be certified, and more than f voters are convicted by it', () => {
    for (const [n, f] of [
      [4, 1],
      [7, 2],
      [3, 0],
      [5, 1],
    ] as const) {
      const book = new SignatureBook()
      const all = config(
        1,
        Array.from({ length: n }, (_, i) => i),
      )
      const quorum = Math.floor((n + f) / 2) + 1
      const a = book.certificate(treeHead({ root: hashOf('a') }), all.voters.slice(0, quorum))
      const b = book.certificate(treeHead({ root: hashOf('b') }), all.voters.slice(n - quorum))
      for (const one of [a, b]) expect(verifyCertificate(one, all, book.context(f)).ok).toBe(true)
      const evidence = doubleSigners(a, b)
      expect(evidence.length).toBeGreaterThan(f)
      for (const one of evidence) {
        expect(verifyDoubleSigning(one, book.judge, sha256)).toEqual({ ok: true, value: one.first.voter })
      }
    }
  })
})
