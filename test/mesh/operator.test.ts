import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { homePaths } from '../../src/node/home.ts'
import { ApiClient, type InputOf, type OutputOf } from '../../src/sdk/client.ts'
import { canswarm } from '../setup/canswarm.ts'

/** What an operator does from the first minute on, by the program alone: every step is a command. */

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const MODULE = join(ROOT, 'examples/workers/text-stats.wasm')
/** Nothing is sent beyond this machine. */
const ENV = { CANSWARM_MESH_MDNS: 'false' }
const LONG_MS = 240_000
const ROUND_MS = 50

/** A task in parts: the text between bars, and how many words each has. */
const SPLIT = `import { readFileSync } from 'node:fs'
const text = readFileSync(JSON.parse(readFileSync(0, 'utf8')).input.path, 'utf8')
const parts = text.split('|').map((input) => ({ capability: 'text/stats', input }))
process.stdout.write(JSON.stringify({ parts }))`
const JOIN = `import { readFileSync } from 'node:fs'
const { files } = JSON.parse(readFileSync(0, 'utf8'))
const words = files.map(({ path }) => JSON.parse(readFileSync(path, 'utf8')).words)
process.stdout.write(JSON.stringify({ words }))`

let directory: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'cs-'))
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

function run(home: string, ...args: readonly string[]) {
  return canswarm(args, { home, env: ENV })
}

/** Standard output of a command that did its work. */
async function done(home: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(home, ...args)
  expect([args.join(' '), code, stderr]).toEqual([args.join(' '), 0, stderr])
  return stdout
}

async function shown<Data>(home: string, ...args: readonly string[]): Promise<Data> {
  return JSON.parse(await done(home, ...args, '--json')) as Data
}

/** Asks the node again until it is so. */
async function until(home: string, isSo: (node: ApiClient) => Promise<boolean>): Promise<void> {
  const node = new ApiClient({ socketPath: homePaths(home).socket })
  const began = performance.now()
  while (!(await isSo(node).catch(() => false))) {
    if (performance.now() - began > LONG_MS / 2) throw new Error('it took too long')
    const { promise, resolve } = Promise.withResolvers<void>()
    setTimeout(resolve, ROUND_MS)
    await promise
  }
}

async function makesSlots(node: ApiClient): Promise<boolean> {
  const status = await node.call('status', {})
  return status.ok && status.value.slot.n > 3
}

const stands =
  (need: string, isSo: (detail: OutputOf<'needShow'>) => boolean) =>
  async (node: ApiClient): Promise<boolean> => {
    const found = await node.call('needShow', { need } as InputOf<'needShow'>)
    return found.ok && isSo(found.value)
  }

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

describe('canswarm dev', () => {
  let home: string
  let child: ChildProcess

  beforeAll(async () => {
    home = join(directory, 'dev')
    const args = [join(ROOT, 'bin/canswarm'), 'dev', '--home', home]
    child = spawn(process.execPath, args, { stdio: 'ignore', env: { ...process.env, ...ENV } })
    await until(home, makesSlots)
  }, LONG_MS)

  afterAll(() => {
    if (child.exitCode === null) child.kill('SIGKILL')
  })

  it(
    'runs a first worker from NEED to its payment, alone, and the record replays with all checks',
    async () => {
      await done(
        home,
        'agent',
        'add',
        'stats',
        '--capability',
        'text/stats',
        '--wasm',
        MODULE,
        '--price',
        '0.4',
        '--judges',
      )
      const need = [
        'need',
        '--capability',
        'text/stats',
        '--text',
        'one two two',
        '--budget',
        '1',
        '--settled',
      ]
      expect(JSON.parse(await done(home, ...need))).toMatchObject({ words: 3 })
      expect(await shown(home, 'balance', 'worker')).toMatchObject({ free: '10000400000' })
      const { threads } = await shown<OutputOf<'threads'>>(home, 'thread', 'ls')
      const file = join(directory, 'thread.jsonl')
      await until(home, async () =>
        (await done(home, 'export', threads[0]?.thread ?? '', '--out', file)).includes('finished'),
      )
      expect(readFileSync(file, 'utf8')).toContain('\n')
      expect((await run(home, 'replay', file)).stdout).toContain('records')
    },
    LONG_MS,
  )

  it(
    'lets somebody bid, deliver and judge by hand',
    async () => {
      await done(home, 'agent', 'add', 'me', '--capability', 'text/poem', '--by-hand', '--judges')
      await until(home, async (node) => {
        const agents = await node.call('agents', {})
        return agents.ok && agents.value.agents.every(({ state }) => state !== 'joining')
      })
      const wish = [
        'need',
        '--capability',
        'text/poem',
        '--text',
        'a rose',
        '--budget',
        '1',
        '--verify',
        'judge',
      ]
      const isOpen = (id: string) => stands(id, ({ state }) => state === 'OPEN')
      let need = ''
      // A bid waits for the registry's next slot; on a busy machine the windows of one need may pass meanwhile.
      await until(home, async (node) => {
        need = (await shown<{ need: string }>(home, ...wish, '--criteria', 'it rhymes')).need
        await until(home, isOpen(need))
        expect((await run(home, 'heartbeat', need, '10')).code).toBe(4)
        while (await isOpen(need)(node))
          if ((await run(home, 'propose', need, '--cost', '0.5')).code === 0) return true
        return false
      })
      await until(
        home,
        stands(need, ({ state }) => state === 'RANKED'),
      )
      await until(home, async () => (await run(home, 'attest', need, 'accept')).code === 0)
      await until(
        home,
        stands(need, ({ state }) => state === 'CLAIMED'),
      )
      await done(home, 'heartbeat', need, '50')
      const poem = join(directory, 'thread.jsonl')
      await done(home, 'commit', need, poem)
      await until(
        home,
        stands(need, ({ state }) => state === 'COMMITTED'),
      )
      await done(home, 'attest', need, 'accept', '--reason', 'it does')
      await until(
        home,
        stands(need, ({ state }) => state === 'SETTLED'),
      )
      expect((await run(home, 'attest', need, 'accept')).code).toBe(4)
    },
    LONG_MS,
  )

  it(
    'has its home for itself, is healthy to the doctor, and ends with 0 when it is asked to',
    async () => {
      expect((await run(home, 'dev', '--json')).stderr).toContain('home-locked')
      const again = await run(home, 'start', '--detach')
      expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('home-locked')])
      expect(await shown(home, 'doctor')).toMatchObject({ healthy: true })
      // From the terminal, and from a process that found the right Node and started this one.
      child.kill('SIGINT')
      child.kill('SIGINT')
      expect(await once(child, 'exit')).toEqual([0, null])
      expect((await run(home, 'status')).code).toBe(3)
      expect((await run(home, 'stop')).code).toBe(3)
    },
    LONG_MS,
  )

  it(
    'does not begin its network anew out of a backup: there is nobody who knows what it promised',
    async () => {
      const [copy, back] = [join(directory, 'dev-copy'), join(directory, 'dev-back')]
      await done(home, 'start', '--detach')
      // What cannot be written there is no fault of the node, which goes on.
      expect((await run(home, 'backup', '/proc/none/below')).code).toBe(1)
      await done(home, 'backup', copy)
      await done(home, 'stop')
      const file = join(copy, 'genesis.json')
      const genesis = readFileSync(file)
      writeFileSync(file, genesis.subarray(0, -1))
      expect((await run(back, 'restore', copy)).stderr).toContain('not whole')
      writeFileSync(file, genesis)
      expect(await done(back, 'restore', copy)).toContain('only voter')
      const started = await run(back, 'start', '--detach')
      expect([started.code, started.stderr]).toEqual([7, expect.stringContaining('restored-alone')])
    },
    LONG_MS,
  )
})

describe('three voters that are founded by their cards', () => {
  const names = ['a', 'b', 'c'] as const
  const homeOf = (name: string): string => join(directory, name)

  beforeAll(async () => {
    const ports = await Promise.all(names.map(() => freePort()))
    const [a = 0, ...others] = ports
    const cards = ['b', 'c'].map((name) => join(directory, `${name}.card`))
    for (const [at, name] of ['b', 'c'].entries()) {
      await done(homeOf(name), 'card', '--dev', '--out', cards[at] ?? '')
    }
    const listen = (port: number) => ['--listen', `/ip4/127.0.0.1/tcp/${port}`]
    await done(homeOf('a'), 'init', '--dev', '--label', 'three', '--voters', cards.join(), ...listen(a))
    await done(homeOf('a'), 'start', '--detach')
    for (const [at, name] of ['b', 'c'].entries()) {
      await done(homeOf(name), 'init', '--join', `127.0.0.1:${a}`, ...listen(others[at] ?? 0))
      await done(homeOf(name), 'start', '--detach')
    }
    for (const name of names) await until(homeOf(name), makesSlots)
  }, LONG_MS)

  afterAll(async () => {
    await Promise.all([...names, 'd'].map((name) => run(homeOf(name), 'stop')))
  }, LONG_MS)

  it('are of one network, in which each of them votes', async () => {
    const all = await Promise.all(names.map((name) => shown<OutputOf<'status'>>(homeOf(name), 'status')))
    expect(new Set(all.map(({ network }) => network.cid)).size).toBe(1)
    expect(all.map(({ votes }) => votes)).toEqual([true, true, true])
  })

  it(
    'work for a node that joined by an address, once it was given credits',
    async () => {
      const { addresses } = await shown<OutputOf<'status'>>(homeOf('a'), 'status')
      const home = homeOf('d')
      await done(home, 'init', '--join', addresses[0] ?? '', '--listen', '/ip4/127.0.0.1/tcp/0')
      await done(home, 'start', '--detach')
      const { did, votes } = await shown<OutputOf<'status'>>(home, 'status')
      expect(votes).toBe(false)
      await done(homeOf('a'), 'transfer', did, '10')
      for (const [name, way] of [
        ['b', '--judges-only'],
        ['c', '--parallel'],
      ] as const) {
        const more = way === '--parallel' ? [way, '2'] : [way]
        await done(
          homeOf(name),
          'agent',
          'add',
          'stats',
          '--capability',
          'text/stats',
          '--wasm',
          MODULE,
          ...more,
        )
      }
      await until(home, async (node) => {
        const balance = await node.call('balance', {})
        return balance.ok && balance.value.free === '10000000'
      })
      const need = [
        'need',
        '--capability',
        'text/stats',
        '--text',
        'three words here',
        '--budget',
        '1',
        '--settled',
      ]
      expect(JSON.parse(await done(home, ...need))).toMatchObject({ words: 3 })
    },
    LONG_MS,
  )

  it(
    'do the parts of a task that an aggregator asks them for',
    async () => {
      const [split, join_, schema] = ['split.mjs', 'join.mjs', 'schema.json'].map((name) =>
        join(directory, name),
      )
      writeFileSync(split ?? '', SPLIT)
      writeFileSync(join_ ?? '', JOIN)
      writeFileSync(schema ?? '', '{"type":"object"}')
      const home = homeOf('d')
      const { did } = await shown<OutputOf<'status'>>(home, 'status')
      await done(homeOf('a'), 'transfer', did, '50')
      const [first, second] = [`${process.execPath} ${split}`, `${process.execPath} ${join_}`]
      const way = ['--split', first, '--join', second, '--unsafe', '--price', '5']
      await done(home, 'agent', 'add', 'book', '--capability', 'book/stats', ...way)
      const judge = ['--exec', `${process.execPath} -v`, '--unsafe', '--judges-only']
      await done(homeOf('b'), 'agent', 'add', 'check', '--capability', 'book/stats', ...judge)
      const wish = [
        '--text',
        'one two|three',
        '--budget',
        '6',
        '--verify',
        'schema',
        '--schema',
        schema ?? '',
      ]
      expect(await done(homeOf('a'), 'need', '--capability', 'book/stats', ...wish, '--wait')).toBe(
        '{"words":[2,1]}\n',
      )
    },
    LONG_MS,
  )

  it(
    'go on with one whose whole home was moved while it did not run: it votes as before',
    async () => {
      const [home, moved] = [homeOf('b'), join(directory, 'b-moved')]
      await done(home, 'stop')
      renameSync(home, moved)
      await done(moved, 'start', '--detach')
      expect(await shown<OutputOf<'status'>>(moved, 'status')).toMatchObject({ votes: true })
      await done(moved, 'stop')
      renameSync(moved, home)
      await done(home, 'start', '--detach')
      await until(home, makesSlots)
    },
    LONG_MS,
  )

  it(
    'go on with one that was restored from a backup, which follows and has all that it had',
    async () => {
      const home = homeOf('c')
      const copy = join(directory, 'c-copy')
      const voter = new ApiClient({ socketPath: homePaths(homeOf('a')).socket })
      const { did } = await shown<OutputOf<'balance'>>(home, 'balance', 'worker')
      await done(home, 'backup', copy)
      await done(home, 'stop')
      rmSync(home, { recursive: true })
      expect(await done(home, 'restore', copy)).toContain('follows')
      await done(home, 'start', '--detach')
      await until(home, makesSlots)
      expect(await shown<OutputOf<'status'>>(home, 'status')).toMatchObject({ votes: false })
      expect(await done(home, 'doctor')).toContain('votes no more')
      await until(home, async (node) => {
        const [own, others] = await Promise.all([
          node.call('balance', { as: 'worker' }),
          voter.call('balance', { did }),
        ])
        return own.ok && others.ok && own.value.total === others.value.total
      })
      const { agents } = await shown<OutputOf<'agents'>>(home, 'agent', 'ls')
      expect(agents).toMatchObject([{ name: 'stats', way: { kind: 'wasm' } }])
    },
    LONG_MS,
  )
})
