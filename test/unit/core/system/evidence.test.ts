import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { encodeDoubleSigning } from '../../../../src/codec/certificate/double-signing.ts'
import { shareRoot, sharesOf } from '../../../../src/codec/certificate/share.ts'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import { evidenceReport } from '../../../../src/codec/entry/hub-command.ts'
import { encodeRelatedLink } from '../../../../src/codec/entry/related-link.ts'
import { Actor, Threads } from '../../../../src/sim/heart/actor.ts'
import { hashOf, treeHead } from '../../../setup/certificates.ts'
import { CREDIT, Hub, micro, secretOf } from './hub-fixture.ts'

function rejected(code: string) {
  return { verdict: { kind: 'rejected', code }, writes: [], effects: [] }
}

function started(): Hub {
  const hub = new Hub()
  hub.slots(1)
  return hub
}

type What = 'double-signing' | 'equivocation' | 'related-parties'

/** `signer` says that `reporter` reports it. */
function report(hub: Hub, what: What, evidence: Uint8Array, reporter = hub.person(5), signer = reporter) {
  const { s } = signer.state('evidence-report', evidenceReport({ what, evidence }, nodeCrypto.sha256))
  return hub.command({ ...said(hub, what, evidence), reporter: { did: reporter.did, s } })
}

function said(hub: Hub, what: What, evidence: Uint8Array) {
  return { v: 1 as const, kind: 'evidence' as const, slot: hub.slot, what, evidence }
}

/** Two shares of `voter` for one size, with these roots. */
function doubleSigning(voter: Actor, roots: readonly [string, string], by = voter): Uint8Array {
  const [first, second] = roots.map((root) => {
    const head = treeHead({ root: hashOf(root) })
    const { s } = by.state('seal-share', shareRoot([head], nodeCrypto.sha256))
    const [share] = sharesOf({ voter: voter.did, heads: [head], s }, nodeCrypto.sha256)
    if (share === undefined) throw new Error('no share')
    return share
  })
  if (first === undefined || second === undefined) throw new Error('two roots')
  return encodeDoubleSigning({ first, second })
}

describe('evidence (consensus.md, "Certificates"; economy.md, "Stake and slashing")', () => {
  it('two roots for one size cost all of the stake, once; a part goes to who shows it', () => {
    const hub = started()
    const guilty = hub.verifiers[0] as Actor
    const evidence = doubleSigning(guilty, ['a', 'b'])
    expect(report(hub, 'double-signing', evidence).verdict.kind).toBe('applied')
    expect(hub.records.get('accounts', guilty.did)).toMatchObject({ stake: 0n })
    expect(hub.records.get('agents', guilty.did)).toMatchObject({ isActive: false })
    // Bootstrap mode: half to the reporter, half burns.
    expect(hub.balance(hub.person(5).did)).toBe(10_500n * CREDIT)
    hub.envelope(hub.person(5).account('TRANSFER', { to: guilty.did, amount: micro(200) }, 0))
    hub.envelope(guilty.account('STAKE', { amount: micro(200) }, 0))
    expect(report(hub, 'double-signing', evidence)).toMatchObject(rejected('DUPLICATE'))
    const { kept, made } = hub.supplies()
    expect(kept).toEqual(made)
  })

  it('only who signed a report of this very evidence is its reporter', () => {
    const hub = started()
    const guilty = hub.verifiers[0] as Actor
    const [thief, honest] = [hub.person(4), hub.person(5)]
    const evidence = doubleSigning(guilty, ['a', 'b'])
    // Under a name that its owner did not sign for.
    expect(report(hub, 'double-signing', evidence, thief, honest)).toMatchObject(rejected('BAD_SIGNATURE'))
    const { s } = honest.state(
      'evidence-report',
      evidenceReport({ what: 'double-signing', evidence }, nodeCrypto.sha256),
    )
    for (const reporter of [
      { did: thief.did, s },
      { did: honest.did, s: s.with(0, (s[0] as number) ^ 1) },
    ]) {
      const stolen = hub.command({ ...said(hub, 'double-signing', evidence), reporter })
      expect(stolen).toMatchObject(rejected('BAD_SIGNATURE'))
    }
    // A report of other evidence, of another kind, and what was signed as something else.
    const other = doubleSigning(guilty, ['a', 'c'])
    const moved = hub.command({ ...said(hub, 'double-signing', other), reporter: { did: honest.did, s } })
    expect(moved).toMatchObject(rejected('BAD_SIGNATURE'))
    const body = evidenceReport({ what: 'double-signing', evidence }, nodeCrypto.sha256)
    const vote = honest.state('governance-vote', body).s
    const asVote = hub.command({
      ...said(hub, 'double-signing', evidence),
      reporter: { did: honest.did, s: vote },
    })
    expect(asVote).toMatchObject(rejected('BAD_SIGNATURE'))
    expect(hub.records.get('accounts', guilty.did)?.stake).toBeGreaterThan(0n)
    expect(report(hub, 'double-signing', evidence, honest).verdict.kind).toBe('applied')
    expect(hub.balance(honest.did)).toBe(10_500n * CREDIT)
    expect(hub.balance(thief.did)).toBe(10_000n * CREDIT)
  })

  it('counts without a reporter: then its part burns', () => {
    const hub = started()
    const guilty = hub.verifiers[0] as Actor
    const evidence = doubleSigning(guilty, ['a', 'b'])
    const before = hub.balance(hub.person(5).did)
    expect(hub.command(said(hub, 'double-signing', evidence)).verdict.kind).toBe('applied')
    expect(hub.records.get('accounts', guilty.did)).toMatchObject({ stake: 0n })
    expect(hub.balance(hub.person(5).did)).toBe(before)
    const { kept, made } = hub.supplies()
    expect(kept).toEqual(made)
  })

  it('without valid evidence nobody is slashed', () => {
    const hub = started()
    const victim = hub.verifiers[0] as Actor
    expect(report(hub, 'double-signing', doubleSigning(victim, ['a', 'a']))).toMatchObject(
      rejected('MALFORMED'),
    )
    expect(report(hub, 'double-signing', doubleSigning(victim, ['a', 'b'], hub.person(0)))).toMatchObject(
      rejected('BAD_SIGNATURE'),
    )
    expect(report(hub, 'double-signing', new Uint8Array([1]))).toMatchObject(rejected('MALFORMED'))
  })

  it('who has nothing staked is not convicted: state grows by what is paid for', () => {
    const hub = started()
    expect(report(hub, 'double-signing', doubleSigning(hub.person(0), ['a', 'b']))).toMatchObject(
      rejected('INSUFFICIENT_FUNDS'),
    )
  })

  it('who reports itself gets nothing for it', () => {
    const hub = started()
    const guilty = hub.verifiers[0] as Actor
    report(hub, 'double-signing', doubleSigning(guilty, ['a', 'b']), guilty)
    expect(hub.balance(guilty.did)).toBe(0n)
  })

  it('two bodies with one seq are equivocation; one body twice, or two places, are not', () => {
    const hub = started()
    const seed = 100
    const twin = () => new Actor({ net: hub.net, crypto: nodeCrypto, threads: new Threads() }, secretOf(seed))
    const [a, b] = [1, 2].map((n) => twin().account('STAKE', { amount: micro(n) }, 0)) as [Said, Said]
    const other = twin()
    other.account('STAKE', { amount: micro(1) }, 0)
    const later = other.account('STAKE', { amount: micro(3) }, 0)
    const both = (x: Said, y: Said) => encodeDagCbor([x.field, y.field] as never)
    expect(report(hub, 'equivocation', both(a, a))).toMatchObject(rejected('MALFORMED'))
    expect(report(hub, 'equivocation', both(a, later))).toMatchObject(rejected('MALFORMED'))
    expect(report(hub, 'equivocation', encodeDagCbor([]))).toMatchObject(rejected('MALFORMED'))
    expect(report(hub, 'equivocation', both(a, b)).verdict.kind).toBe('applied')
    expect(report(hub, 'equivocation', both(b, a))).toMatchObject(rejected('DUPLICATE'))
    expect(hub.records.get('accounts', a.sender)).toMatchObject({ stake: 0n })
  })
})

type Said = ReturnType<Actor['account']>

describe('related parties (economy.md, "Pools, reputation, committees")', () => {
  function link(a: Actor, b: Actor, signers: readonly [Actor, Actor] = [a, b]): Uint8Array {
    const body = { v: 1 as const, a: a.did, b: b.did }
    const [sa, sb] = signers.map((one) => one.state('related-party-link', body).s) as [never, never]
    return encodeRelatedLink({ body, sa, sb })
  }

  it('a link counts when both have signed it, once', () => {
    const hub = started()
    const [a, b] = hub.verifiers as [Actor, Actor]
    expect(report(hub, 'related-parties', link(a, b, [a, a]))).toMatchObject(rejected('BAD_SIGNATURE'))
    expect(report(hub, 'related-parties', link(a, a))).toMatchObject(rejected('MALFORMED'))
    expect(report(hub, 'related-parties', link(a, hub.person(0)))).toMatchObject(
      rejected('UNKNOWN_CAPABILITY'),
    )
    expect(report(hub, 'related-parties', link(a, b)).verdict.kind).toBe('applied')
    expect(report(hub, 'related-parties', link(b, a))).toMatchObject(rejected('DUPLICATE'))
    expect(hub.records.get('agents', a.did)?.links).toEqual([b.did])
    expect(hub.records.get('agents', b.did)?.links).toEqual([a.did])
  })
})
