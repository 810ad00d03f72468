import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { HostSettings } from '../../../src/services/raft-host/settings.ts'
import { freePorts } from '../../perf/raft/free-ports.ts'

/** What a node is started with: all nodes are voters of all groups. */
export interface NodePlan {
  readonly directory: string
  readonly self: number
  readonly ports: readonly number[]
  readonly groups: number
  readonly settings: Partial<HostSettings>
}

export type Answer = Readonly<Record<string, unknown>>

/** What a node says of its groups. */
export interface NodeStatus {
  readonly leads: readonly number[]
  readonly asleep: readonly number[]
  readonly halted: readonly number[]
}

const POLL_MS = 50

/** A node process that can be asked, killed and started again on its directory. */
export class NodeProcess {
  readonly #plan: NodePlan
  #child: ChildProcess | undefined
  #open = new Map<number, (answer: Answer | undefined) => void>()
  #serial = 0

  constructor(plan: NodePlan) {
    this.#plan = plan
  }

  /** Rejects when it does not come up by itself, with all its groups. */
  async start(): Promise<void> {
    const script = fileURLToPath(new URL('./node.ts', import.meta.url))
    const child = spawn(process.execPath, [script, JSON.stringify(this.#plan)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#child = child
    child.stdin.on('error', () => undefined)
    const lines = createInterface({ input: child.stdout })
    const ended = once(child, 'exit').then(([code, signal]) => `ended with ${code ?? signal}`)
    const first = await Promise.race([once(lines, 'line').then(([line]) => String(line)), ended])
    if (first !== '{"halted":[]}') throw new Error(`node ${this.#plan.self} does not start: ${first}`)
    lines.on('line', (line) => this.#hear(JSON.parse(line) as Answer))
    child.once('exit', () => {
      for (const tell of this.#open.values()) tell(undefined)
      this.#open.clear()
    })
  }

  /** What it answers; undefined when it ended first. */
  ask(question: object): Promise<Answer | undefined> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) {
      return Promise.resolve(undefined)
    }
    const n = ++this.#serial
    child.stdin?.write(`${JSON.stringify({ n, ...question })}\n`)
    return new Promise((resolve) => this.#open.set(n, resolve))
  }

  async status(): Promise<NodeStatus> {
    const answer = await this.ask({ kind: 'status' })
    return (answer ?? { leads: [], asleep: [], halted: [] }) as unknown as NodeStatus
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  /** The code it ended with by itself. */
  async ended(): Promise<number | null> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null) return child?.exitCode ?? null
    const [code] = (await once(child, 'exit')) as [number | null]
    return code
  }

  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  #hear(answer: Answer): void {
    const n = Number(answer['n'])
    this.#open.get(n)?.(answer)
    this.#open.delete(n)
  }
}

/** Three nodes below a directory, started. */
export async function startThree(
  directory: string,
  groups = 1,
  settings: Partial<HostSettings> = {},
): Promise<readonly NodeProcess[]> {
  const ports = await freePorts(3)
  const nodes = [1, 2, 3].map(
    (self) => new NodeProcess({ directory: join(directory, String(self)), self, ports, groups, settings }),
  )
  await Promise.all(nodes.map((node) => node.start()))
  return nodes
}

/** Waits for something to become true; rejects, saying what it was, when it does not in two minutes. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 120_000
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`never: ${what}`)
    await pause(POLL_MS)
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms))
}
