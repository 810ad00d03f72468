import { readFileSync } from 'node:fs'
import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { byteStreamOf } from '../../src/adapters/libp2p/byte-stream.ts'
import { firstFrame } from '../../src/adapters/libp2p/framing.ts'
import { concatBytes } from '../../src/codec/bytes.ts'
import { joinFrames } from '../../src/codec/raft-frame/length-prefix.ts'
import { openStranger } from './strangers.ts'

const KIND = Uint8Array.of(1)
const ANSWER_BYTES_MAX = 4_194_304

/** A libp2p host with no manners that is connected to one node, and says to it whatever it likes. */
export class WildPeer {
  readonly host: Awaited<ReturnType<typeof openStranger>>
  readonly #connection: Connection

  private constructor(host: WildPeer['host'], connection: Connection) {
    this.host = host
    this.#connection = connection
  }

  /** The caller stops it. */
  static async connect(address: string): Promise<WildPeer> {
    const host = await openStranger()
    return new WildPeer(host, await host.dial(multiaddr(address)))
  }

  get isConnected(): boolean {
    return this.#connection.status === 'open'
  }

  /** Bytes on a stream of their own; undefined where the node takes none. */
  async say(protocol: string, bytes: Uint8Array): Promise<Stream | undefined> {
    try {
      const stream = await this.#connection.newStream(protocol)
      stream.send(bytes)
      return stream
    } catch {
      return undefined // reset, or the connection ended: what the test waits for shows it
    }
  }

  /** A request as nodes make it; undefined where no answer came. */
  async ask(protocol: string, body: Uint8Array): Promise<Uint8Array | undefined> {
    const stream = await this.say(protocol, joinFrames([concatBytes(KIND, body)]))
    if (stream === undefined) return undefined
    try {
      const frame = await firstFrame(byteStreamOf(stream, ANSWER_BYTES_MAX).incoming, ANSWER_BYTES_MAX)
      return frame.ok ? frame.value?.subarray(KIND.length) : undefined
    } catch {
      return undefined // the stream was reset: no answer
    } finally {
      stream.abort(new Error('over'))
    }
  }

  async stop(): Promise<void> {
    await this.host.stop()
  }
}

/** Resident memory of a process, bytes. */
export function residentBytes(pid: number): number {
  const [, kibibytes = '0'] = /^VmRSS:\s+(\d+) kB$/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kibibytes) * 1024
}
