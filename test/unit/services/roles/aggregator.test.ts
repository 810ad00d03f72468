import { afterEach, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { concatBytes } from '../../../../src/codec/bytes.ts'
import { Aggregator } from '../../../../src/services/roles/aggregator.ts'
import { readParts } from '../../../../src/services/roles/parts.ts'
import {
  CAPABILITY,
  capabilityOf,
  credits,
  FunctionRunner,
  hashing,
  needOfKey,
  type Player,
  Troupe,
} from '../../../setup/troupe.ts'

const { sha256 } = nodeCrypto
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const JUDGES = ['judge 0', 'judge 1', 'judge 2']
const WHOLE = 'text/hash-lines'

const troupes: Troupe[] = []
afterEach(async () => {
  for (const { players } of troupes.splice(0)) await Promise.all(players.map((player) => player.stop()))
})

/** A node that splits texts into words and has each hashed by others. */
function assemble(capability = CAPABILITY) {
  const troupe = new Troupe(
    JUDGES,
    ['requester', 'worker 0', 'aggregator'],
    [CAPABILITY, WHOLE, 'text/nobody'],
  )
  troupes.push(troupe)
  const all = new FunctionRunner(({ input }) => joined(new TextDecoder().decode(input).split(' ')))
  const requester = troupe.join('requester', { switches: { worker: false, verifier: false } })
  for (const name of JUDGES) {
    const whole = capabilityOf(all, { name: 'whole', works: false }, { capability: WHOLE })
    troupe.join(name, {
      capabilities: [capabilityOf(hashing(), { works: false }), whole],
      switches: { worker: false },
    })
  }
  troupe.join('worker 0', { capabilities: [capabilityOf(hashing(), { judges: false }, { price: 1_000n })] })
  const aggregator = troupe.join('aggregator', { switches: { verifier: false } })
  attach(aggregator, capability)
  return { troupe, requester, aggregator }
}

function joined(words: readonly string[]): Uint8Array {
  return concatBytes(...words.map((word) => sha256(utf8(word))))
}

function attach(player: Player, capability: string): Aggregator {
  const split = new FunctionRunner(({ input }) =>
    utf8(
      JSON.stringify({
        parts: new TextDecoder()
          .decode(input)
          .split(' ')
          .map((word) => ({ capability, input: word })),
      }),
    ),
  )
  const join = new FunctionRunner(({ files = [] }) => concatBytes(...files.map(({ bytes }) => bytes)))
  const { requester, roles } = player
  const cancel = (need: string) => roles.cancel(need)
  const made = new Aggregator({
    split,
    join,
    requester,
    cancel,
    spendMax: 2_000_000n,
    bountyPpm: 500_000,
    deadlineMs: 20_000,
  })
  const offer = { capability: WHOLE, leaseTtl: 10_000 }
  const subNeedsOf = (need: string, attempt: number) => made.subNeedsOf(need, attempt)
  roles.attach(capabilityOf(made, { name: 'whole', judges: false, subNeedsOf }, offer))
  return made
}

const ready =
  ({ players, stage }: Troupe) =>
  () =>
    players
      .filter(({ name }) => name === 'worker 0' || name === 'aggregator')
      .every(({ did }) => stage.hub.records.get('agents', did)?.manifest !== undefined)

describe('an aggregator', () => {
  it("joins the results of a need's parts into its result, and names them", async () => {
    const { troupe, requester, aggregator } = assemble()
    await troupe.until(ready(troupe))
    const payload = needOfKey('a', {
      capability: WHOLE,
      budget: credits(5),
      input: { inline: utf8('one two') },
    })
    const said = await requester.requester.post(payload)
    const need = said.ok ? said.value.id : ''
    await troupe.until(() => troupe.needOf(need)?.over !== undefined, 1_200)
    expect(troupe.needOf(need)).toMatchObject({ state: 'SETTLED', attempt: 0 })
    expect(await requester.requester.result(need)).toEqual(joined(['one', 'two']))
    const posted = aggregator.said('NEED')
    expect(posted.map(({ body }) => body.payload)).toMatchObject([
      { budget: '500000', verify_bounty: '500000' },
      { budget: '500000', verify_bounty: '500000' },
    ])
    const [commit] = aggregator.said('COMMIT')
    const { sub_needs: named = [] } = (commit?.body.payload ?? {}) as { sub_needs?: readonly unknown[] }
    expect(named.map(String)).toEqual(posted.map(({ id }) => id))
  })

  it('that is restarted asks for no part twice', async () => {
    const { troupe, requester, aggregator } = assemble()
    await troupe.until(ready(troupe))
    const payload = needOfKey('a', {
      capability: WHOLE,
      budget: credits(5),
      input: { inline: utf8('one two') },
    })
    const said = await requester.requester.post(payload)
    const need = said.ok ? said.value.id : ''
    await troupe.until(() => aggregator.said('NEED').length === 2)
    await troupe.until(() => troupe.needs.size === 3)
    await aggregator.restart(() => attach(aggregator, CAPABILITY))
    await troupe.until(() => troupe.needOf(need)?.over !== undefined, 1_200)
    expect(troupe.needOf(need)?.state).toBe('SETTLED')
    expect(aggregator.said('NEED')).toHaveLength(2)
  })

  it('yields when nobody does a part', async () => {
    const { troupe, requester, aggregator } = assemble('text/nobody')
    await troupe.until(ready(troupe))
    const payload = needOfKey('a', { capability: WHOLE, budget: credits(5), input: { inline: utf8('one') } })
    const said = await requester.requester.post(payload)
    const need = said.ok ? said.value.id : ''
    await troupe.until(() => aggregator.said('YIELD').length === 1, 1_200)
    expect(troupe.needOf(need)?.state).not.toBe('FINAL')
  })
})

describe('parts', () => {
  it('are read as they are printed', () => {
    const printed = utf8(
      '{"parts":[{"capability":"a/b","input":"x","label":"L","task_type":"t"},{"capability":"c","input":""}]}',
    )
    expect(readParts(printed)).toEqual([
      { label: 'L', capability: 'a/b', taskType: 't', input: utf8('x') },
      { label: 'part 1', capability: 'c', taskType: 'c', input: utf8('') },
    ])
  })

  it.each([
    'no json',
    'null',
    '{}',
    '{"parts":[]}',
    '{"parts":[null]}',
    '{"parts":[{"capability":"A B","input":"x"}]}',
    '{"parts":[{"capability":"a","input":7}]}',
    `{"parts":[${Array.from({ length: 65 }, () => '{"capability":"a","input":"x"}').join(',')}]}`,
    `{"parts":[{"capability":"a","input":"${'x'.repeat(50_000)}"}]}`,
  ])('are not read from anything else: case %#', (printed) => {
    expect(readParts(utf8(printed))).toBeTypeOf('string')
  })
})
