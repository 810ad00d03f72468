import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { nodeCrypto } from '../../../src/adapters/crypto/node-crypto.ts'
import { cidOf, RAW } from '../../../src/codec/cid.ts'
import { wasmCapability } from '../../../src/codec/job/wasm-capability.ts'
import type { ApiClient } from '../../../src/sdk/client.ts'
import { wanted } from '../../setup/mesh-cluster.ts'
import { cpuMsOf } from '../raft/child.ts'

const MODULE = readFileSync(new URL('../../../examples/workers/text-stats.wasm', import.meta.url))
export const CAPABILITY = wasmCapability(cidOf(MODULE, nodeCrypto.sha256, RAW))
/** Needs that are on their way at once for each node, and how many are counted. */
export const IN_FLIGHT_A_NODE = Number(process.env['BENCH_IN_FLIGHT'] ?? 200)
const NEEDS = Number(process.env['BENCH_NEEDS'] ?? 1_200)
/** Requests that one client has at a node at once: it takes 256. */
const POSTING_MAX = 128
const FINISHED = new Set(['FINAL', 'SETTLED'])

export interface LoadResult {
  readonly perSecond: number
  /** Of the nodes together, a task. */
  readonly cpuMs: number
  /** NEED to FINALIZE, milliseconds, of each task. */
  readonly times: readonly number[]
}

/** Puts the module where a node finds it, and has it worked with, or judged with, once the hub knows of it. */
export async function attachModule(
  api: ApiClient,
  does: { readonly works: boolean; readonly judges: boolean },
): Promise<void> {
  const { cid } = await wanted(api.putContent(MODULE, 'bench'))
  if (!does.works && !does.judges) return
  const way = { kind: 'wasm' as const, module: cid }
  const agent = { name: 'stats', capability: CAPABILITY, way, price: '100' as never, parallel: 16 }
  await wanted(api.call('agentAdd', { ...agent, ...does }))
}

export async function isAttached(api: ApiClient): Promise<boolean> {
  const { agents } = await wanted(api.call('agents', {}))
  return agents.every(({ state }) => state !== 'joining')
}

/** So many needs at once, by how many nodes there are, until all are final. */
export async function loadBy(asker: Asker, pids: readonly number[]): Promise<LoadResult> {
  let left = NEEDS
  const times: number[] = []
  const cpuMs = (): number => pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0)
  const [begun, cpuBefore] = [performance.now(), cpuMs()]
  const lane = async (): Promise<void> => {
    while (left-- > 0) times.push(await asker.one())
  }
  await Promise.all(Array.from({ length: IN_FLIGHT_A_NODE * pids.length }, lane))
  const perSecond = NEEDS / ((performance.now() - begun) / 1000)
  return { perSecond, cpuMs: (cpuMs() - cpuBefore) / NEEDS, times }
}

/** Posts needs at one node, and hears of all of them by one stream of events. */
export class Asker {
  readonly #api: ApiClient
  readonly #waiting = new Map<string, () => void>()
  readonly #final = new Set<string>()
  readonly #places: (() => void)[] = []
  #posting = 0
  readonly #ending = new AbortController()

  constructor(api: ApiClient) {
    this.#api = api
    void this.#listen()
  }

  stop(): void {
    this.#ending.abort()
  }

  /** Milliseconds of a need from NEED to FINALIZE, as its requester sees it. */
  async one(): Promise<number> {
    const begun = performance.now()
    const need = await this.#post()
    if (!this.#final.delete(need)) await new Promise<void>((done) => void this.#waiting.set(need, done))
    return performance.now() - begun
  }

  /** In its turn. Returns the need. */
  async #post(): Promise<string> {
    if (this.#posting === POSTING_MAX) await new Promise<void>((next) => void this.#places.push(next))
    else this.#posting += 1
    try {
      const { need } = await wanted(
        this.#api.call('need', {
          idempotency_key: randomUUID(),
          capability: CAPABILITY,
          input: { text: 'a text' },
          budget: '1000' as never,
          verify_bounty: '1000' as never,
          wait_ms: 0,
        }),
      )
      return need
    } finally {
      const next = this.#places.shift()
      if (next === undefined) this.#posting -= 1
      else next()
    }
  }

  async #listen(): Promise<void> {
    for await (const event of this.#api.events({ kinds: ['need'] }, this.#ending.signal)) {
      if (event.kind !== 'need' || !FINISHED.has(event.data.state)) continue
      const done = this.#waiting.get(event.data.need)
      if (done === undefined) this.#final.add(event.data.need)
      this.#waiting.delete(event.data.need)
      done?.()
    }
  }
}
