import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { ByteStream } from '../../ports/raft-transport.ts'

/** Where a node listens. */
export interface TcpAddress {
  readonly host: string
  readonly port: number
}

export interface TcpListener {
  readonly address: TcpAddress
  close(): Promise<void>
}

/** A stream to an address. Rejects when nobody listens there. Not authenticated: for tests and benchmarks. */
export async function dialTcp({ host, port }: TcpAddress): Promise<ByteStream> {
  const socket = connect({ host, port, noDelay: true })
  await once(socket, 'connect')
  return streamOf(socket)
}

/** Listens; port 0 takes any. Each stream is the callback's to close. */
export async function listenTcp(
  { host, port }: TcpAddress,
  onStream: (stream: ByteStream) => void,
): Promise<TcpListener> {
  const open = new Set<Socket>()
  const server: Server = createServer({ noDelay: true }, (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    onStream(streamOf(socket))
  })
  server.listen(port, host)
  await once(server, 'listening')
  const { port: taken } = server.address() as AddressInfo
  return {
    address: { host, port: taken },
    async close() {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function streamOf(socket: Socket): ByteStream {
  // An error ends the stream; whoever reads or writes it hears of that.
  socket.on('error', () => undefined)
  return {
    incoming: socket,
    async write(bytes) {
      if (socket.destroyed) throw new Error('the stream is closed')
      if (socket.write(bytes)) return
      // The one that did not come must not go on listening.
      const waiting = new AbortController()
      const { signal } = waiting
      const ended = once(socket, 'close', { signal }).then(() => {
        throw new Error('the stream is closed')
      })
      await Promise.race([once(socket, 'drain', { signal }), ended]).finally(() => waiting.abort())
    },
    close() {
      socket.destroy()
    },
  }
}
