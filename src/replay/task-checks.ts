import { cidOf, envelopeIdOf, RAW } from '../codec/cid.ts'
import type { SingleEnvelope } from '../codec/envelope/verify-single.ts'
import type { Sha256 } from '../ports/crypto.ts'
import type { ReplayedOutcome, ReplayedTask } from '../ports/task-replay.ts'
import type { CheckBook } from './checks.ts'
import { expectThat } from './divergence.ts'

/** A need whose verdicts are by doing the work again. */
type Task = Omit<ReplayedTask, 'need' | 'content'>

/** Content that is kept for tasks, bytes; a task that needs what is beyond is not done again, which is said. */
const CONTENT_BYTES_MAX = 67_108_864

/** States in which the network has taken the last COMMIT for the result. */
const ACCEPTED: ReadonlySet<string> = new Set(['FINAL', 'SETTLED'])

/**
 * Tasks that are done again (check 11): needs whose NEED asks for verification by re-execution and whose result was
 * accepted, each with the artifact of its last COMMIT.
 */
export class TaskChecks {
  readonly #book: CheckBook
  readonly #sha256: Sha256
  readonly #tasks = new Map<string, Task>()
  readonly #artifacts = new Map<string, string>()
  readonly #content = new Map<string, Uint8Array>()
  #bytes = 0

  constructor(sha256: Sha256, book: CheckBook) {
    this.#sha256 = sha256
    this.#book = book
  }

  note({ id, body }: Pick<SingleEnvelope, 'id' | 'body'>): void {
    if (body.kind === 'NEED' && body.payload.verification.mode === 'reexecute') {
      const { input, capability, constraints, requires } = body.payload
      const { gas_limit: gasMax } = constraints
      if ('sealed' in input) this.#book.skip('tasks', 'sealed input')
      else if (requires.length > 0) this.#book.skip('tasks', 'a task that works on results of other needs')
      else {
        this.#tasks.set(id, {
          capability,
          input: 'inline' in input ? input.inline : input.cid.toString(),
          ...(gasMax === undefined ? {} : { gasMax }),
        })
      }
    }
    if (body.kind !== 'COMMIT') return
    const { artifact, need_id: need } = body.payload
    const cid = 'cid' in artifact ? artifact.cid : cidOf(artifact.inline, this.#sha256, RAW)
    this.#artifacts.set(envelopeIdOf(need), cid.toString())
  }

  addContent(cid: string, bytes: Uint8Array): void {
    this.#bytes += bytes.length
    if (this.#bytes <= CONTENT_BYTES_MAX) this.#content.set(cid, bytes.slice())
  }

  /** When the whole file is read: what there is to do again. `stateOf` gives the state in which a need was left. */
  due(stateOf: (need: string) => string | undefined): readonly ReplayedTask[] {
    const content = (cid: string) => this.#content.get(cid)
    return [...this.#tasks]
      .filter(([need]) => this.#artifacts.has(need) && ACCEPTED.has(stateOf(need) ?? ''))
      .map(([need, task]) => ({ need, ...task, content }))
  }

  /** `outcome`: undefined where nobody did it. */
  judge({ need, capability }: ReplayedTask, outcome: ReplayedOutcome | undefined): void {
    if (outcome === undefined || outcome.kind === 'undone') {
      this.#book.skip('tasks', outcome?.why ?? `nobody here does ${capability}`)
      return
    }
    const made = outcome.kind === 'done' ? outcome.artifact : `no result (${outcome.why})`
    const artifact = this.#artifacts.get(need)
    const message = `need ${need}: doing it again gives ${made}, not ${artifact ?? 'nothing'}`
    expectThat(outcome.kind === 'done' && made === artifact, 'tasks', 'CONFLICT', message)
    this.#book.count('tasks', 'tasks')
  }
}
