import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import type { GroupId } from '../../../src/model/raft.ts'
import { checkCells, type Operation } from '../../../src/sim/raft/history.ts'

type Answer = Readonly<Record<string, unknown>>

/** A node process that can be asked, killed and started again on its directory. */
class NodeProcess {
  readonly #args: readonly string[]
  #child: ChildProcess | undefined
  #open = new Map<number, (answer: Answer) => void>()
  #serial = 0

  constructor(args: readonly string[]) {
    this.#args = args
  }

  async start(): Promise<void> {
    const script = fileURLToPath(new URL('./node.ts', import.meta.url))
    const child = spawn(process.execPath, [script, ...this.#args], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#child = child
    child.setMaxListeners(0)
    child.stdin.on('error', () => undefined)
    const lines = createInterface({ input: child.stdout })
    const ready = once(lines, 'line')
    await ready
    lines.on('line', (line) => {
      const answer = JSON.parse(line) as Answer
      this.#open.get(Number(answer['n']))?.(answer)
      this.#open.delete(Number(answer['n']))
    })
  }

  /** What it answers; undefined when it ended first. */
  async ask(question: object): Promise<Answer | undefined> {
    const child = this.#child
    if (child === undefined) return undefined
    const n = ++this.#serial
    const answer = new Promise<Answer>((resolve) => this.#open.set(n, resolve))
    child.stdin?.write(`${JSON.stringify({ n, ...question })}\n`)
    return Promise.race([answer, once(child, 'exit').then(() => undefined)])
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  for (const server of servers) server.close()
  return ports
}

describe('three processes over TCP', () => {
  const directory = mkdtempSync(join(tmpdir(), 'raft-e2e-'))
  let nodes: NodeProcess[] = []

  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.kill()))
    rmSync(directory, { recursive: true, force: true })
  })

  it('kill -9 of leaders and a stopped process under load: linearizable, and nothing acknowledged is lost', async () => {
    const ports = await freePorts(3)
    nodes = [1, 2, 3].map(
      (id) => new NodeProcess([join(directory, String(id)), String(id), ...ports.map(String)]),
    )
    await Promise.all(nodes.map((node) => node.start()))
    const history: Operation[] = []
    const load = { isOver: false }
    let serial = 0
    const acknowledged = new Map<string, string>()

    const caller = async (from: number): Promise<void> => {
      for (let turn = 0; !load.isOver; turn++) {
        const cell = `c${serial % 300}`
        const value = `v${++serial}`
        const key = `${from}-${value}`
        const isRead = turn % 4 === 3
        const operation: Operation = {
          group: 0 as GroupId,
          ask: isRead ? { kind: 'read', cell } : { kind: 'put', cell, value },
          begun: performance.now(),
          ended: Number.POSITIVE_INFINITY,
          got: undefined,
        }
        history.push(operation)
        for (let attempt = 0; attempt < 40; attempt++) {
          const node = nodes[(from + turn + attempt) % 3]
          const answer = await node?.ask({ kind: isRead ? 'read' : 'put', cell, value, key, born: 0 })
          if (answer?.['outcome'] === 'took' || answer?.['outcome'] === 'seen') {
            operation.ended = performance.now()
            const told = answer['value']
            const seen = typeof told === 'string' ? told : undefined
            operation.got = answer['outcome'] === 'took' ? { kind: 'took' } : { kind: 'seen', value: seen }
            if (answer['outcome'] === 'took') acknowledged.set(cell, value)
            break
          }
          if (isRead || (attempt > 0 && load.isOver)) break
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
      }
    }
    const callers = Array.from({ length: 12 }, (_, from) => caller(from))
    const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
    for (let round = 0; round < 4; round++) {
      await pause(900)
      const answers = await Promise.all(nodes.map((node) => node.ask({ kind: 'leads' })))
      const at = Math.max(
        0,
        answers.findIndex((answer) => answer?.['leads'] === true),
      )
      if (round === 2) {
        nodes[at]?.signal('SIGSTOP')
        await pause(1500)
        nodes[at]?.signal('SIGCONT')
      } else {
        await nodes[at]?.kill()
        await pause(400)
        await nodes[at]?.start()
      }
    }
    await pause(1500)
    load.isOver = true
    await Promise.all(callers)
    await pause(1000)
    expect(acknowledged.size).toBeGreaterThan(50)
    expect(() => checkCells(history)).not.toThrow()
    const states = await Promise.all(
      nodes.map(async (node) => (await node.ask({ kind: 'cells' }))?.['cells']),
    )
    const cells = new Map(states[0] as [string, string][])
    for (const [cell, value] of acknowledged) expect(cells.get(cell)).toBe(value)
    expect(states[1]).toEqual(states[0])
    expect(states[2]).toEqual(states[0])
  })
})
