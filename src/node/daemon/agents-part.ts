import { join } from 'node:path'
import type { ContentStore } from '../../ports/content-store.ts'
import { FETCHED_CONTENT_BYTES_MAX } from '../../ports/content-store.ts'
import type { Runner } from '../../ports/runner.ts'
import { Aggregator } from '../../services/roles/aggregator.ts'
import type { Capability, CapabilityStatus } from '../../services/roles/capability.ts'
import type { AgentLogLine, AgentRegistry, AgentSpec, AttachedAgent } from '../../verbs/services.ts'
import { offline } from '../offline.ts'
import { readSpecs, writeSpecs } from './agent-file.ts'
import { AgentRunners, QUEUE_MAX } from './agent-runners.ts'
import type { Player } from './player.ts'

const LINES_KEPT = 1_000
const ETA_MS = 10_000
const LEASE_MS = 60_000
const HEARTBEAT_MS = 2_000

export interface AgentsPartOptions {
  readonly home: string
  readonly content: ContentStore
  /** One or more of them works, and one or more judges. */
  readonly players: readonly Player[]
  /** An agent of before cannot be run now. */
  readonly onFailing: (name: string, why: string) => void
}

interface Attached {
  readonly spec: AgentSpec
  readonly runner: Runner
}

/**
 * The agents of a node: what they are is kept in `<home>/agents.json`, what they do is the roles'. One that works and judges
 * does so for two accounts, where the node has two for that. Source: operations.md, "Agents".
 */
export class AgentsPart implements AgentRegistry {
  readonly #path: string
  readonly #players: readonly Player[]
  readonly #runners: AgentRunners
  readonly #attached = new Map<string, Attached>()
  /** Names of those whose runners are being opened. */
  readonly #opening = new Set<string>()
  /** Of before, which cannot be run now; and why. */
  readonly #failing = new Map<string, { readonly spec: AgentSpec; readonly why: string }>()
  readonly #lines: AgentLogLine[] = []
  readonly #listeners = new Set<(line: AgentLogLine) => void>()

  private constructor({ home, content, players }: AgentsPartOptions) {
    this.#path = join(home, 'agents.json')
    this.#players = players
    this.#runners = new AgentRunners(join(home, 'jobs'), content)
  }

  /** Attaches what was attached before. One that cannot be run now is named by `onFailing`, and stays in the file. */
  static async open(options: AgentsPartOptions): Promise<AgentsPart> {
    const part = new AgentsPart(options)
    for (const spec of readSpecs(part.#path)) {
      try {
        await part.#attach(spec)
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        part.#failing.set(spec.name, { spec, why })
        options.onFailing(spec.name, why)
      }
    }
    return part
  }

  list(): readonly AttachedAgent[] {
    const failing = [...this.#failing.values()].map(({ spec, why }) => ({
      ...spec,
      ...IDLE,
      state: 'failing' as const,
      lastError: why,
    }))
    return [...[...this.#attached.values()].map(({ spec }) => this.#describe(spec)), ...failing]
  }

  async add(spec: AgentSpec): Promise<AttachedAgent | undefined> {
    const { name } = spec
    if (this.#attached.has(name) || this.#failing.has(name) || this.#opening.has(name)) return undefined
    this.#opening.add(name)
    try {
      await this.#attach(spec)
    } finally {
      this.#opening.delete(name)
    }
    this.#save()
    this.#note({ agent: spec.name, atMs: offline.clock.nowMs(), text: `attached for ${spec.capability}` })
    return this.#describe(spec)
  }

  async remove(name: string): Promise<boolean> {
    const attached = this.#attached.get(name)
    if (attached === undefined && !this.#failing.has(name)) return false
    this.#attached.delete(name)
    this.#failing.delete(name)
    for (const { roles } of this.#players) roles.detach(name)
    this.#save()
    await attached?.runner.close()
    this.#note({ agent: name, atMs: offline.clock.nowMs(), text: 'detached' })
    return true
  }

  logs(name: string | undefined, last: number): readonly AgentLogLine[] {
    return this.#lines.filter(({ agent }) => name === undefined || agent === name).slice(-last)
  }

  onLog(listener: (line: AgentLogLine) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Something that the roles did. */
  heard(need: string, text: string): void {
    const agent = [...this.#attached.keys()].find((name) => text.includes(name)) ?? 'node'
    this.#note({ agent, atMs: offline.clock.nowMs(), need, text })
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#attached.values()].map(({ runner }) => runner.close()))
    await this.#runners.close()
  }

  async #attach(spec: AgentSpec): Promise<void> {
    const worker = this.#players.find(({ works }) => works) ?? this.#players[0]
    if (worker === undefined) return
    const runner = await this.#runners.open(spec, worker)
    this.#attached.set(spec.name, { spec, runner })
    for (const player of this.#players) {
      const works = spec.works && player.works
      const judges = spec.judges && player.judges
      const challenges = spec.challenges && player.challenges
      if (!works && !judges && !challenges) continue
      player.roles.attach(capabilityOf({ ...spec, works, judges, challenges }, runner))
    }
  }

  #describe(spec: AgentSpec): AttachedAgent {
    const status = this.#statusOf(spec.name)
    return { ...spec, ...status, state: this.#stateOf(spec, status) }
  }

  /** What it does for all accounts together. */
  #statusOf(name: string): CapabilityStatus {
    const all = this.#players.flatMap(({ roles }) => roles.status(name) ?? [])
    return all.reduce((sum, { running, done, failed, lastError }) => {
      const counts = {
        running: sum.running + running,
        done: sum.done + done,
        failed: sum.failed + failed,
      }
      const error = lastError ?? sum.lastError
      return error === undefined ? counts : { ...counts, lastError: error }
    }, IDLE)
  }

  #stateOf(spec: AgentSpec, { running, done, failed }: CapabilityStatus): AttachedAgent['state'] {
    if (!this.#isRegistered(spec)) return 'joining'
    if (failed > 0 && done === 0) return 'failing'
    return running > 0 ? 'busy' : 'ready'
  }

  #isRegistered({ works, judges, capability }: AgentSpec): boolean {
    return this.#players.every((player) => {
      const agent = player.registered()
      const isOffered = !works || !player.works || agent?.offers.includes(capability) === true
      const isJudging = !judges || !player.judges || agent?.judges.includes(capability) === true
      return isOffered && isJudging
    })
  }

  #save(): void {
    const specs = [...this.#attached.values(), ...this.#failing.values()].map(({ spec }) => spec)
    writeSpecs(this.#path, specs)
  }

  #note(line: AgentLogLine): void {
    this.#lines.push(line)
    if (this.#lines.length > LINES_KEPT) this.#lines.shift()
    for (const listener of this.#listeners) listener(line)
  }
}

const IDLE: CapabilityStatus = { running: 0, done: 0, failed: 0 }

function capabilityOf(spec: AgentSpec, runner: Runner): Capability {
  return {
    name: spec.name,
    offer: {
      capability: spec.capability,
      price: spec.priceMicro,
      pricePerKib: 0n,
      inputBytesMax: FETCHED_CONTENT_BYTES_MAX,
      eta: ETA_MS,
      leaseTtl: LEASE_MS,
      heartbeatInterval: HEARTBEAT_MS,
      isolation: runner.isolation,
    },
    runner,
    ...(spec.way.kind === 'hand' ? { byHand: true as const } : {}),
    ...(runner instanceof Aggregator
      ? { subNeedsOf: (need: string, attempt: number) => runner.subNeedsOf(need, attempt) }
      : {}),
    parallelMax: spec.parallelMax,
    queueMax: QUEUE_MAX,
    works: spec.works,
    judges: spec.judges,
    challenges: spec.challenges,
  }
}
