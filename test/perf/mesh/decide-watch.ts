import type { ClusterNode } from '../../../src/node/demo/cluster.ts'
import { wanted } from '../../setup/mesh-cluster.ts'
import type { Figure } from '../benchmark.ts'
import { quantile } from '../measure.ts'

/** Needs that are on their way at once, and how many there are of them: some of them are looked at more closely. */
const IN_FLIGHT = 64
const NEEDS = 192

/**
 * How long a DECIDE takes from its quorum to the last of all nodes, with 64 needs in flight; `one` takes a need from NEED to
 * FINALIZE. Source: verification.md, "Service levels".
 */
export async function decideLatency(
  nodes: readonly ClusterNode[],
  one: () => Promise<unknown>,
): Promise<readonly Figure[]> {
  const watch = new DecideWatch(nodes)
  let left = NEEDS
  const lane = async (): Promise<void> => {
    while (left-- > 0) await one()
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
  watch.stop()
  return watch.figures()
}

const UNDECIDED = new Set(['WAITING', 'OPEN', 'RANKED'])
/** Of so many needs one is looked at more closely, which costs a request. */
const SAMPLED_OF = 4

/** What is known of one DECIDE; milliseconds of the machine's wall clock, which all nodes here share. */
interface Decide {
  /** By the place of the node: when whoever follows its events heard that it had applied it. */
  readonly appliedAt: Map<number, number>
  /** When the last verdict on the plan was signed, with which the quorum was complete. */
  quorumAt: number | undefined
}

/**
 * From the signature of the verdict that completes a quorum, so with the way of that verdict to the voters, to the event
 * that the last node tells of the DECIDE.
 */
class DecideWatch {
  readonly #nodes: readonly ClusterNode[]
  readonly #decides = new Map<string, Decide>()
  /** Needs that were seen before their DECIDE: of others, events are of what came long after it. */
  readonly #young = new Set<string>()
  readonly #ending = new AbortController()
  #seen = 0

  constructor(nodes: readonly ClusterNode[]) {
    this.#nodes = nodes
    for (const place of nodes.keys()) void this.#listen(place)
  }

  /** Nothing is followed any more. */
  stop(): void {
    this.#ending.abort()
  }

  figures(): readonly Figure[] {
    const times = [...this.#decides.values()].flatMap(({ appliedAt, quorumAt }) => {
      const isWhole = quorumAt !== undefined && appliedAt.size === this.#nodes.length
      return isWhole ? [Math.max(...appliedAt.values()) - quorumAt] : []
    })
    const key = 'mesh_decide'
    const what = `DECIDE from quorum to applied on all nodes, ${IN_FLIGHT} in flight, ${times.length} sampled`
    return [
      { key: `${key}_p50_ms`, about: what, value: quantile(times, 0.5), unit: 'ms' },
      { key: `${key}_p95_ms`, about: what, value: quantile(times, 0.95), unit: 'ms', aim: 25 },
    ]
  }

  async #listen(place: number): Promise<void> {
    const { api } = this.#nodes[place] as ClusterNode
    for await (const event of api.events({ kinds: ['need'] }, this.#ending.signal)) {
      if (event.kind !== 'need') continue
      const { need, thread, state } = event.data
      if (UNDECIDED.has(state)) this.#young.add(need)
      if (UNDECIDED.has(state) || !this.#young.has(need)) continue
      const decide = this.#decides.get(need) ?? { appliedAt: new Map(), quorumAt: undefined }
      this.#decides.set(need, decide)
      if (decide.appliedAt.has(place)) continue
      decide.appliedAt.set(place, Date.now())
      if (place === 0 && thread !== null && this.#seen++ % SAMPLED_OF === 0) void this.#look(thread, decide)
    }
  }

  /** While the need is open the node shows what was said in it. */
  async #look(thread: string, decide: Decide): Promise<void> {
    const { api } = this.#nodes[0] as ClusterNode
    const { envelopes } = await wanted(api.call('threadShow', { thread: thread as never, limit: 100 }))
    const verdicts = envelopes.filter(({ kind }) => kind === 'ATTEST_PLAN')
    if (verdicts.length > 0) decide.quorumAt = Math.max(...verdicts.map(({ sent_at }) => sent_at))
  }
}
