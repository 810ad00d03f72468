import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A socket on loopback whose writes leave together once whoever writes is done: not after the next turn of a node. */
export class BatchedSocket {
  readonly #socket: Socket
  #pending: Uint8Array[] = []
  #isClosed = false

  constructor(socket: Socket, onData: (piece: Uint8Array) => void) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', onData)
    socket.on('error', () => undefined) // its close is what counts
    socket.once('close', () => {
      this.#isClosed = true
    })
  }

  static async dial(port: number, onData: (piece: Uint8Array) => void): Promise<BatchedSocket> {
    const socket = connect({ host: '127.0.0.1', port })
    await once(socket, 'connect')
    return new BatchedSocket(socket, onData)
  }

  write(...bytes: readonly Uint8Array[]): void {
    if (this.#pending.length === 0) process.nextTick(() => this.#flush())
    this.#pending.push(...bytes)
  }

  close(): void {
    this.#socket.destroy()
  }

  #flush(): void {
    const whole = Buffer.concat(this.#pending)
    this.#pending = []
    if (!this.#isClosed) this.#socket.write(whole)
  }
}
