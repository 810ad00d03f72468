import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import { ApiClient } from '../../sdk/client.ts'
import { LostNodeError, NoNodeError } from '../../sdk/http.ts'
import { type FoundNetwork, type FoundRequest, foundNetwork } from '../founding/found-network.ts'
import { homePaths } from '../home.ts'

const BIN = fileURLToPath(new URL('../../../bin/canswarm', import.meta.url))
const ROUND_MS = 50
/** Starting five nodes takes seconds; a machine that is busy with other things may take minutes. */
const READY_MS_MAX = 180_000
const STOP_MS_MAX = 15_000
/** Of a node that ended: an error, and where it came from. */
const LAST_LINES = 15
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** One real node process on this machine. */
export interface ClusterNode {
  readonly name: string
  readonly home: string
  readonly did: Did
  readonly api: ApiClient
}

/** What a network is founded with, and how its nodes are run. */
export type ClusterRequest = Omit<FoundRequest, 'ports'> &
  Partial<FoundRequest> & { readonly runtime?: readonly string[] }

/** A development network of real processes on loopback. The caller stops it. */
export class Cluster {
  readonly network: FoundNetwork
  readonly nodes: readonly ClusterNode[]
  readonly #runtime: readonly string[]
  readonly #children = new Map<string, ChildProcess>()
  readonly #onSignal = (signal: NodeJS.Signals): void => this.#endWith(signal)

  private constructor(network: FoundNetwork, runtime: readonly string[]) {
    this.network = network
    this.#runtime = runtime
    this.nodes = network.homes.map(({ home, did }, at) => ({
      name: `node-${at + 1}`,
      home,
      did,
      api: new ApiClient({ socketPath: homePaths(home).socket }),
    }))
  }

  /**
   * Makes homes and one genesis below a directory, and starts every node, on any ports; `runtime`: arguments of the runtime that
   * runs the program. Faults of `foundNetwork`.
   */
  static async start({ runtime = [], ...request }: ClusterRequest): Promise<Cluster> {
    const ports = request.ports ?? (await freePorts(request.nodes))
    const cluster = new Cluster(await foundNetwork({ ...request, ports }), runtime)
    for (const signal of SIGNALS) process.on(signal, cluster.#onSignal)
    for (const node of cluster.nodes) cluster.run(node)
    return cluster
  }

  /** Starts a node's process, which must not run; its log goes to `node.log` in its home. */
  run({ home }: ClusterNode): void {
    const log = openSync(join(home, 'node.log'), 'a', 0o600)
    const child = spawn(process.execPath, [...this.#runtime, BIN, 'start', '--home', home], {
      stdio: ['ignore', 'ignore', log],
    })
    closeSync(log)
    this.#children.set(home, child)
  }

  pidOf({ home }: ClusterNode): number | undefined {
    return this.#children.get(home)?.pid
  }

  /** Ends a node's process and waits until it is gone. */
  async kill({ home }: ClusterNode, signal: NodeJS.Signals): Promise<void> {
    const child = this.#children.get(home)
    this.#children.delete(home)
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }

  /** Resolves when every node that runs sees all others, and the hub makes slots. Faults `worker` for one that ended. */
  async ready(): Promise<void> {
    for (const node of this.nodes) {
      await this.until(node, async () => {
        const status = await node.api.call('status', {})
        if (!status.ok || status.value.slot.n < 3) return false
        return status.value.hub.leader !== null && status.value.peers.connected >= this.#children.size - 1
      })
    }
  }

  /** Asks again until the answer is true. Faults `worker` when the node's process has ended, or it takes too long. */
  async until(node: ClusterNode, isSo: () => Promise<boolean>): Promise<void> {
    const began = performance.now()
    for (;;) {
      if (await isSo().catch(unlessAbsent)) return
      const child = this.#children.get(node.home)
      if (child === undefined || child.exitCode !== null) throw ended(node)
      if (performance.now() - began > READY_MS_MAX)
        throw new FaultError('worker', `${node.name} is not ready in time`)
      await new Promise((resolve) => setTimeout(resolve, ROUND_MS))
    }
  }

  /** Asks every process to end, and ends those that do not. */
  async stop(): Promise<void> {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal)
    const children = [...this.#children.values()].filter(
      ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
    )
    this.#children.clear()
    const gone = children.map((child) => once(child, 'exit'))
    for (const child of children) child.kill('SIGTERM')
    const timer = setTimeout(() => children.forEach((child) => child.kill('SIGKILL')), STOP_MS_MAX)
    await Promise.all(gone)
    clearTimeout(timer)
  }

  /** Nobody else would end the nodes of a process that is told to end. */
  #endWith(signal: NodeJS.Signals): void {
    for (const child of this.#children.values()) child.kill('SIGTERM')
    for (const one of SIGNALS) process.off(one, this.#onSignal)
    process.kill(process.pid, signal)
  }
}

function unlessAbsent(error: unknown): false {
  if (error instanceof NoNodeError || error instanceof LostNodeError) return false
  throw error
}

function ended({ name, home }: ClusterNode): FaultError {
  const last = readFileSync(join(home, 'node.log'), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(-LAST_LINES)
    .join('\n')
  return new FaultError('worker', `${name} has ended; it said last:\n${last}`)
}

/** Ports that nobody listens on now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
