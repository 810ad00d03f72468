import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Result } from '../../src/model/result.ts'
import type { FoundRequest } from '../../src/node/daemon/found-network.ts'
import { Cluster, type ClusterNode } from '../../src/node/demo/cluster.ts'
import type { ApiProblem, InputOf, OutputOf } from '../../src/sdk/client.ts'

const BIN = fileURLToPath(new URL('../../bin/canswarm', import.meta.url))

/** A task that takes so many milliseconds; its result is its name. */
const SLOW_MS = 1_500
const SLOW = [process.execPath, '-e', `setTimeout(() => process.stdout.write('slow'), ${SLOW_MS})`]
/** Slots are less work for five nodes on one machine, and needs settle sooner. */
const PARAMETERS = { slotMs: 100, challengeWindowSmallMs: 500 }
const QUICK = [process.execPath, '-e', `process.stdout.write('quick')`]

export type Need = OutputOf<'needShow'>

/** Five nodes: one that asks, two that work, two that judge. */
export class MeshNetwork {
  readonly cluster: Cluster

  private constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  static async start(
    directory: string,
    more: Partial<Pick<FoundRequest, 'liars' | 'ports' | 'wayTo' | 'announced' | 'settings'>> = {},
  ): Promise<MeshNetwork> {
    const capabilities = ['test/quick', 'test/slow']
    const request = {
      directory,
      label: 'test',
      nodes: 5,
      verifiers: [3, 4],
      capabilities,
      parameters: PARAMETERS,
      ...more,
    }
    const network = new MeshNetwork(await Cluster.start(request))
    await network.cluster.ready()
    await network.#attach()
    return network
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

  /** Asks for a task; rejects where the hub does. */
  async post(capability: string, more: Partial<InputOf<'need'>> = {}) {
    return await this.node(0).api.call('need', {
      idempotency_key: randomUUID(),
      capability,
      input: { text: 'to work on' },
      budget: '1000000' as never,
      verify_bounty: '1000000' as never,
      isolation: 'none',
      ...more,
    })
  }

  /** Waits, as one node sees it, until the need is as wanted. */
  async until(need: string, isSo: (detail: Need) => boolean, seenBy = this.node(0)): Promise<Need> {
    let seen: Need | undefined
    await this.cluster.until(seenBy, async () => {
      const shown = await seenBy.api.call('needShow', { need: need as never })
      seen = shown.ok ? shown.value : undefined
      return seen !== undefined && isSo(seen)
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

  /** Exit code of the program's own replay. */
  replay(directory: string, bytes: Uint8Array): number | null {
    const file = join(directory, `${randomUUID()}.jsonl`)
    writeFileSync(file, bytes)
    const network = this.cluster.network.genesis.net.toString()
    const args = [BIN, 'replay', file, '--network', network, '--allow-unchecked', 'tasks']
    return spawnSync(process.execPath, args, { stdio: 'ignore' }).status
  }

  /** What every account has, as a node sees it. */
  async ledger({ api }: ClusterNode): Promise<string> {
    const totals = await Promise.all(
      this.cluster.nodes.map(async ({ did }) => (await wanted(api.call('balance', { did }))).total),
    )
    return totals.join(' ')
  }

  /** Waits until all nodes say the same of every account (slots go on, so they are asked again), and says it. */
  async untilOneLedger(): Promise<string[]> {
    let said = new Set<string>()
    await this.cluster.until(this.node(0), async () => {
      said = new Set(await Promise.all(this.cluster.nodes.map((node) => this.ledger(node))))
      return said.size === 1
    })
    return [...said].join('').split(' ')
  }

  async #attach(): Promise<void> {
    for (const place of [1, 2, 3, 4]) {
      const { api } = this.node(place)
      const works = place < 3
      for (const [name, command] of [['slow', SLOW] as const, ['quick', QUICK] as const]) {
        const way = { kind: 'exec' as const, command, unsafe: true }
        const price = String(300_000 + 100_000 * place) as never
        const capability = `test/${name}`
        await wanted(
          api.call('agentAdd', { name, capability, way, price, parallel: 4, works, judges: !works }),
        )
      }
    }
    for (const place of [1, 2, 3, 4]) {
      const node = this.node(place)
      await this.cluster.until(node, async () => {
        const { agents } = await wanted(node.api.call('agents', {}))
        return agents.every(({ state }) => state !== 'joining')
      })
    }
  }
}

export async function wanted<Value>(answer: Promise<Result<Value, ApiProblem>>): Promise<Value> {
  const result = await answer
  if (result.ok) return result.value
  throw new Error(`${result.error.code}: ${result.error.message}`)
}
