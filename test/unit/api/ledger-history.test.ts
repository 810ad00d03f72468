import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LedgerRow } from '../../../src/ports/ledger-log.ts'
import { type ApiNode, openApiNode } from '../../setup/api-node.ts'

const NEED = `bafyrei${'a'.repeat(52)}`

let node: ApiNode
let own = ''
let other = ''

/** Newest first: a transfer from this account to another, an escrow of it, and what concerns nobody here. */
function* rows(): Generator<LedgerRow> {
  const row = { slot: 5, time: 5_000, amount: '1000000' }
  yield { ...row, n: 3, id: 'a/0', operation: 'TRANSFER', from: `balance ${own}`, to: `balance ${other}` }
  yield { ...row, n: 2, id: 'b/0', operation: 'ESCROW', from: `balance ${own}`, to: `escrow ${NEED}` }
  yield { ...row, n: 1, id: 'c/0', operation: 'MINT', from: 'mint', to: `balance ${other}x` }
}

/** So many more before those, which concern the other account alone; the first of all is about the need. */
const MORE = 50_000

/** Numbers from 1 on, as many as there are. */
function* all(before = Number.MAX_SAFE_INTEGER): Generator<LedgerRow> {
  for (const row of rows()) if (row.n + hidden < before) yield { ...row, n: row.n + hidden }
  const row = { slot: 5, time: 5_000, amount: '1', operation: 'TRANSFER' }
  for (let n = Math.min(hidden, before - 1); n > 0; n--)
    yield { ...row, n, id: `d/${n}`, from: 'mint', to: n === 1 ? `escrow ${NEED}` : `balance ${other}` }
}
let hidden = 0

beforeAll(async () => {
  node = await openApiNode({ changes: { ledger: { backwards: all } } })
  own = node.services.identity.did
  other = node.theatre.stage.actor('stranger').did
})

afterAll(() => node.close())

async function asked(input: object): Promise<unknown> {
  const answer = await node.client.call('ledgerHistory', input)
  return answer.ok
    ? { numbers: answer.value.rows.map(({ n }) => n), next: answer.value.next }
    : answer.error.code
}

describe('the history of the ledger', () => {
  it('is all of it, of an account by its DID or its key, or about a need', async () => {
    expect(await asked({})).toEqual({ numbers: [3, 2, 1], next: null })
    expect(await asked({ as: 'node' })).toEqual({ numbers: [3, 2], next: null })
    expect(await asked({ did: other })).toEqual({ numbers: [3], next: null })
    expect(await asked({ need: NEED })).toEqual({ numbers: [2], next: null })
    expect(await asked({ as: 'nobody' })).toBe('MALFORMED')
  })

  it('comes in pages, each of which goes on before the one before', async () => {
    expect(await asked({ limit: 2 })).toEqual({ numbers: [3, 2], next: 2 })
    expect(await asked({ limit: 2, before: 2 })).toEqual({ numbers: [1], next: null })
    expect(await asked({ limit: 3 })).toEqual({ numbers: [3, 2, 1], next: null })
    expect(await asked({ as: 'node', limit: 2 })).toEqual({ numbers: [3, 2], next: null })
  })

  it('is searched in pieces, of which some have nothing, down to the first row', async () => {
    hidden = MORE
    const found: number[] = []
    const pages: number[] = []
    for (let before: number | null = Number.MAX_SAFE_INTEGER; before !== null; ) {
      const page = (await asked({ need: NEED, before })) as { numbers: number[]; next: number | null }
      found.push(...page.numbers)
      pages.push(page.numbers.length)
      before = page.next
    }
    hidden = 0
    expect(found).toEqual([MORE + 2, 1])
    expect(pages).toEqual([1, 0, 1])
  })
})
