import type { CapsuleBundle } from '../../codec/capsule/bundle.ts'
import type { CID } from '../../codec/cid.ts'
import { type CheckContext, type CheckedCapsule, checkCapsule } from '../../core/policy/capsule-check.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'

/** Threads keep their capsule, so none is ever put away: a network that needs more than these has lost its way. */
const CAPSULES_MAX = 64

/** The capsules that this node can evaluate, by their CID. Each was checked in full before it came here. */
export class CapsuleShelf {
  readonly #context: CheckContext
  readonly #capsules = new Map<string, CheckedCapsule>()

  constructor(context: CheckContext) {
    this.#context = context
  }

  /** Checks a capsule and keeps it; one that is there already is given. Rejects as `checkCapsule`; OVER_CAP. */
  add(bundle: CapsuleBundle): Result<CheckedCapsule, Rejection> {
    const checked = checkCapsule(bundle, this.#context)
    if (!checked.ok) return checked
    const key = checked.value.cid.toString()
    const known = this.#capsules.get(key)
    if (known !== undefined) return ok(known)
    if (this.#capsules.size >= CAPSULES_MAX)
      return reject('OVER_CAP', `a node has at most ${CAPSULES_MAX} capsules`)
    this.#capsules.set(key, checked.value)
    return checked
  }

  get(capsule: CID): CheckedCapsule | undefined {
    return this.#capsules.get(capsule.toString())
  }
}
