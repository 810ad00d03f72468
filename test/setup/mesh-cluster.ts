import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Genesis } from '../../src/codec/genesis/genesis.ts'
import { attach, type Part, untilJoined, wanted } from '../../src/node/demo/acts.ts'
import { Cluster, type ClusterNode } from '../../src/node/demo/cluster.ts'
import { PATIENT } from '../../src/node/demo/demo.ts'
import type { InputOf, OutputOf } from '../../src/sdk/client.ts'

export { wanted }

const BIN = fileURLToPath(new URL('../../bin/canswarm', import.meta.url))

/** A program of JavaScript as the command of an agent, without a sandbox. */
export function script(program: string): Part['way'] {
  return { kind: 'exec', command: [process.execPath, '-e', program], unsafe: true }
}

/** A program that prints just this, after so many milliseconds. */
export function printing(text: string, ms = 0): Part['way'] {
  return script(`setTimeout(() => process.stdout.write('${text}'), ${ms})`)
}

/** A task that takes so many milliseconds; its result is its name. */
const SLOW_MS = 1_500
/** Slots are less work for five nodes on one machine, needs settle sooner, and nobody is late however busy it is. */
const PARAMETERS = {
  ...PATIENT,
  attestWindowMs: 20_000,
  slotMs: 100,
  challengeWindowSmallMs: 500,
  bidWindowMs: 1_500,
}
const QUICK = 'test/quick'
const SLOW = 'test/slow'

export type Need = OutputOf<'needShow'>

/** Nothing more comes of it, and its history is certified. */
export const isOver = ({ over }: Need): boolean => over

/** Which node does what, by its place from 0 on. */
export interface Attached extends Part {
  readonly place: number
}

export interface MeshOptions {
  readonly nodes: number
  /** Which of them have stake in the genesis, and for what. */
  readonly verifiers: readonly number[]
  readonly capabilities: readonly string[]
  /** Beside those that make tests quick. */
  readonly parameters: NonNullable<Genesis['parameters']>
  readonly attached: readonly Attached[]
  readonly liars?: number
  readonly ports?: readonly number[]
  readonly wayTo?: (from: number, to: number) => string
  readonly announced?: (at: number) => string
  readonly settings?: readonly string[]
  readonly runtime?: readonly string[]
}

/** Five nodes: one that asks, two that work, two that judge. */
const FIVE: MeshOptions = {
  nodes: 5,
  verifiers: [3, 4],
  capabilities: [QUICK, SLOW],
  parameters: {},
  attached: [1, 2, 3, 4].flatMap((place) => {
    const price = String(300_000 + 100_000 * place)
    const does = [place < 3 ? ('works' as const) : ('judges' as const)]
    return [
      { place, capability: SLOW, way: printing('slow', SLOW_MS), price, does },
      { place, capability: QUICK, way: printing('quick'), price, does },
    ]
  }),
}

/** A network of real processes, and what they are asked to do. */
export class MeshNetwork {
  readonly cluster: Cluster
  /** Homes and whatever else is written; it goes with the network. */
  readonly directory: string
  #agents = 0

  private constructor(cluster: Cluster, directory: string) {
    this.cluster = cluster
    this.directory = directory
  }

  /** The caller ends it. What does not come on is ended here. */
  static async start(options: Partial<MeshOptions> = {}): Promise<MeshNetwork> {
    const { parameters, attached, ...founded } = { ...FIVE, ...options }
    const directory = mkdtempSync(join(tmpdir(), 'cs-'))
    const request = { directory, label: 'test', ...founded, parameters: { ...PARAMETERS, ...parameters } }
    const network = new MeshNetwork(await Cluster.start(request), directory)
    try {
      await network.cluster.ready()
      await network.attach(...attached)
    } catch (error) {
      await network.end()
      throw error
    }
    return network
  }

  async end(): Promise<void> {
    await this.cluster.stop()
    rmSync(this.directory, { recursive: true, force: true })
  }

  /** Resolves when the registry names all of them. */
  async attach(...parts: readonly Attached[]): Promise<void> {
    for (const { place, ...part } of parts) await attach(this.node(place), part, `agent-${this.#agents++}`)
    const places = new Set(parts.map(({ place }) => place))
    await untilJoined(
      this.cluster,
      [...places].map((place) => this.node(place)),
    )
  }

  node(place: number): ClusterNode {
    const node = this.cluster.nodes[place]
    if (node === undefined) throw new Error(`no node ${place}`)
    return node
  }

  byDid(did: string): ClusterNode {
    const node = this.cluster.nodes.find((one) => one.did === did)
    if (node === undefined) throw new Error(`no node ${did}`)
    return node
  }

  /** Asks for a task, by the first node unless another is named; rejects where the hub does. */
  async post(capability: string, more: Partial<InputOf<'need'>> = {}, { api } = this.node(0)) {
    return await api.call('need', {
      idempotency_key: randomUUID(),
      capability,
      input: { text: 'to work on' },
      budget: '1000000' as never,
      verify_bounty: '1000000' as never,
      isolation: 'none',
      ...more,
    })
  }

  /** Waits, as one node sees it, until the need is as wanted; rejects with what it is where that takes too long. */
  async until(need: string, isSo: (detail: Need) => boolean, seenBy = this.node(0)): Promise<Need> {
    let seen: Need | undefined
    const isSeen = this.cluster.until(seenBy, async () => {
      const shown = await seenBy.api.call('needShow', { need: need as never })
      seen = shown.ok ? shown.value : undefined
      return seen !== undefined && isSo(seen)
    })
    await isSeen.catch((error: unknown) => {
      throw new Error(`${need}, seen by ${seenBy.name}: ${JSON.stringify(seen)}`, { cause: error })
    })
    return seen as Need
  }

  /** The finished record of a thread, as one node writes it. */
  async exported(thread: string, node: ClusterNode): Promise<Buffer> {
    let bytes = Buffer.alloc(0)
    await this.cluster.until(node, async () => {
      const exported = await node.api.exportThread(thread, { form: 'jsonl', content: 'inline' })
      if (!exported.ok) return false
      const pieces: Uint8Array[] = []
      for await (const piece of exported.value.pieces) pieces.push(piece)
      bytes = Buffer.concat(pieces)
      return exported.value.isFinished
    })
    return bytes
  }

  /** Exit code of the program's own replay; tasks of commands nobody can do again: those of modules are among `all`. */
  replay(bytes: Uint8Array, checks: 'all' | 'all but tasks' = 'all but tasks'): number | null {
    const file = join(this.directory, `${randomUUID()}.jsonl`)
    writeFileSync(file, bytes)
    const network = this.cluster.network.genesis.net.toString()
    const allowed = checks === 'all' ? [] : ['--allow-unchecked', 'tasks']
    const args = [BIN, 'replay', file, '--network', network, ...allowed]
    return spawnSync(process.execPath, args, { stdio: 'ignore' }).status
  }

  /** The program, as the operator of a node would call it; what it printed. Rejects where it fails. */
  command({ home }: ClusterNode, ...args: readonly string[]): string {
    const done = spawnSync(process.execPath, [BIN, ...args, '--home', home], { encoding: 'utf8' })
    if (done.status !== 0) throw new Error(`${args.join(' ')} ended with ${done.status}: ${done.stderr}`)
    return done.stdout
  }

  /** Micro-credits that a node's account has in all, as it sees it. */
  async totalOf(place: number): Promise<bigint> {
    return BigInt((await wanted(this.node(place).api.call('balance', {}))).total)
  }

  /** What every account has, as a node sees it. */
  async ledger({ api }: ClusterNode): Promise<string> {
    const totals = await Promise.all(
      this.cluster.nodes.map(async ({ did }) => (await wanted(api.call('balance', { did }))).total),
    )
    return totals.join(' ')
  }

  /** Waits until all nodes say the same of every account (slots go on, so they are asked again), and says it; on each, what was minted and not burned is what is held. */
  async untilOneLedger(): Promise<string[]> {
    let said = new Set<string>()
    await this.cluster.until(this.node(0), async () => {
      said = new Set(await Promise.all(this.cluster.nodes.map((node) => this.ledger(node))))
      return said.size === 1
    })
    for (const { name, api } of this.cluster.nodes) {
      const { conserved, sums_match: isKept } = await wanted(api.call('ledgerVerify', {}))
      if (!conserved || !isKept) throw new Error(`${name}: the ledger's sums do not match`)
    }
    return [...said].join('').split(' ')
  }
}
