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

/** What the verb answers, which is held against the schema that it is documented by. */
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

const wish = (key: string) => ({
  idempotency_key: key,
  capability: 'text/hash',
  input: { text: key },
  budget: '1000000' as never,
  verify_bounty: '1000000' as never,
  verification: { mode: 'schema' as const, schema: '{}' },
})

describe('status', () => {
  it('says who the node is and how its parts are', async () => {
    const status = await answer('status', {})
    expect(status).toMatchObject({
      did: node.services.identity.did,
      state: 'ok',
      network: { label: 'stage', class: 'development' },
      hub: { is_leader: true },
      buckets: { total: 256, led: 3 },
      peers: { connected: 0 },
    })
    expect(status.addresses[0]).toContain('/ip4/127.0.0.1/tcp/')
  })
})

describe('peers', () => {
  it('bans and takes back the ban; what is not banned cannot be taken back', async () => {
    const { did } = node.theatre.stage.actor('stranger')
    const { until } = await answer('peersBan', { did, why: 'noise' })
    expect(until).toBeGreaterThan(Date.now())
    expect((await answer('peers', {})).bans).toMatchObject([{ did, why: 'noise' }])
    await answer('peersUnban', { did })
    expect((await answer('peers', {})).bans).toEqual([])
    expect(await problem('peersUnban', { did })).toMatchObject({
      status: 404,
      code: 'not-found',
      field: 'did',
    })
  })

  it('a fault of the mesh has its own code and status', async () => {
    expect(await problem('peersConnect', { address: 'nowhere' })).toMatchObject({
      status: 400,
      code: 'peer-address',
    })
  })
})

describe('balance', () => {
  it('counts what is escrowed as the account’s own until the need is over', async () => {
    const before = await answer('balance', {})
    await answer('need', wish('for-the-balance'))
    const after = await answer('balance', {})
    expect(BigInt(after.escrowed) - BigInt(before.escrowed)).toBe(2_000_000n)
    expect(after.total).toBe(before.total)
  })

  it('an account that nobody has paid has nothing', async () => {
    const { did } = node.theatre.stage.actor('pauper')
    expect(await answer('balance', { did })).toMatchObject({ did, total: '0' })
  })
})

describe('need', () => {
  it('is escrowed, is bid for, and is settled; the lists know it all the while', async () => {
    const { need, thread, state } = await answer('need', wish('whole'))
    expect(state).toBe('escrowed')
    expect(await answer('needShow', { need })).toMatchObject({ state: 'WAITING', over: false })
    for (let slot = 0; slot < 600 && !node.theatre.isDone(need); slot++) node.heart.tick()
    const shown = await answer('needShow', { need })
    expect(shown).toMatchObject({
      state: 'SETTLED',
      final: true,
      over: true,
      capability: 'text/hash',
      thread,
    })
    expect(shown.committees.length).toBe(0)
    expect((await answer('needs', { state: 'all' })).needs.map((one) => one.need)).toContain(need)
    expect((await answer('needs', { state: 'open' })).needs.map((one) => one.need)).not.toContain(need)
    const listed = (await answer('threads', { limit: 10 })).threads.find((one) => one.thread === thread)
    expect(listed).toMatchObject({ needs: 1, open: 0 })
  })

  it('is posted once, however often its key is used', async () => {
    const first = await answer('need', wish('once'))
    const [second, third] = await Promise.all([answer('need', wish('once')), answer('need', wish('once'))])
    expect(second).toEqual({ ...first, state: 'known' })
    expect(third.need).toBe(first.need)
  })

  it('asked for twice at once is posted once', async () => {
    const posted = node.theatre.needs.length
    const [first, second] = await Promise.all([answer('need', wish('twin')), answer('need', wish('twin'))])
    expect(second.need).toBe(first.need)
    expect(node.theatre.needs.length).toBe(posted + 1)
  })

  it('asked for again before it was said is said once', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    let said = 0
    const slow = await openApiNode({
      changes: {
        author: {
          ...node.services.author,
          did: node.services.author.did,
          need: async (payload) => {
            said += 1
            await gate
            return await node.services.author.need(payload)
          },
        },
      },
    })
    const both = [slow.client.call('need', wish('gated')), slow.client.call('need', wish('gated'))]
    await expect.poll(() => said).toBe(1)
    await slow.client.call('peers', {}) // by now the second one has arrived, too
    open()
    const [first, second] = await Promise.all(both)
    await slow.close()
    expect(second).toEqual(first)
    expect(said).toBe(1)
  })

  it('another wish under a used key is a conflict', async () => {
    await answer('need', wish('taken'))
    expect(await problem('need', { ...wish('taken'), budget: '7' as never })).toMatchObject({
      status: 409,
      code: 'CONFLICT',
      field: 'idempotency_key',
    })
  })

  it('what the hub refuses is refused with the hub’s code, and may be asked for again', async () => {
    const dear = { ...wish('dear'), budget: '900000000000000' as never }
    expect(await problem('need', dear)).toMatchObject({ status: 402, code: 'INSUFFICIENT_FUNDS' })
    expect(await answer('need', wish('dear'))).toMatchObject({ state: 'escrowed' })
  })

  it('is shown from the moment that it was said, also where the hub then refuses it', async () => {
    node.heart.unlead()
    const dear = { ...wish('too-dear'), budget: '900000000000000' as never, wait_ms: 0 }
    const { need, thread } = await answer('need', dear)
    expect(await answer('need', dear)).toEqual({ need, thread, state: 'posted' })
    expect(await answer('needShow', { need })).toMatchObject({
      state: 'POSTED',
      refusal: null,
      over: false,
      thread,
      budget: dear.budget,
    })
    const { needs } = await answer('needs', {})
    expect(needs[0]).toMatchObject({ need, state: 'POSTED' })
    node.heart.lead()
    expect(await answer('needShow', { need })).toMatchObject({
      state: 'REFUSED',
      refusal: { code: 'INSUFFICIENT_FUNDS' },
      over: true,
    })
    expect((await answer('needs', {})).needs.map((one) => one.need)).not.toContain(need)
    expect(await problem('need', dear)).toMatchObject({ code: 'INSUFFICIENT_FUNDS' })
    const cheaper = await answer('need', wish('too-dear'))
    expect(cheaper).toMatchObject({ thread, state: 'escrowed' })
    expect(cheaper.need).not.toBe(need)
  })

  it('another wish under a key that waits for the hub is a conflict', async () => {
    node.heart.unlead()
    const { need } = await answer('need', { ...wish('waits'), wait_ms: 0 })
    const other = { ...wish('waits'), budget: '7' as never, wait_ms: 0 }
    expect(await problem('need', other)).toMatchObject({ status: 409, code: 'CONFLICT' })
    node.heart.lead()
    expect(await answer('need', wish('waits'))).toMatchObject({ need, state: 'known' })
  })

  it('without a word of the hub in time it is only posted', async () => {
    node.heart.hearsHub = false
    expect(await answer('need', { ...wish('unheard'), wait_ms: 10 })).toMatchObject({ state: 'posted' })
    node.heart.hearsHub = true
  })

  it('takes further fields in dag-json, and says which is wrong', async () => {
    const wrong = { ...wish('further'), payload: { constraints: { improving_rounds: 9 } } }
    expect(await problem('need', wrong)).toMatchObject({
      status: 400,
      code: 'MALFORMED',
      field: 'payload.constraints.improving_rounds',
    })
  })

  it('is taken back by the hub while it waits: the escrow is free again, and the need is unknown here', async () => {
    const { free } = await answer('balance', {})
    const { need } = await answer('need', wish('waiting'))
    expect(await answer('cancel', { need })).toMatchObject({ need, done: true })
    expect((await answer('balance', {})).free).toBe(free)
    expect(await problem('cancel', { need })).toMatchObject({ code: 'not-found' })
  })

  it('is taken back by its bucket while it is OPEN', async () => {
    const { need } = await answer('need', wish('back'))
    for (let slot = 0; slot < 50 && node.theatre.stateOf(need) === undefined; slot++) node.heart.tick()
    expect(await answer('cancel', { need })).toMatchObject({ need, done: false })
    for (let slot = 0; slot < 600 && !node.theatre.isDone(need); slot++) node.heart.tick()
    expect((await answer('needShow', { need })).state).toBe('CANCELLED')
  })
})

describe('threads', () => {
  it('tell what was said in an open need', async () => {
    const { need, thread } = await answer('need', wish('spoken-of'))
    for (let slot = 0; slot < 50 && node.theatre.stateOf(need) === undefined; slot++) node.heart.tick()
    const shown = await answer('threadShow', { thread })
    expect(shown.needs).toMatchObject([{ need }])
    expect(shown.envelopes).toMatchObject([{ id: need, kind: 'NEED', payload: { label: 'text/hash' } }])
  })

  it('that nobody knows are not found', async () => {
    const thread = 'a'.repeat(32) as never
    expect(await problem('threadShow', { thread })).toMatchObject({ status: 404, code: 'not-found' })
  })
})

describe('stop', () => {
  it('is answered before the node is asked to stop', async () => {
    expect(await answer('stop', {})).toEqual({ pid: process.pid })
    await expect.poll(() => node.stops).toEqual(['asked over the API'])
  })
})

describe('defects', () => {
  it('none came up', () => {
    expect(node.defects).toEqual([])
  })
})
