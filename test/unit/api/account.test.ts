import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type * as z from 'zod'
import type { InputOf, OutputOf } from '../../../src/sdk/client.ts'
import { API_VERBS } from '../../../src/verbs/all.ts'
import type { VerbName } from '../../../src/verbs/routes.ts'
import { type ApiNode, openApiNode } from '../../setup/api-node.ts'

let node: ApiNode

beforeAll(async () => {
  node = await openApiNode()
})

afterAll(() => node.close())

async function answer<Name extends VerbName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>> {
  const result = await node.client.call(name, input)
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  const schema: z.ZodType = API_VERBS[name].output
  return schema.parse(result.value) as OutputOf<Name>
}

async function problem<Name extends VerbName>(name: Name, input: InputOf<Name>) {
  const result = await node.client.call(name, input)
  if (result.ok) throw new Error('it was taken')
  return result.error
}

const amount = (credits: number) => `${credits}000000` as InputOf<'stake'>['amount']

describe('money', () => {
  it('is given to others, once for each time it is said', async () => {
    const { did } = node.theatre.stage.actor('friend')
    expect(await answer('transfer', { to: did, amount: amount(3), memo: 'thanks' })).toMatchObject({
      outcome: 'applied',
    })
    expect((await answer('balance', { did })).free).toBe('3000000')
    expect(await problem('transfer', { to: did, amount: amount(900_000) })).toMatchObject({
      status: 402,
      code: 'INSUFFICIENT_FUNDS',
    })
  })

  it('is staked, and unbonds', async () => {
    await answer('stake', { amount: amount(200) })
    await answer('unstake', { amount: amount(50) })
    const { staked, unbonding } = await answer('balance', {})
    expect([staked, unbonding]).toMatchObject([amount(150), [{ amount: amount(50) }]])
  })

  it('is counted again, and all of it is there', async () => {
    expect(await answer('ledgerVerify', {})).toMatchObject({ conserved: true, sums_match: true })
  })
})

describe('verifiers', () => {
  it('are those of the genesis, and this node once it registers', async () => {
    const before = (await answer('verifiers', {})).verifiers.length
    await answer('verifierRegister', { stake: amount(150), capabilities: ['text/hash', 'text/upper'] })
    const { verifiers } = await answer('verifiers', { capability: 'text/upper' })
    expect(verifiers).toMatchObject([{ did: node.services.identity.did, stake: amount(300) }])
    expect((await answer('verifiers', {})).verifiers.length).toBe(before + 1)
    await answer('verifierDeregister', {})
    expect((await answer('verifiers', {})).verifiers.length).toBe(before)
    expect(await problem('verifierDeregister', {})).toMatchObject({ status: 403, code: 'NOT_IN_COMMITTEE' })
  })
})

describe('agents', () => {
  const spec = {
    name: 'stats',
    capability: 'text/stats',
    way: { kind: 'exec' as const, command: ['/bin/cat'] },
  }

  it('are attached once under a name, listed, and detached', async () => {
    expect(await answer('agentAdd', spec)).toMatchObject({ name: 'stats', price: '1000000', works: true })
    expect(await problem('agentAdd', spec)).toMatchObject({ status: 409, code: 'CONFLICT', field: 'name' })
    expect((await answer('agents', {})).agents).toHaveLength(1)
    expect((await answer('agentLogs', { name: 'stats' })).lines).toMatchObject([{ text: 'attached' }])
    await answer('agentRemove', { name: 'stats' })
    expect(await problem('agentRemove', { name: 'stats' })).toMatchObject({ status: 404 })
  })

  it('need a way to do their work', async () => {
    const nameless = { ...spec, way: { kind: 'exec' as const, command: [] } }
    expect(await problem('agentAdd', nameless)).toMatchObject({ code: 'MALFORMED' })
  })
})

describe('content', () => {
  it('is pinned, unpinned, collected and verified', async () => {
    const put = await node.client.putContent(new TextEncoder().encode('kept'))
    if (!put.ok) throw new Error(put.error.message)
    const { cid } = put.value
    expect(await answer('contentPin', { cid, owner: 'me' })).toEqual({ cid, here: true })
    expect(await answer('contentGc', { retention: { keep: 'recent', ms: 0 } })).toMatchObject({ contents: 0 })
    expect(await answer('contentHas', { cid })).toEqual({ cid, here: true })
    await answer('contentUnpin', { owner: 'me' })
    expect(await answer('contentGc', { retention: { keep: 'recent', ms: 0 } })).toMatchObject({ contents: 1 })
    expect(await answer('contentVerify', {})).toMatchObject({ blocks: 0, damaged: [] })
  })
})

describe('the node', () => {
  it('shows its log and its settings, and copies itself to an absolute path alone', async () => {
    node.log('hello')
    expect((await answer('logs', { last: 1 })).lines).toMatchObject([{ msg: 'hello' }])
    expect((await answer('settings', {})).settings).toEqual([
      { key: 'key', value: 'node', origin: 'default' },
    ])
    expect(await answer('backup', { directory: '/somewhere' })).toMatchObject({ files: 0 })
    expect(await problem('backup', { directory: 'somewhere' })).toMatchObject({ code: 'MALFORMED' })
  })
})

/** Of a challenge by SCHEMA_VIOLATION, in credits. */
const SCHEMA_BOND = 10

describe('plans and challenges', () => {
  const wish = (key: string) => ({
    idempotency_key: key,
    capability: 'text/hash',
    input: { text: key },
    budget: amount(1),
    verify_bounty: amount(1),
    verification: { mode: 'schema' as const, schema: '{}' },
  })

  it('a challenge commits to what it shows once its bond is locked, and shows it once', async () => {
    const { need, thread } = await answer('need', wish('disputed'))
    expect(await problem('challenge', { need, proof_type: 'SCHEMA_VIOLATION' })).toMatchObject({
      code: 'not-found',
    })
    for (let slot = 0; slot < 400 && node.theatre.stateOf(need) !== 'FINAL'; slot++) node.heart.tick()
    // No seat looks at another proof: its bond would be lost for nothing.
    expect(await problem('challenge', { need, proof_type: 'OUTPUT_MISMATCH' })).toMatchObject({
      code: 'CONFLICT',
      field: 'proof_type',
    })
    const { challenge, bond } = await answer('challenge', { need, evidence: { text: 'look at it' } })
    expect(bond).toBe(amount(SCHEMA_BOND))
    const owner = `challenge/${need}`
    expect((await answer('content', {})).contents.some(({ pins }) => pins.includes(owner))).toBe(true)
    const states = new Set<string>()
    const isShown = async () =>
      (await answer('threadShow', { thread, limit: 100 })).envelopes.some(({ kind }) => kind === 'CHALLENGE')
    for (let slot = 0; slot < 400 && !node.theatre.isDone(need); slot++) {
      node.heart.tick()
      for (const one of (await answer('needShow', { need })).challenge_list) {
        expect(one.id).toBe(challenge)
        states.add(one.state)
      }
      // What the node does about it goes by its disk, while slots here cost no time: none may pass meanwhile.
      if (states.has('committed')) await expect.poll(isShown).toBe(true)
    }
    expect([...states]).toContain('revealed')
    expect(await answer('plan', { thread })).toMatchObject({ thread, cycles: [] })
    await expect
      .poll(async () => (await answer('content', {})).contents.some(({ pins }) => pins.includes(owner)))
      .toBe(false)
  })

  it('of what is over are too late', async () => {
    const { need } = await answer('need', wish('late'))
    for (let slot = 0; slot < 800 && !node.theatre.isDone(need); slot++) node.heart.tick()
    expect(await problem('challenge', { need, proof_type: 'OUTPUT_MISMATCH' })).toMatchObject({
      code: 'WINDOW_CLOSED',
    })
  })
})
