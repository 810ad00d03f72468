import { existsSync, rmSync } from 'node:fs'
import { openExecRunner } from '../../adapters/exec/exec-runner.ts'
import type { TaskPool } from '../../adapters/wasm/task-pool.ts'
import { openWasmRunner } from '../../adapters/wasm/wasm-runner.ts'
import { assert, FaultError } from '../../model/fault.ts'
import { type ContentStore, FETCHED_CONTENT_BYTES_MAX } from '../../ports/content-store.ts'
import type { Runner } from '../../ports/runner.ts'
import { Aggregator } from '../../services/roles/aggregator.ts'
import type { AgentSpec, AgentWay } from '../../verbs/services.ts'
import { offline } from '../offline.ts'
import { EXEC_LIMITS } from '../tasks/exec.ts'
import { openTaskPool, WASM_LIMITS } from '../tasks/wasm.ts'
import type { Player } from './player.ts'

/** Tasks that wait for one command. */
export const QUEUE_MAX = 256
/** The wasm module of an agent is fetched for so long when the node starts without it. */
const MODULE_TIMEOUT_MS = 10_000
/** Of what a task in parts is paid, so much may go to the parts, and so much of that to those who verify them. */
const PARTS_SHARE_PERCENT = 80n
const PARTS_BOUNTY_PPM = 250_000
const PARTS_DEADLINE_MS = 600_000

/** Of an agent that somebody drives: nothing is asked of it but challenges, which it cannot judge. */
const HAND: Runner = {
  isDeterministic: false,
  isolation: 'none',
  run: () => Promise.resolve({ kind: 'refused', code: 'job', why: 'it is driven by hand' }),
  close: () => Promise.resolve(),
}

/** Opens what agents do their work with. */
export class AgentRunners {
  readonly #folder: string
  readonly #content: ContentStore
  readonly #pool: TaskPool

  /** `folder`: where jobs have their directories; what a node that was killed left there is removed. */
  constructor(folder: string, content: ContentStore) {
    this.#folder = folder
    this.#content = content
    this.#pool = openTaskPool(offline.clock)
    rmSync(folder, { recursive: true, force: true })
  }

  /** `worker`: whose account asks for the parts of a task. Faults `agent-unfit` for what cannot be run here. */
  async open(spec: AgentSpec, worker: Pick<Player, 'requester' | 'roles'>): Promise<Runner> {
    const { way } = spec
    switch (way.kind) {
      case 'exec':
        return await this.#command(way.command, way.isUnsafe)
      case 'wasm':
        return await this.#module(way)
      case 'parts':
        return await this.#aggregator(spec, way, worker)
      case 'hand':
        return HAND
      case 'http':
      case 'mcp':
        throw new FaultError('agent-unfit', `agents of kind ${way.kind} are not part of this version`)
      default:
        return way satisfies never
    }
  }

  async close(): Promise<void> {
    await this.#pool.close()
  }

  async #module({ module }: Extract<AgentWay, { kind: 'wasm' }>): Promise<Runner> {
    const options = { bytesMax: FETCHED_CONTENT_BYTES_MAX, timeoutMs: MODULE_TIMEOUT_MS }
    const wasm = await this.#content.get(module, options)
    return openWasmRunner({ pool: this.#pool, wasm, limits: WASM_LIMITS, clock: offline.clock })
  }

  async #aggregator(
    { judges, priceMicro }: AgentSpec,
    { split, join, isUnsafe }: Extract<AgentWay, { kind: 'parts' }>,
    { requester, roles }: Pick<Player, 'requester' | 'roles'>,
  ): Promise<Runner> {
    if (judges) throw new FaultError('agent-unfit', 'an agent that asks others for parts cannot judge')
    return new Aggregator({
      split: await this.#command(split, isUnsafe),
      join: await this.#command(join, isUnsafe),
      requester,
      cancel: (need) => roles.cancel(need),
      spendMax: (priceMicro * PARTS_SHARE_PERCENT) / 100n,
      bountyPpm: PARTS_BOUNTY_PPM,
      deadlineMs: PARTS_DEADLINE_MS,
    })
  }

  async #command(command: readonly string[], isUnsafe: boolean): Promise<Runner> {
    const [program, ...args] = command
    assert(program !== undefined, 'a command has a program')
    const isolation = isUnsafe ? 'none' : 'sandbox'
    const runner = openExecRunner({
      command: [program, ...args],
      isolation,
      least: isolation,
      unsafe: isUnsafe,
      limits: EXEC_LIMITS,
      environment: {},
      readable: command.filter((part) => part.startsWith('/') && existsSync(part)),
      folder: this.#folder,
      jobsMax: QUEUE_MAX,
      clock: offline.clock,
    })
    const lack = await runner.lack()
    if (lack === undefined) return runner
    await runner.close()
    throw new FaultError('agent-unfit', lack)
  }
}
