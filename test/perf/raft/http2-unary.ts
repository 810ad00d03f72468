import { BatchedSocket } from './batched-socket.ts'

const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7, windowUpdate: 8 }
const FLAG = { ack: 1, endStream: 1, endHeaders: 4 }
const HEAD_BYTES = 9
const WINDOW_MAX = 2 ** 31 - 1
const WINDOW_START = 65_535
const GRPC_PREFIX_BYTES = 5

interface Call {
  readonly resolve: (message: Uint8Array) => void
  readonly reject: (why: Error) => void
  message: Uint8Array
}

/**
 * Unary gRPC calls of one method over one HTTP/2 connection, with as little work as the protocol allows: the header
 * block is the same bytes for every call, headers of answers are not read (an answer without a message is a failure),
 * and writes of one turn leave together. So that what is measured is the server. Source: RFC 9113, RFC 7541.
 */
export class Http2Unary {
  readonly #calls = new Map<number, Call>()
  readonly #headerBlock: Uint8Array
  #socket!: BatchedSocket
  #rest: Uint8Array = new Uint8Array(0)
  #stream = -1
  /** Bytes of data that the server takes; those of a single call always fit into its stream's own window. */
  #window = WINDOW_START
  readonly #held: Uint8Array[] = []

  private constructor(headerBlock: Uint8Array) {
    this.#headerBlock = headerBlock
  }

  /** `path` is `/package.Service/Method`. */
  static async dial(port: number, path: string): Promise<Http2Unary> {
    const unary = new Http2Unary(encodeHeaders(`127.0.0.1:${port}`, path))
    unary.#socket = await BatchedSocket.dial(port, (piece) => unary.#take(piece))
    const enough = u32(WINDOW_MAX - WINDOW_START)
    unary.#socket.write(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'))
    unary.#socket.write(frame(FRAME.settings, 0, 0, new Uint8Array(0)))
    unary.#socket.write(frame(FRAME.windowUpdate, 0, 0, enough))
    return unary
  }

  call(message: Uint8Array): Promise<Uint8Array> {
    const stream = (this.#stream += 2)
    const body = new Uint8Array(GRPC_PREFIX_BYTES + message.length)
    new DataView(body.buffer).setUint32(1, message.length)
    body.set(message, GRPC_PREFIX_BYTES)
    this.#socket.write(frame(FRAME.headers, FLAG.endHeaders, stream, this.#headerBlock))
    this.#held.push(frame(FRAME.data, FLAG.endStream, stream, body))
    this.#release()
    return new Promise((resolve, reject) => {
      this.#calls.set(stream, { resolve, reject, message: new Uint8Array(0) })
    })
  }

  close(): void {
    this.#socket.close()
  }

  #release(): void {
    for (let next = this.#held[0]; next !== undefined; next = this.#held[0]) {
      if (next.length - HEAD_BYTES > this.#window) return
      this.#window -= next.length - HEAD_BYTES
      this.#socket.write(next)
      this.#held.shift()
    }
  }

  #take(piece: Uint8Array): void {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece])
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    let at = 0
    while (bytes.length - at >= HEAD_BYTES) {
      const length = view.getUint32(at) >>> 8
      if (bytes.length - at < HEAD_BYTES + length) break
      const payload = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length)
      this.#frame(view.getUint8(at + 3), view.getUint8(at + 4), view.getUint32(at + 5), payload)
      at += HEAD_BYTES + length
    }
    this.#rest = bytes.subarray(at)
  }

  #frame(type: number, flags: number, stream: number, payload: Uint8Array): void {
    const call = this.#calls.get(stream)
    if (type === FRAME.data && call !== undefined) call.message = Buffer.concat([call.message, payload])
    if (type === FRAME.settings && (flags & FLAG.ack) === 0) {
      this.#socket.write(frame(FRAME.settings, FLAG.ack, 0, new Uint8Array(0)))
    }
    if (type === FRAME.ping && (flags & FLAG.ack) === 0) {
      this.#socket.write(frame(FRAME.ping, FLAG.ack, 0, payload))
    }
    if (type === FRAME.windowUpdate && stream === 0) {
      this.#window += new DataView(payload.buffer, payload.byteOffset).getUint32(0)
      this.#release()
    }
    if (type === FRAME.reset || type === FRAME.goAway)
      this.#end(stream, call, new Error('the call was ended'))
    const isLast = type === FRAME.data || type === FRAME.headers
    if (isLast && (flags & FLAG.endStream) !== 0) this.#end(stream, call)
  }

  #end(stream: number, call: Call | undefined, failed?: Error): void {
    this.#calls.delete(stream)
    if (call === undefined) return
    if (failed !== undefined || call.message.length < GRPC_PREFIX_BYTES) {
      call.reject(failed ?? new Error('an answer without a message'))
    } else call.resolve(call.message.subarray(GRPC_PREFIX_BYTES))
  }
}

/** :method POST and :scheme http are in the static table; the others are literals that no table remembers. */
function encodeHeaders(authority: string, path: string): Uint8Array {
  return Buffer.concat([
    Buffer.from([0x83, 0x86, 0x04]),
    text(path),
    Buffer.from([0x01]),
    text(authority),
    Buffer.from([0x0f, 0x10]),
    text('application/grpc'),
    Buffer.from([0x00]),
    text('te'),
    text('trailers'),
  ])
}

function text(value: string): Uint8Array {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value)])
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, payload.length << 8)
  view.setUint8(3, type)
  view.setUint8(4, flags)
  view.setUint32(5, stream)
  bytes.set(payload, HEAD_BYTES)
  return bytes
}
