import { once } from 'node:events'
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net'

const LOOPBACK = '127.0.0.1'

/** The two ends of one connection that passes here. */
interface Line {
  readonly caller: Socket
  /** Undefined: it was called while nothing passed, and never heard of by the one who was called. */
  readonly called: Socket | undefined
}

/**
 * All ways between nodes of one machine: each ordered pair has a port of its own here, so that what passes between any two
 * can be cut. A cut way looks like a broken cable: no byte passes in either direction, connections stay open, new ones are
 * taken and never answered. Needs no right that a test has not.
 */
export class Switchboard {
  readonly #ways = new Map<string, { readonly server: Server; readonly lines: Set<Line> }>()
  readonly #cut = new Set<string>()
  /** Nobody listens where nodes say that they are: they find each other by the ways alone. */
  readonly #nowhere: number
  #targets: readonly number[] = []

  private constructor(nowhere: number) {
    this.#nowhere = nowhere
  }

  /** Ways between so many nodes; where each of them listens is told later. */
  static async open(nodes: number): Promise<Switchboard> {
    const board = new Switchboard(await unusedPort())
    for (let from = 0; from < nodes; from++)
      for (let to = 0; to < nodes; to++) if (from !== to) await board.#open(from, to)
    return board
  }

  /** Ports on which the nodes listen, by place. */
  lead(ports: readonly number[]): void {
    this.#targets = ports
  }

  /** Multiaddr by which one node reaches another. */
  wayTo(from: number, to: number): string {
    const address = this.#ways.get(`${from} ${to}`)?.server.address() as AddressInfo
    return `/ip4/${LOOPBACK}/tcp/${address.port}`
  }

  announced(): string {
    return `/ip4/${LOOPBACK}/tcp/${this.#nowhere}`
  }

  /** Nothing passes any more between the two sides. */
  part(one: readonly number[], other: readonly number[]): void {
    for (const a of one) for (const b of other) for (const way of [`${a} ${b}`, `${b} ${a}`]) this.#close(way)
  }

  /** Everything passes again: what was held goes on; what was called for in vain is called for again. */
  heal(): void {
    for (const way of this.#cut) {
      for (const line of this.#ways.get(way)?.lines ?? []) reopen(line)
    }
    this.#cut.clear()
  }

  async stop(): Promise<void> {
    for (const { server, lines } of this.#ways.values()) {
      for (const { caller, called } of lines) {
        caller.destroy()
        called?.destroy()
      }
      await new Promise((resolve) => server.close(resolve))
    }
  }

  async #open(from: number, to: number): Promise<void> {
    const way = `${from} ${to}`
    const lines = new Set<Line>()
    // A side that closes is not told to the other while nothing passes.
    const server = createServer({ noDelay: true, allowHalfOpen: true }, (caller) =>
      this.#connect(way, to, caller, lines),
    )
    server.listen(0, LOOPBACK)
    await once(server, 'listening')
    this.#ways.set(way, { server, lines })
  }

  #connect(way: string, to: number, caller: Socket, lines: Set<Line>): void {
    const isCut = this.#cut.has(way)
    const called = isCut
      ? undefined
      : dial({ host: LOOPBACK, port: this.#targets[to] ?? 0, noDelay: true, allowHalfOpen: true })
    const line = { caller, called }
    lines.add(line)
    if (isCut) caller.pause()
    caller.on('error', () => undefined)
    caller.on('close', () => this.#over(way, line, lines))
    if (called === undefined) return
    called.on('error', () => undefined)
    called.on('close', () => this.#over(way, line, lines))
    caller.pipe(called)
    called.pipe(caller)
  }

  #close(way: string): void {
    this.#cut.add(way)
    for (const { caller, called } of this.#ways.get(way)?.lines ?? []) {
      if (called !== undefined) {
        caller.unpipe(called)
        called.unpipe(caller)
        called.pause()
      }
      caller.pause()
    }
  }

  #over(way: string, line: Line, lines: Set<Line>): void {
    if (this.#cut.has(way) && line.called !== undefined) return
    lines.delete(line)
    line.caller.destroy()
    line.called?.destroy()
  }
}

function reopen({ caller, called }: Line): void {
  if (called === undefined || caller.destroyed || called.destroyed) {
    caller.destroy()
    called?.destroy()
    return
  }
  caller.pipe(called)
  called.pipe(caller)
}

async function unusedPort(): Promise<number> {
  const server = createServer()
  server.listen(0, LOOPBACK)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
