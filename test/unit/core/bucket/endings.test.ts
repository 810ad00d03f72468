import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import type { Certificate } from '../../../../src/codec/certificate/certificate.ts'
import { certificateToIpld } from '../../../../src/codec/certificate/certificate.ts'
import { shareRoot, sharesOf } from '../../../../src/codec/certificate/share.ts'
import type { TreeHead } from '../../../../src/codec/certificate/tree-head.ts'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import { encodeEnvelope } from '../../../../src/codec/envelope/single-form.ts'
import { leafHash } from '../../../../src/codec/merkle/hash.ts'
import { merkleRoot } from '../../../../src/codec/merkle/root.ts'
import { signStatement } from '../../../../src/codec/signed/statement.ts'
import { recordToIpld } from '../../../../src/core/records/record-ipld.ts'
import type { RecordValue } from '../../../../src/core/records/view.ts'
import type { Actor, Spoken } from '../../../../src/sim/heart/actor.ts'
import { carried, cidOfText, credits, type NeedKit, sha256 } from '../../../setup/heart-bucket.ts'
import {
  attest,
  close,
  commitEnvelope,
  finalize,
  type LeadOptions,
  type Led,
  leadTo,
  must,
  outcome,
  reserved,
} from '../../../setup/heart-moves.ts'

const TRUST = { isTrusting: true } as const

function concluded(one: NeedKit, kind: 'expire' | 'split', some: readonly Spoken[] = []) {
  return one.kit.propose(one.command(kind, { seen: one.seen(some), carried: carried(some) }))
}

function settle({ kit, one }: Led) {
  return kit.propose(one.command('settle', {}))
}

describe('entry `settle` (economy.md, "Bounties and payout")', () => {
  it('twice T_challenge after `finalize`, not before', () => {
    const led = leadTo('FINAL', TRUST)
    led.kit.advance(3_999)
    expect(outcome(settle(led))).toBe('WINDOW_CLOSED')
    led.kit.advance(1)
    must(settle(led))
    expect(led.one.state).toBe('SETTLED')
  })

  it('pays the price of the bid that worked, and every seat that answered', () => {
    const led = leadTo('FINAL', { ...TRUST, k: 2 })
    led.kit.advance(4_000)
    must(settle(led))
    expect(led.kit.lastSent('end')).toMatchObject({
      outcome: 'settled',
      worker: led.workers[0]?.did,
      price: '500000',
      answered: [
        { role: 'plan', attempt: 0, seats: led.planSeats.map(({ did }) => did) },
        { role: 'result', attempt: 0, seats: led.resultSeats.map(({ did }) => did) },
      ],
      silent: [],
      confirmed: led.resultSeats.map(({ did }) => did),
      head: led.one.need.head,
    })
  })

  it('a verdict that comes after the FINALIZE is not paid, whoever carries it', () => {
    const led = leadTo('COMMITTED', { ...TRUST, k: 2 })
    const { kit, one, resultSeats } = led
    const third = kit.person(20)
    const committee = kit.records.get('committees', `${one.key} result 0`)
    if (committee === undefined) throw new Error('a committee')
    const seats = [...committee.seats, third.did]
    kit.records.apply([{ table: 'committees', key: `${one.key} result 0`, value: { ...committee, seats } }])
    const late = attest(one, third)
    must(finalize(one, resultSeats))
    const who = kit.person(21)
    const said = one.say(who, 'CHALLENGE_COMMIT', { attempt: 0, bond: credits(10), hash: new Uint8Array(32) })
    must(kit.propose(one.command('challenge', { envelope: said.field })))
    const about = { v: 1, need: one.id, slot: kit.slot, challenge: said.cid } as const
    must(kit.receive({ ...about, kind: 'bonded', bonded: true }))
    kit.advance(4_000)
    const command = { challenge: said.cid, seen: one.seen([late]), carried: carried([late]) }
    must(kit.propose(one.command('void-challenge', command)))
    must(settle(led))
    expect(kit.lastSent('end').answered.at(-1)?.seats).toEqual(resultSeats.map(({ did }) => did))
  })

  it('names the root over every envelope of the history, each with its signature (record.md)', () => {
    const led = leadTo('FINAL', TRUST)
    const held = led.kit.records.get('envelopes', led.one.key) ?? []
    led.kit.advance(4_000)
    must(settle(led))
    const { body, sig } = led.one.spoken.field as unknown as { body: Uint8Array; sig: never }
    expect(held[0]).toEqual({ id: led.one.key, hash: sha256(encodeEnvelope({ bytes: body, sig })) })
    expect(held.length).toBe(1 + 2 + 2 + 1 + 1)
    const leaves = held.map(({ id, hash }) => leafHash(encodeDagCbor([cidOfText(id), hash]), sha256))
    expect(led.kit.lastSent('end').envelopes).toEqual(merkleRoot(leaves, sha256))
  })
})

describe('entry `expire` (lifecycle.md, "States")', () => {
  it.each(['OPEN', 'RANKED', 'CLAIMED'] as const)('%s at the deadline: refund, unlock', (stage) => {
    const led = leadTo(stage, TRUST)
    led.kit.advance(3_599_999 - (led.kit.facts.time - 1_000_050))
    expect(outcome(concluded(led.one, 'expire'))).toBe('WINDOW_CLOSED')
    led.kit.advance(1)
    must(concluded(led.one, 'expire'))
    expect(led.one.state).toBe('EXPIRED')
    expect(led.kit.lastSent('end')).toMatchObject({ outcome: 'expired', price: '0' })
    expect(led.kit.lastSent('end').worker).toBeUndefined()
  })

  it('counts slot time, not the time that windows stand still', () => {
    const led = leadTo('OPEN', TRUST)
    const { kit, one } = led
    kit.advance(3_600_000)
    must(kit.propose({ v: 1, kind: 'lead', bucket: kit.bucket, slot: kit.slot, by: kit.voter().did }))
    expect(outcome(concluded(one, 'expire'))).toBe('applied')
  })

  it('after three rounds without a bid', () => {
    const led = leadTo('OPEN', TRUST)
    for (let i = 0; i < 2; i++) must(close(led.one, []))
    expect(outcome(concluded(led.one, 'expire'))).toBe('WINDOW_CLOSED')
    must(close(led.one, []))
    must(concluded(led.one, 'expire'))
  })

  it('after the last round that a bid can name', () => {
    const { kit, one, workers } = leadTo('RESERVED', { ...TRUST, bidders: 1 })
    const [head] = one.need.ranking
    if (head === undefined) throw new Error('a bid')
    const last = { ...one.need, bidRound: 255, ranking: [{ ...head, round: 255 }] }
    kit.records.apply([{ table: 'needs', key: one.key, value: last }])
    kit.advance(1_000)
    must(
      kit.propose(
        one.command('pass', { proposal: cidOfText(head.proposal), verdicts: [], seen: one.seen() }),
      ),
    )
    expect(one.need).toMatchObject({ state: 'OPEN', bidRound: 256, emptyRounds: 0 })
    expect(workers.length).toBe(1)
    expect(outcome(close(one, []))).toBe('WINDOW_CLOSED')
    must(concluded(one, 'expire'))
  })

  it('seats that answered are paid all the same', () => {
    const led = leadTo('CLAIMED', { ...TRUST, k: 2 })
    led.kit.advance(3_600_000)
    must(concluded(led.one, 'expire'))
    expect(led.kit.lastSent('end').answered).toEqual([
      { role: 'plan', attempt: 0, seats: led.planSeats.map(({ did }) => did) },
    ])
  })

  it('not when a lawful COMMIT was seen, nor without a majority’s statements', () => {
    const led = leadTo('CLAIMED', TRUST)
    led.kit.advance(3_600_000)
    expect(outcome(concluded(led.one, 'expire', [commitEnvelope(led.one, led.workers[0] as Actor)]))).toBe(
      'CONFLICT',
    )
    const command = led.one.command('expire', { seen: [], carried: [] })
    expect(outcome(led.kit.propose(command))).toBe('CONFLICT')
  })

  it('an answer of the hub that comes later changes nothing but the chain', () => {
    const led = leadTo('RANKED', TRUST)
    led.kit.advance(3_600_000)
    must(concluded(led.one, 'expire'))
    must(reserved(led.one))
    expect(led.one.state).toBe('EXPIRED')
    expect(led.kit.sentOf('end').length).toBe(1)
  })
})

describe('entry `split`', () => {
  it('no verdict 72 h after the COMMIT: half each, who was silent forfeits its lock', () => {
    const led = leadTo('COMMITTED', { ...TRUST, k: 2 })
    const said = [attest(led.one, led.resultSeats[0] as Actor)]
    led.kit.advance(72 * 3_600_000 - 1)
    expect(outcome(concluded(led.one, 'split', said))).toBe('WINDOW_CLOSED')
    led.kit.advance(1)
    must(concluded(led.one, 'split', said))
    expect(led.one.state).toBe('SPLIT')
    expect(led.kit.lastSent('end')).toMatchObject({
      outcome: 'split',
      worker: led.workers[0]?.did,
      price: '500000',
      answered: [{ role: 'plan' }, { role: 'result', seats: [led.resultSeats[0]?.did] }],
      silent: [{ role: 'result', attempt: 0, seats: [led.resultSeats[1]?.did] }],
      confirmed: [],
    })
  })

  it('not where the verdicts that were seen decide', () => {
    const led = leadTo('COMMITTED', { ...TRUST, k: 2 })
    const said = led.resultSeats.map((seat) => attest(led.one, seat))
    led.kit.advance(72 * 3_600_000)
    expect(outcome(concluded(led.one, 'split', said))).toBe('CONFLICT')
    must(concluded(led.one, 'split', said.slice(1)))
  })
})

describe('effect `paid` and entry `cert`', () => {
  function paid({ kit, one }: Led) {
    return kit.receive({ v: 1, kind: 'paid', need: one.id, moves: [] })
  }

  function certificate(
    { kit }: Led,
    changes: Partial<TreeHead> = {},
    signers: readonly Actor[] = kit.voters,
  ) {
    const head = {
      group: 1,
      generation: 0,
      config: 1,
      size: kit.items.length,
      root: sha256(Uint8Array.of(1)),
      state: sha256(Uint8Array.of(2)),
      ...changes,
    } as TreeHead
    const shares = signers.flatMap((voter) => {
      const s = signStatement(nodeCrypto, 'seal-share', kit.net, voter.secret, shareRoot([head], sha256))
      return sharesOf({ voter: voter.did, heads: [head], s }, sha256).map(({ path }) => ({
        voter: voter.did,
        path,
        s,
      }))
    })
    const made: Certificate = { head, shares: shares.toSorted((a, b) => (a.voter < b.voter ? -1 : 1)) }
    return certificateToIpld(made)
  }

  function certify(led: Led, made = certificate(led)) {
    return led.kit.propose(led.one.command('cert', { certificate: made }))
  }

  function over(options: LeadOptions = {}): Led {
    const led = leadTo('FINAL', options)
    led.kit.advance(4_000)
    must(settle(led))
    return led
  }

  it('the hub’s last word ends the need: what only a living one needs is forgotten, records stay', () => {
    const led = over()
    must(paid(led))
    const { kit, one } = led
    expect(one.need.over).toEqual({ position: kit.items.length - 1, isCertified: false })
    for (const table of ['committees', 'challenges', 'envelopes'] as const)
      expect(kit.records.keys(table)).toEqual([])
    expect(kit.records.keys('records')).toEqual([`${one.key} decide`, `${one.key} finalize 0`])
    const bytes = (table: 'needs' | 'terms') =>
      encodeDagCbor(recordToIpld(kit.records.get(table, one.key) as RecordValue)).length
    expect(bytes('needs') + bytes('terms')).toBeLessThan(1_400)
  })

  it('not before the need has ended', () => {
    expect(outcome(paid(leadTo('FINAL', TRUST)))).toBe('CONFLICT')
  })

  it('then a certificate that holds it closes the history, once', () => {
    const led = over()
    expect(outcome(certify(led))).toBe('CONFLICT')
    must(paid(led))
    const { kit } = led
    expect(outcome(certify(led, certificate(led, { size: kit.items.length - 1 } as never)))).toBe('CONFLICT')
    expect(outcome(certify(led, certificate(led, { size: kit.items.length + 9 } as never)))).toBe('CONFLICT')
    expect(outcome(certify(led, certificate(led, { generation: 1 } as never)))).toBe('CONFLICT')
    expect(outcome(certify(led, certificate(led, {}, [kit.voter()])))).toBe('CONFLICT')
    expect(outcome(certify(led, certificate(led, {}, [kit.voter(), kit.person(20)])))).toBe(
      'NOT_IN_COMMITTEE',
    )
    const [head, [first, ...rest]] = certificate(led)
    const forged = [head, [[...(first as [never, never, never]).slice(0, 2), new Uint8Array(64)], ...rest]]
    expect(outcome(certify(led, forged as never))).toBe('BAD_SIGNATURE')
    const before = led.one.need.head
    must(certify(led))
    expect(led.one.need.over?.isCertified).toBe(true)
    expect(led.one.need.head).not.toEqual(before)
    expect(outcome(certify(led))).toBe('DUPLICATE')
  })

  it('so many must have signed as withstand the network’s liars: 3 of 4 without one, 4 of 5 with one', () => {
    for (const [voters, liars, enough] of [
      [4, 0, 3],
      [5, 0, 3],
      [4, 1, 3],
      [5, 1, 4],
      [7, 2, 5],
    ] as const) {
      const led = over({ voters, liars })
      must(paid(led))
      const by = (count: number) => certificate(led, {}, led.kit.voters.slice(0, count))
      expect(outcome(certify(led, by(enough - 1)))).toBe('CONFLICT')
      expect(outcome(certify(led, by(enough)))).toBe('applied')
    }
  })

  it('nothing that comes later touches a history that is over', () => {
    const led = over()
    must(paid(led))
    const { head } = led.one.need
    must(reserved(led.one))
    must(paid(led))
    expect(led.one.need.head).toEqual(head)
    const again = led.kit.ask(
      led.one.command('decide', {
        proposal: led.proposals[0]?.cid as never,
        reveal: [],
        verdicts: [],
        fence_epoch: 0,
      }),
    )
    expect(again.verdict.kind).toBe('applied')
  })
})
