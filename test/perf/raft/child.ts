import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface, type Interface } from 'node:readline'

/** A Node script as a process that answers lines with lines, in order. */
export class LineProcess {
  readonly #child: ChildProcess
  readonly #lines: Interface
  readonly #waiting: ((line: string | undefined) => void)[] = []

  private constructor(child: ChildProcess, lines: Interface) {
    this.#child = child
    this.#lines = lines
    lines.on('line', (line) => this.#waiting.shift()?.(line))
    child.once('exit', () => {
      for (const tell of this.#waiting.splice(0)) tell(undefined)
    })
  }

  /** Started and ready: it has said its first line. */
  static async start(
    script: URL,
    args: readonly string[],
    flags: readonly string[] = [],
  ): Promise<LineProcess> {
    const child = spawn(process.execPath, [...flags, script.pathname, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const lines = createInterface({ input: child.stdout })
    const started = new LineProcess(child, lines)
    await started.#next()
    return started
  }

  async ask<Answer>(question: object): Promise<Answer> {
    const answer = this.#next()
    this.#child.stdin?.write(`${JSON.stringify(question)}\n`)
    return JSON.parse(await answer) as Answer
  }

  /** Ends when its input does. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.stdin?.end()
    await ended
    this.#lines.close()
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  async #next(): Promise<string> {
    const line = await new Promise<string | undefined>((resolve) => this.#waiting.push(resolve))
    if (line === undefined) throw new Error('a process of the benchmark ended')
    return line
  }
}

/** Milliseconds of processor time that a process has used, all its threads. Linux alone; 0 elsewhere. */
export function cpuMsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return 0 // no /proc here
  }
}
