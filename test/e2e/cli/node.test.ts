import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../src/adapters/crypto/node-crypto.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import { type ApiNode, openApiNode } from '../../setup/api-node.ts'
import { canswarm, scratch } from '../../setup/canswarm.ts'

const TOKEN = 'a-token-of-thirty-two-characters'
/** For so long the command waits for the hub's word. */
const HUB_MS = 5_000
const MOVED = {
  n: 7,
  slot: 5,
  time: 1_700_000_000_000,
  id: 'cause/0',
  operation: 'TRANSFER',
  amount: '2500000',
  from: 'balance did:key:zA',
  to: 'balance did:key:zB',
}

let node: ApiNode
const place = scratch()

beforeAll(async () => {
  node = await openApiNode({
    tcp: { host: '127.0.0.1', port: 0, token: TOKEN },
    changes: {
      ledger: { backwards: () => [MOVED] },
      record: {
        exportThread: async ({ form }) => ({
          pieces: piecesOf(['one ', form]),
          bytes: 4 + form.length,
          isFinished: true,
          needs: 1,
          items: 9,
          missing: [],
          dispose: async () => undefined,
        }),
      },
    },
  })
})

afterAll(async () => {
  await node.close()
  place[Symbol.dispose]()
})

async function* piecesOf(texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text)
}

function run(...args: readonly string[]) {
  return canswarm(args, { home: node.services.identity.home })
}

/** Slots pass as long as the promise takes. */
async function whileSlotsPass<Value>(promise: Promise<Value>): Promise<Value> {
  const timer = setInterval(() => node.heart.tick(), 30)
  try {
    return await promise
  } finally {
    clearInterval(timer)
  }
}

const WISH = ['--capability', 'text/hash', '--budget', '1', '--verify', 'schema']

function schemaFile(): string {
  const path = join(place.path, 'schema.json')
  writeFileSync(path, '{}')
  return path
}

describe('without a node', () => {
  it('every command that needs one ends with 3 and says how to start it', async () => {
    const ended = await canswarm(['status', '--json'], { home: place.path })
    expect(ended.code).toBe(3)
    expect(JSON.parse(ended.stderr)).toMatchObject({ error: { code: 'no-daemon' } })
    expect(ended.stderr).toContain('canswarm start')
  })
})

describe('canswarm status', () => {
  it('shows the node for people and for programs', async () => {
    const { code, stdout } = await run('status')
    expect([code, stdout]).toEqual([0, expect.stringContaining(node.services.identity.did)])
    const json = await run('status', '--json')
    expect(JSON.parse(json.stdout)).toMatchObject({ schema: 'canswarm.status/1', state: 'ok' })
  })
})

describe('a node on TCP', () => {
  it('is spoken to by its address and its token; a wrong one is refused', async () => {
    const env = { CANSWARM_API: node.api.url ?? '', CANSWARM_API_TOKEN: TOKEN }
    const there = await canswarm(['status', '--json'], { home: place.path, env })
    expect([there.code, JSON.parse(there.stdout).did]).toEqual([0, node.services.identity.did])
    const wrong = { ...env, CANSWARM_API_TOKEN: `${TOKEN}x` }
    const refused = await canswarm(['status'], { home: place.path, env: wrong })
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('unauthorized')])
    const tokenless = await canswarm(['status'], { home: place.path, env: { CANSWARM_API: 'nonsense' } })
    expect(tokenless.code).toBe(2)
  })
})

describe('canswarm propose, attest, ledger history', () => {
  it('refuse with 4 what does not fit where the need stands, and with 2 what is none', async () => {
    const need = `bafyrei${'a'.repeat(52)}`
    const refused = await run('propose', need, '--cost', '1', '--json')
    expect([refused.code, JSON.parse(refused.stderr).error.code]).toEqual([4, 'WINDOW_CLOSED'])
    expect((await run('propose', need)).code).toBe(2)
    expect((await run('attest', need, 'perhaps')).code).toBe(2)
    expect((await run('propose', need, '--cost', '1', '--as', 'nobody')).stderr).toContain('speaks for node')
  })

  it('show what the ledger did, in credits', async () => {
    const { code, stdout } = await run('ledger', 'history')
    expect([code, stdout]).toEqual([0, expect.stringMatching(/7 +2023-11-14T\S+ +transfer +2\.5 +balance/u)])
  })
})

describe('canswarm peers, balance', () => {
  it('ban a peer and count credits', async () => {
    const { did } = node.theatre.stage.actor('stranger')
    expect((await run('peers', '--ban', did, '--minutes', '5')).code).toBe(0)
    expect((await run('peers')).stdout).toContain('by the operator')
    expect(JSON.parse((await run('balance', '--json')).stdout)).toMatchObject({ free: '100000000000' })
  })
})

describe('canswarm need', () => {
  it('with --wait shows progress on standard error, and the result alone on standard output', async () => {
    const out = join(place.path, 'result')
    // What the cast delivers travels in its COMMIT alone: a store that has it stands for the worker's.
    await node.services.content.put(nodeCrypto.sha256(new TextEncoder().encode('waited for')))
    const { code, stdout, stderr } = await whileSlotsPass(
      run(
        'need',
        ...WISH,
        '--schema',
        schemaFile(),
        '--text',
        'waited for',
        '--wait',
        '--timeout',
        '60',
        '--out',
        out,
      ),
    )
    expect([code, stderr]).toEqual([0, expect.stringContaining('worked on by …')])
    expect(stderr).toContain('delivered by …')
    expect(stderr).toContain('accepted')
    const { sha256 } = nodeCrypto
    expect(Buffer.from(readFileSync(out))).toEqual(
      Buffer.from(sha256(new TextEncoder().encode('waited for'))),
    )
    expect(stdout).toBe(`32 bytes in ${out}\n`)
  })

  it('says when time ran out, with 5, and that the need goes on', async () => {
    const args = [
      ...WISH,
      '--schema',
      schemaFile(),
      '--text',
      'too late',
      '--wait',
      '--timeout',
      '1',
      '--json',
    ]
    const { code, stderr } = await run('need', ...args)
    expect(code).toBe(5)
    expect(stderr).toContain('canswarm need show')
  })

  it('refuses what the node refuses, with 4 and its code', async () => {
    const { code, stderr } = await run('need', '--capability', 'text/hash', '--budget', '900000000', '--json')
    expect(code).toBe(4)
    expect(JSON.parse(stderr.trim())).toMatchObject({ error: { code: 'INSUFFICIENT_FUNDS' } })
  })

  it('waits no longer once the hub refuses it, however late, and says why', async () => {
    const hasty: Clock = {
      ...systemClock,
      after: (ms, task) => systemClock.after(ms === HUB_MS ? 1 : ms, task),
    }
    const late = await openApiNode({ changes: { clock: hasty } })
    late.heart.unlead()
    const args = [...WISH, '--budget', '900000000', '--schema', schemaFile(), '--wait', '--json']
    const ended = canswarm(['need', ...args], { home: late.services.identity.home })
    const states = async () => {
      const shown = await late.client.call('needs', {})
      return shown.ok ? shown.value.needs.map(({ state }) => state) : []
    }
    await expect.poll(states, { timeout: 30_000 }).toEqual(['POSTED'])
    late.heart.lead()
    const { code, stderr } = await ended
    await late.close()
    expect(code).toBe(4)
    expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '')).toMatchObject({
      error: { code: 'INSUFFICIENT_FUNDS' },
    })
  })

  it('puts a larger input into the store and names it by its CID', async () => {
    const path = join(place.path, 'large.txt')
    writeFileSync(path, 'x'.repeat(40_000))
    const { code, stdout } = await run('need', ...WISH, '--schema', schemaFile(), '--input', path, '--json')
    expect(code).toBe(0)
    const { need } = JSON.parse(stdout) as { need: string }
    const posted = node.heart.needEnvelope(need)?.body.payload.input
    expect(posted).toMatchObject({ size: 40_000 })
  })

  it('ls takes --json as its own, beside the command that it stands below', async () => {
    const { stdout } = await run('need', 'ls', '--all', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'canswarm.need.ls/1' })
  })

  it('is bad usage without a capability or with an amount that is none', async () => {
    expect((await run('need', '--budget', '1')).code).toBe(2)
    expect((await run('need', '--capability', 'a', '--budget', '1e3')).code).toBe(2)
  })
})

describe('canswarm thread, export', () => {
  it('lists and shows what the node has', async () => {
    const listed = JSON.parse((await run('thread', 'ls', '--json')).stdout)
    const { thread } = listed.threads[0]
    const { code, stdout } = await run('thread', 'show', thread)
    expect([code, stdout]).toEqual([0, expect.stringContaining('bafyrei')])
    const out = join(place.path, 'thread.jsonl')
    expect((await run('export', thread, '--jsonl', '--out', out)).code).toBe(0)
    expect(readFileSync(out, 'utf8')).toBe('one jsonl')
  })

  it('a thread that nobody knows fails', async () => {
    const { code, stderr } = await run('thread', 'show', 'a'.repeat(32))
    expect([code, stderr]).toEqual([1, expect.stringContaining('not-found')])
  })
})

describe('canswarm cas', () => {
  it('goes by way of the running node, which has the store', async () => {
    const path = join(place.path, 'content.txt')
    writeFileSync(path, 'kept by the node')
    const put = await run('cas', 'put', path)
    const cid = put.stdout.trim()
    expect([put.code, node.services.content.pinsOf('own').map(String)]).toEqual([0, [cid]])
    const out = join(place.path, 'content.out')
    expect((await run('cas', 'get', cid, '--out', out)).code).toBe(0)
    expect(readFileSync(out, 'utf8')).toBe('kept by the node')
    expect((await run('cas', 'ls')).stdout).toContain(cid)
  })
})
