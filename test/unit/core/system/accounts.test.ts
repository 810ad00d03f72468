import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { decodeRegistryRecord } from '../../../../src/codec/entry/registry-record.ts'
import { leafHash } from '../../../../src/codec/merkle/hash.ts'
import { rootFromPath } from '../../../../src/codec/merkle/inclusion.ts'
import type { Payload } from '../../../../src/codec/payload/verbs.ts'
import { rosterRoot } from '../../../../src/core/market/roster.ts'
import { rosterMemberOf } from '../../../../src/core/system/agents.ts'
import { proveRegistry } from '../../../../src/core/system/registry.ts'
import { slotFacts } from '../../../../src/core/system/slots.ts'
import type { Actor } from '../../../../src/sim/heart/actor.ts'
import { CREDIT, Hub, micro } from './hub-fixture.ts'

const { sha256 } = nodeCrypto

function rejected(code: string) {
  return { verdict: { kind: 'rejected', code }, writes: [], effects: [] }
}

function started(options: ConstructorParameters<typeof Hub>[0] = {}): Hub {
  const hub = new Hub(options)
  hub.slots(1)
  return hub
}

function text(part: unknown): string {
  return new TextEncoder().encode(JSON.stringify(part)).toBase64({ alphabet: 'base64url', omitPadding: true })
}

/** A credential on `about`, signed by `attestor`. */
function credential(
  attestor: Actor,
  about: string,
  subject: object,
  more: object = {},
  alg = 'EdDSA',
): string {
  const head = text({ alg, typ: 'JWT' })
  const body = text({ iss: attestor.did, sub: about, vc: { credentialSubject: subject }, ...more })
  const s = nodeCrypto.sign(attestor.secret, new TextEncoder().encode(`${head}.${body}`))
  return `${head}.${body}.${s.toBase64({ alphabet: 'base64url', omitPadding: true })}`
}

function registration(change: Partial<Payload<'REGISTER'>> = {}): Payload<'REGISTER'> {
  return { stake: micro(150), capabilities: ['text/summarize'], ...change }
}

describe('an account\'s verbs (protocol.md, "Verbs"; economy.md, "Ledger")', () => {
  it('a transfer is applied once, by its nonce, and an older one never after it', () => {
    const hub = started()
    const [a, b] = [hub.person(0), hub.person(1)]
    const first = a.account('TRANSFER', { to: b.did, amount: micro(1) }, 0)
    const second = a.account('TRANSFER', { to: b.did, amount: micro(2) }, 0)
    expect(hub.envelope(second).verdict.kind).toBe('applied')
    expect(hub.envelope(second)).toMatchObject(rejected('DUPLICATE'))
    expect(hub.envelope(first)).toMatchObject(rejected('DUPLICATE'))
    expect(hub.balance(b.did)).toBe(10_002n * CREDIT)
  })

  it('nothing is debited beyond the balance, and a refusal leaves the nonce as it was', () => {
    const hub = started()
    const [a, b] = [hub.person(0), hub.person(1)]
    const much = a.account('TRANSFER', { to: b.did, amount: micro(10_001) }, 0)
    expect(hub.envelope(much)).toMatchObject(rejected('INSUFFICIENT_FUNDS'))
    hub.envelope(b.account('TRANSFER', { to: a.did, amount: micro(1) }, 0))
    expect(hub.envelope(much).verdict.kind).toBe('applied')
  })

  it('a command names no slot that was not made, and before the first there is none', () => {
    const hub = new Hub()
    const spoken = hub.person(0).account('STAKE', { amount: micro(1) }, 0)
    expect(hub.envelope(spoken)).toMatchObject(rejected('WINDOW_CLOSED'))
    hub.slots(1)
    const envelope = spoken.field
    expect(hub.command({ v: 1, kind: 'envelope', slot: 2, envelope })).toMatchObject(
      rejected('WINDOW_CLOSED'),
    )
    expect(hub.envelope(spoken).verdict.kind).toBe('applied')
  })

  it('an account that was never credited has no verbs; a forged envelope is refused', () => {
    const hub = started()
    const stranger = hub.voters[0] as Actor
    expect(hub.envelope(stranger.account('STAKE', { amount: micro(1) }, 0))).toMatchObject(
      rejected('INSUFFICIENT_FUNDS'),
    )
    const { body, sig } = hub.person(0).account('STAKE', { amount: micro(1) }, 0).field as never as {
      body: Uint8Array
      sig: { s: Uint8Array }
    }
    const envelope = { body, sig: { ...sig, s: sig.s.map((byte) => byte ^ 1) } }
    expect(hub.command({ v: 1, kind: 'envelope', slot: 1, envelope })).toMatchObject(
      rejected('BAD_SIGNATURE'),
    )
  })

  it("a verb of a need is not the hub's", () => {
    const hub = started()
    const a = hub.person(0)
    const need = a.need({ ...NEED }, 0)
    const withdrawn = a.say('WITHDRAW', need.thread, { need_id: need.cid, challenge_id: need.cid }, 0)
    expect(hub.envelope(withdrawn)).toMatchObject(rejected('UNKNOWN_CAPABILITY'))
  })

  it('the audit names the envelope as the cause', () => {
    const hub = started()
    const spoken = hub.person(0).account('TRANSFER', { to: hub.person(1).did, amount: micro(1) }, 0)
    expect(hub.envelope(spoken).audit).toEqual([
      {
        id: `${spoken.id}/0`,
        operation: 'TRANSFER',
        amount: CREDIT,
        from: `balance ${hub.person(0).did}`,
        to: `balance ${hub.person(1).did}`,
      },
    ])
  })
})

const NEED: Payload<'NEED'> = {
  label: 'a',
  task_type: 'a',
  capability: 'text/summarize',
  input: { inline: new Uint8Array([1]) },
  requires: [],
  produces: [],
  constraints: {},
  task_class: 'simple',
  budget: micro(1),
  verify_bounty: micro(1),
  verification: { mode: 'reexecute' },
  idempotency_key: 'a',
}

describe('verifiers (economy.md, "Pools, reputation, committees")', () => {
  it('register with at least the minimum, start with the recency of who is new, and are in the roster of the next slot', () => {
    const hub = started()
    const a = hub.person(0)
    expect(hub.envelope(a.account('REGISTER', registration({ stake: micro(99) }), 0))).toMatchObject(
      rejected('INSUFFICIENT_FUNDS'),
    )
    const before = slotFacts(hub.records, 1)
    expect(hub.envelope(a.account('REGISTER', registration(), 0)).verdict.kind).toBe('applied')
    expect(hub.records.get('agents', a.did)).toMatchObject({
      isActive: true,
      recencyPpm: 100_000,
      reputationPpm: 500_000,
    })
    hub.nextSlot()
    expect(slotFacts(hub.records, 2)?.roster).not.toEqual(before?.roster)
  })

  it('who falls under the minimum is not active until it is reached again; who deregisters is none, and its stake unbonds', () => {
    const hub = started()
    const a = hub.person(0)
    hub.envelope(a.account('REGISTER', registration(), 0))
    hub.envelope(a.account('UNSTAKE', { amount: micro(51) }, 0))
    expect(hub.records.get('agents', a.did)).toMatchObject({ isActive: false })
    hub.envelope(a.account('STAKE', { amount: micro(1) }, 0))
    expect(hub.records.get('agents', a.did)).toMatchObject({ isActive: true })
    hub.envelope(a.account('DEREGISTER', {}, 0))
    expect(hub.records.get('agents', a.did)).toMatchObject({ isActive: false, judges: [] })
    expect(hub.records.get('accounts', a.did)).toMatchObject({ stake: 0n })
    expect(hub.envelope(a.account('DEREGISTER', {}, 0))).toMatchObject(rejected('NOT_IN_COMMITTEE'))
    expect(hub.envelope(a.account('COMPLETE_UNBONDING', {}, 0))).toMatchObject(rejected('WINDOW_CLOSED'))
    hub.slots(200)
    expect(hub.envelope(a.account('COMPLETE_UNBONDING', {}, 0)).verdict.kind).toBe('applied')
    expect(hub.balance(a.did)).toBe(10_000n * CREDIT)
  })

  it('who comes back under the same name has its old reputation and the recency of who is new', () => {
    const hub = new Hub()
    hub.slots(1)
    const v = hub.verifiers[0] as Actor
    expect(hub.records.get('agents', v.did)?.recencyPpm).toBe(1_000_000)
    hub.envelope(v.account('DEREGISTER', {}, 0))
    hub.slots(201)
    hub.envelope(v.account('COMPLETE_UNBONDING', {}, 0))
    hub.envelope(v.account('REGISTER', registration(), 0))
    expect(hub.records.get('agents', v.did)).toMatchObject({ recencyPpm: 100_000, isActive: true })
  })

  it("the slot's roots are those of the active verifiers and of all records, and a record is proved by its path", () => {
    const hub = started()
    hub.envelope(hub.person(0).account('MANIFEST', manifestOf(1), 0))
    hub.envelope(hub.person(1).account('REGISTER', registration(), 0))
    hub.envelope((hub.verifiers[0] as Actor).account('UNSTAKE', { amount: micro(901) }, 0))
    hub.nextSlot()
    const members = hub.records.keys('agents').flatMap((did) => {
      const agent = hub.records.get('agents', did)
      const account = hub.records.get('accounts', did)
      return agent?.isActive === true && account !== undefined ? [rosterMemberOf(did, agent, account)] : []
    })
    expect(members.length).toBe(4)
    expect(slotFacts(hub.records, 2)?.roster).toEqual(rosterRoot(members, sha256))
    const proof = proveRegistry(hub.records, hub.person(0).did, sha256)
    if (proof === undefined) throw new Error('no proof')
    const root = rootFromPath(leafHash(proof.record, sha256), proof.path, sha256)
    expect(root).toEqual(slotFacts(hub.records, 2)?.registry)
    expect(decodeRegistryRecord(proof.record)).toMatchObject({
      ok: true,
      value: { did: hub.person(0).did, offers: ['text/summarize'], active: false },
    })
  })

  it('what would make a record larger than a PROPOSE can carry is refused', () => {
    const hub = started()
    const names = (count: number) => Array.from({ length: count }, (_, i) => 'n'.repeat(124) + String(i))
    const a = hub.person(0)
    expect(hub.envelope(a.account('REGISTER', registration({ capabilities: names(64) }), 0))).toMatchObject(
      rejected('TOO_LARGE'),
    )
    expect(
      hub.envelope(a.account('REGISTER', registration({ capabilities: names(40) }), 0)).verdict.kind,
    ).toBe('applied')
    const [offer] = manifestOf(1).capabilities as [Payload<'MANIFEST'>['capabilities'][0]]
    const capabilities = names(32).map((name) => ({ ...offer, name }))
    expect(hub.envelope(a.account('MANIFEST', { ...manifestOf(1), capabilities }, 0))).toMatchObject(
      rejected('TOO_LARGE'),
    )
  })

  it('a manifest replaces an older one only', () => {
    const hub = started()
    const a = hub.person(0)
    hub.envelope(a.account('MANIFEST', manifestOf(2), 0))
    expect(hub.envelope(a.account('MANIFEST', manifestOf(2), 0))).toMatchObject(rejected('CONFLICT'))
    expect(hub.envelope(a.account('MANIFEST', manifestOf(3), 0)).verdict.kind).toBe('applied')
  })
})

function manifestOf(version: number): Payload<'MANIFEST'> {
  const capability = {
    name: 'text/summarize',
    about: '',
    task_types: [],
    tags: [],
    constraints: {},
    price: micro(1),
  }
  return { version, label: 'a', capabilities: [capability] }
}

describe('attested claims (economy.md, "Pools, reputation, committees")', () => {
  const ATTESTOR = 7
  function attestedHub(): Hub {
    const bare = new Hub()
    return started({ genesis: { attestors: [bare.person(ATTESTOR).did] } })
  }

  function orgAfter(
    hub: Hub,
    change: (attestor: Actor, about: string) => readonly string[],
  ): string | undefined {
    const a = hub.person(0)
    const credentials = [...change(hub.person(ATTESTOR), a.did)]
    const step = hub.envelope(a.account('REGISTER', registration({ org_id: 'acme', credentials }), 0))
    expect(step.verdict.kind).toBe('applied')
    return hub.records.get('agents', a.did)?.org
  }

  it('what an attestor signed counts', () => {
    expect(orgAfter(attestedHub(), (by, about) => [credential(by, about, { org_id: 'acme' })])).toBe('acme')
  })

  it.each<[string, (hub: Hub) => (by: Actor, about: string) => readonly string[]]>([
    ['another organisation than it says', () => (by, about) => [credential(by, about, { org_id: 'other' })]],
    [
      'somebody who is no attestor',
      (hub) => (_, about) => [credential(hub.person(1), about, { org_id: 'acme' })],
    ],
    ['about somebody else', (hub) => (by) => [credential(by, hub.person(1).did, { org_id: 'acme' })]],
    [
      'about somebody else in its subject',
      (hub) => (by, about) => [credential(by, about, { org_id: 'acme', id: hub.person(1).did })],
    ],
    ['out of its time', () => (by, about) => [credential(by, about, { org_id: 'acme' }, { exp: 1 })]],
    ['not yet in its time', () => (by, about) => [credential(by, about, { org_id: 'acme' }, { nbf: 9e9 })]],
    ['another algorithm', () => (by, about) => [credential(by, about, { org_id: 'acme' }, {}, 'none')]],
    [
      'another signature',
      () => (by, about) => [credential(by, about, { org_id: 'acme' }).replace(/.{3}$/, 'AAA')],
    ],
    ['no JSON', () => () => ['AAAA.AAAA.AAAA']],
  ])('what does not count: %s', (_, change) => {
    const hub = attestedHub()
    expect(orgAfter(hub, change(hub))).toBeUndefined()
  })

  it('what was attested is not shed by registering without it', () => {
    const hub = attestedHub()
    orgAfter(hub, (by, about) => [credential(by, about, { org_id: 'acme' })])
    hub.envelope(hub.person(0).account('REGISTER', registration(), 0))
    expect(hub.records.get('agents', hub.person(0).did)?.org).toBe('acme')
  })
})
