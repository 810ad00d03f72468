import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { openExecRunner } from '../../adapters/exec/exec-runner.ts'
import type { TaskPool } from '../../adapters/wasm/task-pool.ts'
import { openWasmRunner } from '../../adapters/wasm/wasm-runner.ts'
import { parseContentCid } from '../../codec/cid.ts'
import type { Agent } from '../../core/system/tables.ts'
import { assert, FaultError } from '../../model/fault.ts'
import { type ContentStore, FETCHED_CONTENT_BYTES_MAX } from '../../ports/content-store.ts'
import type { Runner } from '../../ports/runner.ts'
import type { Capability, CapabilityStatus } from '../../services/roles/capability.ts'
import type { Roles } from '../../services/roles/roles.ts'
import type { AgentLogLine, AgentRegistry, AgentSpec, AgentWay, AttachedAgent } from '../../verbs/services.ts'
import { offline } from '../offline.ts'
import { EXEC_LIMITS } from '../tasks/exec.ts'
import { openTaskPool, WASM_LIMITS } from '../tasks/wasm.ts'
import { writeWhole } from './write-whole.ts'

const LINES_KEPT = 1_000
const ETA_MS = 10_000
const LEASE_MS = 60_000
const HEARTBEAT_MS = 2_000
const QUEUE_MAX = 256
/** The wasm module of an agent is fetched for so long when the node starts without it. */
const MODULE_TIMEOUT_MS = 10_000

const wayShape = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('exec'), command: z.array(z.string()).min(1), isUnsafe: z.boolean() }),
  z.strictObject({ kind: z.literal('wasm'), module: z.string() }),
])
const specShape = z.strictObject({
  name: z.string(),
  capability: z.string(),
  way: wayShape,
  priceMicro: z.string(),
  parallelMax: z.int().min(1),
  works: z.boolean(),
  judges: z.boolean(),
})
const fileShape = z.strictObject({ v: z.literal(1), agents: z.array(specShape) })

export interface AgentsPartOptions {
  readonly home: string
  readonly content: ContentStore
  readonly roles: Roles
  /** What the registry says of the node's account. */
  readonly registered: () => Agent | undefined
  /** An agent of before cannot be run now. */
  readonly onFailing: (name: string, why: string) => void
}

interface Attached {
  readonly spec: AgentSpec
  readonly capability: Capability
}

/**
 * The agents of a node: what they are is kept in `<home>/agents.json`, what they do is the roles'. Source: operations.md,
 * "Agents".
 */
export class AgentsPart implements AgentRegistry {
  readonly #path: string
  readonly #folder: string
  readonly #content: ContentStore
  readonly #roles: Roles
  readonly #pool: TaskPool
  readonly #registered: () => Agent | undefined
  readonly #attached = new Map<string, Attached>()
  readonly #lines: AgentLogLine[] = []
  readonly #listeners = new Set<(line: AgentLogLine) => void>()

  private constructor({ home, content, roles, registered }: AgentsPartOptions) {
    this.#path = join(home, 'agents.json')
    this.#folder = join(home, 'jobs')
    this.#content = content
    this.#roles = roles
    this.#pool = openTaskPool(offline.clock)
    this.#registered = registered
  }

  /** Attaches what was attached before. One that cannot be run now is named by `onFailing`, and stays in the file. */
  static async open(options: AgentsPartOptions): Promise<AgentsPart> {
    const part = new AgentsPart(options)
    // What a node that was killed left behind: its jobs are gone with it.
    rmSync(part.#folder, { recursive: true, force: true })
    for (const spec of readSpecs(part.#path)) {
      try {
        await part.#attach(spec)
      } catch (error) {
        options.onFailing(spec.name, error instanceof Error ? error.message : String(error))
      }
    }
    return part
  }

  list(): readonly AttachedAgent[] {
    return [...this.#attached.values()].map(({ spec }) => this.#describe(spec))
  }

  async add(spec: AgentSpec): Promise<AttachedAgent | undefined> {
    if (this.#attached.has(spec.name)) return undefined
    await this.#attach(spec)
    this.#save()
    this.#note({ agent: spec.name, atMs: offline.clock.nowMs(), text: `attached for ${spec.capability}` })
    return this.#describe(spec)
  }

  async remove(name: string): Promise<boolean> {
    const attached = this.#attached.get(name)
    if (attached === undefined) return false
    this.#attached.delete(name)
    this.#roles.detach(name)
    this.#save()
    await attached.capability.runner.close()
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
    await Promise.all([...this.#attached.values()].map(({ capability }) => capability.runner.close()))
    await this.#pool.close()
  }

  async #attach(spec: AgentSpec): Promise<void> {
    const capability = capabilityOf(spec, await this.#runnerOf(spec.way))
    this.#attached.set(spec.name, { spec, capability })
    this.#roles.attach(capability)
  }

  async #runnerOf(way: AgentWay): Promise<Runner> {
    if (way.kind === 'exec') return openCommand(way.command, way.isUnsafe, this.#folder)
    if (way.kind !== 'wasm')
      throw new FaultError('config', `agents of kind ${way.kind} are not part of this version`)
    const options = { bytesMax: FETCHED_CONTENT_BYTES_MAX, timeoutMs: MODULE_TIMEOUT_MS }
    const wasm = await this.#content.get(way.module, options)
    return openWasmRunner({ pool: this.#pool, wasm, limits: WASM_LIMITS, clock: offline.clock })
  }

  #describe(spec: AgentSpec): AttachedAgent {
    const status = this.#roles.status(spec.name) ?? { running: 0, done: 0, failed: 0 }
    return { ...spec, ...status, state: this.#stateOf(spec, status) }
  }

  #stateOf(spec: AgentSpec, { running, done, failed }: CapabilityStatus): AttachedAgent['state'] {
    const agent = this.#registered()
    const isOffered = !spec.works || agent?.offers.includes(spec.capability) === true
    const isJudging = !spec.judges || agent?.judges.includes(spec.capability) === true
    if (!isOffered || !isJudging) return 'joining'
    if (failed > 0 && done === 0) return 'failing'
    return running > 0 ? 'busy' : 'ready'
  }

  #save(): void {
    const agents = [...this.#attached.values()].map(({ spec }) => ({
      ...spec,
      priceMicro: String(spec.priceMicro),
      way: spec.way.kind === 'wasm' ? { kind: 'wasm', module: spec.way.module.toString() } : spec.way,
    }))
    writeWhole(this.#path, `${JSON.stringify({ v: 1, agents }, undefined, 2)}\n`)
  }

  #note(line: AgentLogLine): void {
    this.#lines.push(line)
    if (this.#lines.length > LINES_KEPT) this.#lines.shift()
    for (const listener of this.#listeners) listener(line)
  }
}

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
    parallelMax: spec.parallelMax,
    queueMax: QUEUE_MAX,
    works: spec.works,
    judges: spec.judges,
  }
}

function openCommand(command: readonly string[], isUnsafe: boolean, folder: string): Runner {
  const [program, ...args] = command
  assert(program !== undefined, 'a command has a program')
  const isolation = isUnsafe ? 'none' : 'sandbox'
  return openExecRunner({
    command: [program, ...args],
    isolation,
    least: isolation,
    unsafe: isUnsafe,
    limits: EXEC_LIMITS,
    environment: {},
    readable: command.filter((part) => part.startsWith('/') && existsSync(part)),
    folder,
    jobsMax: QUEUE_MAX,
    clock: offline.clock,
  })
}

function readSpecs(path: string): readonly AgentSpec[] {
  if (!existsSync(path)) return []
  const parsed = fileShape.safeParse(parseJson(path))
  if (!parsed.success)
    throw new FaultError('config', `${path}: ${parsed.error.issues[0]?.message ?? 'not valid'}`)
  return parsed.data.agents.map((one) => ({
    ...one,
    priceMicro: BigInt(one.priceMicro),
    way: one.way.kind === 'wasm' ? { kind: 'wasm', module: cidOrFault(path, one.way.module) } : one.way,
  }))
}

function parseJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new FaultError('config', `${path} cannot be read`, { cause })
  }
}

function cidOrFault(path: string, text: string) {
  const cid = parseContentCid(text)
  if (!cid.ok) throw new FaultError('config', `${path}: ${cid.error.message}`)
  return cid.value
}
