import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { systemRandom } from '../../src/adapters/system/random.ts'
import { type RunningApi, startApi, type TcpOptions } from '../../src/api/server.ts'
import { reject } from '../../src/model/rejection.ts'
import type { Mesh } from '../../src/ports/mesh.ts'
import { ApiClient } from '../../src/sdk/client.ts'
import { Author } from '../../src/services/author/author.ts'
import { PostedNeeds } from '../../src/services/author/posted-needs.ts'
import { SaidKeeper } from '../../src/services/author/said-keeper.ts'
import type {
  AgentLogLine,
  AgentSpec,
  AttachedAgent,
  LogLine,
  NodeServices,
} from '../../src/verbs/services.ts'
import { ContentNodes } from './content-nodes.ts'
import { openMesh } from './meshes.ts'
import { StageHeart } from './stage-heart.ts'
import { Theatre } from './theatre.ts'

/** A node's services on a theatre's network, with a real mesh, content store, author and API. */
export interface ApiNode {
  readonly theatre: Theatre
  readonly heart: StageHeart
  readonly mesh: Mesh
  readonly services: NodeServices
  readonly api: RunningApi
  readonly client: ApiClient
  readonly defects: unknown[]
  /** Why it was asked to stop. */
  readonly stops: string[]
  /** Writes a line into the node's log. */
  log(msg: string): void
  close(): Promise<void>
}

export interface ApiNodeOptions {
  readonly tcp?: TcpOptions
  readonly theatre?: ConstructorParameters<typeof Theatre>[0]
  readonly changes?: Partial<NodeServices>
}

export async function openApiNode(options: ApiNodeOptions = {}): Promise<ApiNode> {
  const home = mkdtempSync(join(tmpdir(), 'canswarm-api-'))
  const theatre = new Theatre({ certifies: false, ...options.theatre })
  const actor = theatre.stage.actor('requester')
  const heart = new StageHeart(theatre, actor.did)
  const { mesh } = await openMesh({ secret: actor.secret })
  const contents = new ContentNodes()
  const listeners = new Set<(line: LogLine) => void>()
  const lines: LogLine[] = []
  const stops: string[] = []
  const defects: unknown[] = []
  const { keeper, posted } = saidOn(heart)
  const author = new Author({
    did: actor.did,
    secret: actor.secret,
    net: heart.net,
    crypto: nodeCrypto,
    clock: systemClock,
    record: async (bodies) => keeper.note(bodies, { n: 1, chain: '' }),
    waitingNeed: (thread, idempotencyKey) => keeper.waitingNeed(actor.did, thread, idempotencyKey),
    submit: (batch, bodies) => heart.submit(batch, bodies),
  })
  const services: NodeServices = {
    identity: {
      did: actor.did,
      net: heart.net,
      label: 'stage',
      votes: true,
      class: 'development',
      version: '0.0.0',
      home,
      pid: process.pid,
      startedAtMs: systemClock.nowMs(),
      buckets: 256,
    },
    heart,
    mesh,
    author,
    posted,
    threads: { envelopes: () => [] },
    accounts: [{ name: 'node', author, act: async () => NOTHING_DRIVEN, works: true, judges: true }],
    content: await contents.open(),
    agents: new ListedAgents(),
    journal: { show: async function* () {}, verify: () => Promise.reject(new Error('no journal here')) },
    ledger: { backwards: () => [] },
    record: { exportThread: async () => undefined },
    logs: {
      recent: (last) => lines.slice(-last),
      onLine: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    backups: { backup: () => Promise.resolve({ files: 0, bytes: 0 }) },
    settings: [{ key: 'key', value: 'node', origin: 'default' }],
    clock: systemClock,
    sha256: nodeCrypto.sha256,
    random: systemRandom,
    health: () => [{ name: 'mesh', state: 'ok', detail: 'listening', figures: { peers: 0 } }],
    stop: (why) => void stops.push(why),
    ...options.changes,
  }
  const api = await startApi({
    services,
    socketPath: join(home, 'api.sock'),
    ...(options.tcp && { tcp: options.tcp }),
    onDefect: (error) => void defects.push(error),
  })
  return {
    theatre,
    heart,
    mesh,
    services,
    api,
    client: new ApiClient({ socketPath: api.socketPath }),
    defects,
    stops,
    log: (msg) => {
      const line = { time: systemClock.nowMs(), level: 30, msg }
      lines.push(line)
      for (const listener of listeners) listener(line)
    },
    close: async () => {
      await api.stop()
      await mesh.stop()
      await contents.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** What was said, as long as the hub has not decided; nothing is stored. */
function saidOn(heart: StageHeart) {
  const store = {
    mark: undefined,
    place: () => undefined,
    words: () => [],
    commit: () => 'stored' as const,
    clear: () => undefined,
    close: () => undefined,
  }
  const world = () => assert.fail('nothing is looked at before it is started')
  const onFault = (fault: unknown) => assert.fail(String(fault))
  const keeper = new SaidKeeper({ store, clock: systemClock, world, later: setImmediate, onFault })
  const posted = new PostedNeeds(keeper)
  heart.onHubVerdict(({ id, verdict }) => {
    posted.decided(id, verdict)
    keeper.decided(id)
  })
  return { keeper, posted }
}

const NOTHING_DRIVEN = reject('WINDOW_CLOSED', 'nothing is driven by hand on this stage')

/** Agents by name, which are given no work. */
class ListedAgents {
  readonly #agents = new Map<string, AttachedAgent>()
  readonly #lines: AgentLogLine[] = []
  readonly #listeners = new Set<(line: AgentLogLine) => void>()

  list(): readonly AttachedAgent[] {
    return [...this.#agents.values()]
  }

  async add(spec: AgentSpec): Promise<AttachedAgent | undefined> {
    if (this.#agents.has(spec.name)) return undefined
    const agent = { ...spec, state: 'ready' as const, running: 0, done: 0, failed: 0 }
    this.#agents.set(spec.name, agent)
    this.#say({ agent: spec.name, atMs: systemClock.nowMs(), text: 'attached' })
    return agent
  }

  async remove(name: string): Promise<boolean> {
    return this.#agents.delete(name)
  }

  logs(name: string | undefined, last: number): readonly AgentLogLine[] {
    return this.#lines.filter(({ agent }) => name === undefined || agent === name).slice(-last)
  }

  onLog(listener: (line: AgentLogLine) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #say(line: AgentLogLine): void {
    this.#lines.push(line)
    for (const listener of this.#listeners) listener(line)
  }
}
