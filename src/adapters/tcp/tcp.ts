import { once } from 'node:events'
import {
  type AddressInfo,
  BlockList,
  connect,
  createServer,
  isIP,
  isIPv6,
  type Server,
  type Socket,
} from 'node:net'
import { assert } from '../../model/fault.ts'
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

/**
 * Plain TCP is for tests and benchmarks on one machine: nobody is authenticated, and nothing is secret. Nodes of a
 * network speak over the mesh's Noise streams, which say who opened them.
 */
const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** A stream to an address. Rejects when nobody listens there. */
export async function dialTcp({ host, port }: TcpAddress): Promise<ByteStream> {
  const socket = connect({ host, port, noDelay: true })
  await once(socket, 'connect')
  return streamOf(socket)
}

/**
 * Listens; port 0 takes any. Each stream is the callback's to close. A host that is no address of loopback (a name is
 * none) is a defect, unless `anywhere`: the caller knows that whoever can reach the port may be believed.
 */
export async function listenTcp(
  { host, port }: TcpAddress,
  onStream: (stream: ByteStream) => void,
  { anywhere = false }: { readonly anywhere?: boolean } = {},
): Promise<TcpListener> {
  const isLoopback = isIP(host) !== 0 && LOOPBACK.check(host, isIPv6(host) ? 'ipv6' : 'ipv4')
  assert(anywhere || isLoopback, `plain TCP listens on loopback alone, not on ${host}`)
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
