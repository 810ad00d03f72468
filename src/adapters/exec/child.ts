import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { ByteSink, ByteTail } from '../../codec/job/bounded-bytes.ts'
import { FaultError } from '../../model/fault.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Exit } from '../../ports/runner.ts'

const STDERR_BYTES_MAX = 4_096
const STATUS_BYTES_MAX = 4_096
/** After its death, how long a stream may still be held open by somebody whom no signal reached. */
const CLOSE_MS_MAX = 500
/** A shell and bubblewrap say of a program that a signal ended it by adding this to the signal's number. */
const SIGNALLED = 128

export interface ChildCommand {
  readonly program: string
  readonly args: readonly string[]
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  readonly stdin: string
  readonly stdoutBytesMax: number
  /** Its sandbox tells on descriptor `STATUS_DESCRIPTOR` what became of it. */
  readonly hasStatus: boolean
}

/** Which descriptor of the child carries what its sandbox says of it. */
export const STATUS_DESCRIPTOR = 3

/** A child in a process group of its own, its streams read to their bounds. */
export class Child {
  readonly #process: ChildProcess
  readonly #clock: Clock
  readonly #stdout: ByteSink
  readonly #stderr = new ByteTail(STDERR_BYTES_MAX)
  readonly #status = new ByteTail(STATUS_BYTES_MAX)
  readonly #exit: Promise<Exit>
  readonly #close: Promise<void>
  /** Standard output passed its bound: the rest is dropped. */
  #isOverfull = false

  /** `overfull` is called once, when standard output passes its bound. */
  constructor(command: ChildCommand, clock: Clock, overfull: () => void) {
    this.#clock = clock
    this.#stdout = new ByteSink(command.stdoutBytesMax)
    this.#process = spawn(command.program, command.args, {
      cwd: command.folder,
      env: { ...command.environment },
      stdio: ['pipe', 'pipe', 'pipe', command.hasStatus ? 'pipe' : 'ignore'],
      detached: true,
    })
    this.#exit = exitOfProcess(this.#process)
    this.#close = new Promise((resolve) => this.#process.once('close', () => resolve()))
    this.#listen(command.stdin, overfull)
  }

  /** Undefined when it was never started. */
  get pid(): number | undefined {
    return this.#process.pid
  }

  get stdout(): Uint8Array {
    return this.#stdout.take()
  }

  get stderr(): string {
    return this.#stderr.text()
  }

  /** What the sandbox said. */
  get status(): string {
    return this.#status.text()
  }

  /** Ends the whole group at once. */
  kill(): void {
    const { pid } = this.#process
    if (pid !== undefined) killQuietly(-pid)
  }

  /**
   * Waits for its end, ends whoever is left in its group, and waits for its streams. Faults `worker` when it could not
   * be started.
   */
  async ended(): Promise<Exit> {
    const exit = await this.#exit
    this.kill()
    const cancel = this.#clock.after(CLOSE_MS_MAX, () => {
      for (const stream of this.#process.stdio) stream?.destroy()
    })
    await this.#close
    cancel()
    return exit
  }

  #listen(stdin: string, overfull: () => void): void {
    const { stdin: input, stdout, stderr, stdio } = this.#process
    // Who does not read its input loses nothing but its input.
    input?.on('error', () => {})
    input?.end(stdin)
    stdout?.on('data', (chunk: Buffer) => {
      if (this.#isOverfull || this.#stdout.write(chunk)) return
      this.#isOverfull = true
      overfull()
    })
    stderr?.on('data', (chunk: Buffer) => this.#stderr.write(chunk))
    const status = stdio[STATUS_DESCRIPTOR] as Readable | null | undefined
    status?.on('data', (chunk: Buffer) => this.#status.write(chunk))
    for (const stream of [stdout, stderr, status]) stream?.on('error', () => {})
  }
}

/** Whoever it is may have ended already. */
export function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

function exitOfProcess(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new FaultError('worker', 'no process was started', { cause })))
    child.once('exit', (code, signal) => resolve(exitOf(code, signal)))
  })
}

function exitOf(code: number | null, signal: string | null): Exit {
  if (signal !== null) return { kind: 'signal', signal }
  const name = Object.entries(constants.signals).find(([, number]) => number + SIGNALLED === code)?.[0]
  return name === undefined ? { kind: 'code', code: code ?? 0 } : { kind: 'signal', signal: name }
}
