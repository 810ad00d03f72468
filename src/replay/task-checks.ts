import { cidOf, envelopeIdOf, RAW } from '../codec/cid.ts'
import type { SingleEnvelope } from '../codec/envelope/verify-single.ts'
import type { Sha256 } from '../ports/crypto.ts'
import type { TaskReplay } from '../ports/task-replay.ts'
import type { CheckBook } from './checks.ts'
import { expectThat } from './divergence.ts'

/** A need whose verdicts are by doing the work again. */
interface Task {
  readonly capability: string
  readonly input: Uint8Array | string | undefined
}

/** Content that is kept for tasks, bytes; what is beyond is not done again, which is said. */
const CONTENT_BYTES_MAX = 67_108_864

/**
 * Tasks that are done again (check 11): needs whose NEED asks for verification by re-execution, each with the artifact
 * of its last COMMIT. Without somebody who does them they are not checked.
 */
export class TaskChecks {
  readonly #runner: TaskReplay | undefined
  readonly #book: CheckBook
  readonly #sha256: Sha256
  readonly #tasks = new Map<string, Task>()
  readonly #artifacts = new Map<string, string>()
  readonly #content = new Map<string, Uint8Array>()
  #bytes = 0

  constructor(runner: TaskReplay | undefined, sha256: Sha256, book: CheckBook) {
    this.#sha256 = sha256
    this.#runner = runner
    this.#book = book
  }

  note({ id, body }: SingleEnvelope): void {
    if (body.kind === 'NEED' && body.payload.verification.mode === 'reexecute') {
      const { input, capability } = body.payload
      if ('sealed' in input) this.#book.skip('tasks', 'sealed input')
      else this.#tasks.set(id, { capability, input: 'inline' in input ? input.inline : input.cid.toString() })
    }
    if (body.kind !== 'COMMIT') return
    const { artifact, need_id: need } = body.payload
    const cid = 'cid' in artifact ? artifact.cid : cidOf(artifact.inline, this.#sha256, RAW)
    this.#artifacts.set(envelopeIdOf(need), cid.toString())
  }

  addContent(cid: string, bytes: Uint8Array): void {
    this.#bytes += bytes.length
    if (this.#bytes <= CONTENT_BYTES_MAX) this.#content.set(cid, bytes)
  }

  /** When the whole file is read. */
  judge(): void {
    for (const [need, { capability, input }] of this.#tasks) {
      const artifact = this.#artifacts.get(need)
      if (artifact === undefined) continue
      const bytes = typeof input === 'string' ? this.#content.get(input) : input
      const task = { need, capability, artifact, ...(bytes === undefined ? {} : { input: bytes }) }
      const result = this.#runner?.run(task)
      if (result === undefined) {
        this.#book.skip('tasks', 'nobody here can do the task again')
        continue
      }
      expectThat(
        result === artifact,
        'tasks',
        'CONFLICT',
        `need ${need}: doing it again gives ${result}, not ${artifact}`,
      )
      this.#book.count('tasks', 'tasks')
    }
  }
}
