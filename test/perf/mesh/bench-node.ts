import { randomBytes } from 'node:crypto'
import { type Libp2pMesh, openLibp2pMesh } from '../../../src/adapters/libp2p/mesh.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import type { Did, SecretKey } from '../../../src/model/ids.ts'

const NETWORK = 'bench'
const TOPIC = `/canswarm/${NETWORK}/system`
const MESSAGES = `/canswarm/${NETWORK}/messages/1`
const REQUESTS = `/canswarm/${NETWORK}/requests/1`
const STAMP_BYTES = 8
const SLICE_MS = 5
const QUEUE_WAIT_MS = 1

/** What a node of the benchmark is asked; each has one answer. */
export type Question =
  | { readonly kind: 'connect'; readonly address: string }
  | { readonly kind: 'meshed'; readonly peers: number }
  | { readonly kind: 'publish'; readonly perSecond: number; readonly ms: number; readonly bytes: number }
  | { readonly kind: 'gossip-heard'; readonly count: number }
  | { readonly kind: 'send'; readonly to: Did; readonly count: number; readonly bytes: number }
  | { readonly kind: 'messages-heard'; readonly count: number }
  | {
      readonly kind: 'ask'
      readonly to: Did
      readonly count: number
      readonly bytes: number
      readonly atOnce: number
    }

export interface Answer {
  readonly did?: Did
  readonly count?: number
  /** Microseconds, one a message or request. */
  readonly tookUs?: readonly number[]
  readonly ms?: number
}

/** A node that publishes, sends and asks as it is told. Stamps are of the machine's monotonic clock, the same in all processes. */
export class BenchNode {
  readonly #node: Libp2pMesh
  #gossipUs: number[] = []
  #messages = 0

  private constructor(node: Libp2pMesh) {
    this.#node = node
    const { mesh } = node
    mesh.subscribe(TOPIC, (_from, data) => {
      this.#gossipUs.push((nowNs() - stampIn(data)) / 1000)
      return 'accept'
    })
    const rates = { perSecondMax: 1e9, bytesPerSecondMax: 1e12 }
    mesh.handleMessages(MESSAGES, { bodyBytesMax: 1_048_576, ...rates }, () => {
      this.#messages += 1
    })
    mesh.handleRequest(
      REQUESTS,
      {
        bodyBytesMax: 1_048_576,
        answerBytesMax: 1_048_576,
        inFlightPerPeerMax: 60,
        timeoutMs: 10_000,
        perSecondMax: 1e9,
        burstMax: 1e9,
      },
      (_from, body) => body,
    )
  }

  static async open(): Promise<BenchNode> {
    const secret = new Uint8Array(randomBytes(32)) as SecretKey
    const listen = ['/ip4/127.0.0.1/tcp/0']
    return new BenchNode(await openLibp2pMesh({ network: NETWORK, secret, clock: systemClock, listen }))
  }

  get did(): Did {
    return this.#node.mesh.self
  }

  get address(): string {
    return this.#node.mesh.addresses()[0] ?? ''
  }

  stop(): Promise<void> {
    return this.#node.mesh.stop()
  }

  async answer(question: Question): Promise<Answer> {
    switch (question.kind) {
      case 'connect':
        return { did: await this.#node.mesh.connect(question.address) }
      case 'meshed':
        await until(() => this.#node.mesh.subscribers(TOPIC).length >= question.peers)
        return {}
      case 'publish':
        return this.#publish(question.perSecond, question.ms, question.bytes)
      case 'gossip-heard': {
        await until(() => this.#gossipUs.length >= question.count, 5000).catch(() => undefined)
        return { tookUs: this.#gossipUs.splice(0) }
      }
      case 'send':
        return this.#send(question.to, question.count, question.bytes)
      case 'messages-heard': {
        await until(() => this.#messages >= question.count)
        const count = this.#messages
        this.#messages = 0
        return { count, ms: nowNs() / 1e6 }
      }
      case 'ask':
        return this.#ask(question.to, question.count, question.bytes, question.atOnce)
      default:
        return question satisfies never
    }
  }

  /** Evenly, in slices of five milliseconds. */
  async #publish(perSecond: number, ms: number, bytes: number): Promise<Answer> {
    const start = performance.now()
    let count = 0
    for (let nowMs = 0; nowMs < ms; nowMs = performance.now() - start) {
      for (const due = (nowMs * perSecond) / 1000; count < due; count += 1) {
        this.#node.mesh.publish(TOPIC, stamped(bytes))
      }
      await sleep(SLICE_MS)
    }
    return { count }
  }

  async #send(to: Did, count: number, bytes: number): Promise<Answer> {
    const ms = nowNs() / 1e6
    const body = new Uint8Array(bytes)
    for (let sent = 0; sent < count; ) {
      if (this.#node.mesh.send(to, MESSAGES, body)) sent += 1
      else await sleep(QUEUE_WAIT_MS)
    }
    return { ms }
  }

  async #ask(to: Did, count: number, bytes: number, atOnce: number): Promise<Answer> {
    const body = new Uint8Array(bytes)
    const tookUs: number[] = []
    const start = performance.now()
    let left = count
    const caller = async (): Promise<void> => {
      while (left > 0) {
        left -= 1
        const asked = nowNs()
        await this.#node.mesh.request(to, REQUESTS, body, { timeoutMs: 10_000, answerBytesMax: bytes })
        tookUs.push((nowNs() - asked) / 1000)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, caller))
    return { tookUs, ms: performance.now() - start }
  }
}

/** Since some start of the machine; exact below 2^53. */
function nowNs(): number {
  return Number(process.hrtime.bigint())
}

function stamped(bytes: number): Uint8Array {
  const data = new Uint8Array(Math.max(bytes, STAMP_BYTES * 2))
  new DataView(data.buffer).setFloat64(0, nowNs())
  data.set(randomBytes(STAMP_BYTES), STAMP_BYTES)
  return data
}

function stampIn(data: Uint8Array): number {
  return new DataView(data.buffer, data.byteOffset).getFloat64(0)
}

async function until(holds: () => boolean, limitMs = 60_000): Promise<void> {
  const start = performance.now()
  while (!holds()) {
    if (performance.now() - start > limitMs) throw new Error('the nodes of the benchmark do not come on')
    await sleep(1)
  }
}

function sleep(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setTimeout(resolve, ms)
  return promise
}
