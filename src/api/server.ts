import { randomBytes } from 'node:crypto'
import { chmodSync, renameSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { FaultError } from '../model/fault.ts'
import { tellEvents } from '../verbs/events.ts'
import { openChallenges } from '../verbs/open-challenges.ts'
import type { NodeServices } from '../verbs/services.ts'
import { type AppDeps, makeApp } from './app.ts'
import { EventRing } from './event-ring.ts'
import { type TcpAccess, TcpGuard } from './guard.ts'

export interface TcpOptions {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  readonly token: string
  /** Further names under which this address is asked for, port included. */
  readonly hosts?: readonly string[]
  /** Origins of pages that may ask, beside those that this address serves. */
  readonly origins?: readonly string[]
}

export interface ApiOptions {
  readonly services: NodeServices
  /** `<home>/api.sock`. */
  readonly socketPath: string
  readonly tcp?: TcpOptions
  readonly onDefect: (error: unknown, where: string) => void
}

export interface RunningApi {
  readonly socketPath: string
  /** `http://host:port`; absent where TCP is not configured. */
  readonly url?: string
  /** Ends streams, waits a short while for what is under way, removes the socket. */
  stop(): Promise<void>
}

const EVENTS_KEPT = 8_192
const LINES_KEPT = 2_048
const CLOSING_MS = 2_000
/** sockaddr_un(7): 108 bytes with the zero at the end. */
const SOCKET_PATH_BYTES_MAX = 103

/**
 * Serves the API over a unix socket that its owner alone may open, and over TCP where that is configured. Faults `home-locked`
 * when another process answers there, `config` for a path that is too long, `mesh-listen` when the TCP address is taken.
 */
export async function startApi(options: ApiOptions): Promise<RunningApi> {
  const { services, socketPath, tcp, onDefect } = options
  const stopping = new AbortController()
  const events = new EventRing(EVENTS_KEPT)
  const log = new EventRing(LINES_KEPT)
  const untell = tellEvents(services, (event) => (event.kind === 'log' ? log : events).add(event))
  const hide = openChallenges(services, (fault) => onDefect(fault, 'showing a challenge'))
  const epoch = `${services.identity.startedAtMs.toString(36)}${randomBytes(3).toString('hex')}`
  const shared = { services, onDefect, events, log, epoch, stop: stopping.signal }
  const deps = { ...shared, isStopping: () => stopping.signal.aborted }
  const servers: Server[] = []
  const stop = async (): Promise<void> => {
    if (stopping.signal.aborted) return
    stopping.abort()
    untell()
    hide()
    // The name is ours once a server of ours listens there.
    if (servers.length > 0) rmSync(socketPath, { force: true })
    await Promise.all(servers.map((server) => closed(server, services)))
  }
  try {
    servers.push(await listenOnSocket(socketPath, { ...deps, guard: () => undefined }))
    if (tcp === undefined) return { socketPath, stop }
    const { server, url } = await listenOnTcp(tcp, deps)
    servers.push(server)
    return { socketPath, url, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function serverOf(deps: AppDeps): Server {
  const server = createServer(
    { requestTimeout: 120_000, headersTimeout: 10_000, keepAliveTimeout: 5_000, maxHeaderSize: 16_384 },
    (incoming, outgoing) => void listener(incoming, outgoing),
  )
  const listener = getRequestListener(makeApp(deps).fetch, { overrideGlobalObjects: false })
  server.maxConnections = 512
  return server
}

/** It gets its name once nobody but its owner can open it; a name that a process which died left is taken over. */
async function listenOnSocket(path: string, deps: AppDeps): Promise<Server> {
  const draft = `${path}.new`
  if (Buffer.byteLength(draft) > SOCKET_PATH_BYTES_MAX) {
    throw new FaultError('config', `${path} is too long for a socket: choose a home with a shorter path`)
  }
  if (await isAnswering(path)) throw new FaultError('home-locked', `another process answers at ${path}`)
  rmSync(draft, { force: true })
  const server = serverOf(deps)
  await listening(server, () => server.listen(draft), 'store-io', path)
  chmodSync(draft, 0o600)
  renameSync(draft, path)
  return server
}

function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function listenOnTcp(
  { host, port, token, hosts = [], origins = [] }: TcpOptions,
  deps: Omit<AppDeps, 'guard'>,
): Promise<{ server: Server; url: string }> {
  const names = new Set(hosts)
  const sites = new Set(origins)
  const access: TcpAccess = { token, hosts: names, origins: sites }
  const guard = new TcpGuard(access, deps.services.clock)
  const server = serverOf({ ...deps, guard: (headers, env) => guard.judge(headers, addressOf(env)) })
  await listening(server, () => server.listen(port, host), 'mesh-listen', `${host}:${port}`)
  const taken = (server.address() as AddressInfo).port
  for (const name of [host, 'localhost', '127.0.0.1', '[::1]']) {
    names.add(`${name}:${taken}`)
    sites.add(`http://${name}:${taken}`)
  }
  return { server, url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}` }
}

function addressOf(env: unknown): string {
  const { incoming } = env as { readonly incoming?: IncomingMessage }
  return incoming?.socket.remoteAddress ?? ''
}

function listening(
  server: Server,
  listen: () => void,
  code: 'store-io' | 'mesh-listen',
  where: string,
): Promise<void> {
  return new Promise((resolve, fail) => {
    server.once('error', (cause) => fail(new FaultError(code, `cannot listen at ${where}`, { cause })))
    server.once('listening', () => resolve())
    listen()
  })
}

/** What is under way has a short while; then its connection ends. */
function closed(server: Server, { clock }: Pick<NodeServices, 'clock'>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(CLOSING_MS, () => server.closeAllConnections())
    server.close(() => {
      cancel()
      resolve()
    })
    server.closeIdleConnections()
  })
}
