import { envelopeIdOf } from '../../codec/cid.ts'
import type { ClockReading, HaveStatement, SeenStatement } from '../../codec/entry/statements.ts'
import type { ReadBody } from '../../codec/envelope/read-body.ts'
import { envelopesOf, envelopeToIpld, type SingleForm } from '../../codec/envelope/single-form.ts'
import type { VerifiedBatch } from '../../codec/envelope/verify-batch.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import { decodeVoterMessage, type VoterMessage } from '../../codec/voter-message/voter-message.ts'
import type { Pooled } from '../../core/proposer/pool.ts'
import { checkStatement } from '../../core/records/voter-statement.ts'
import type { World } from '../../core/records/world.ts'
import { FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { THREAD_ONLY } from '../gossip/kinds.ts'
import type { HeldSlot } from '../roles/heart-view.ts'
import type { ActDriver } from './act-driver.ts'
import type { HubDriver } from './hub-driver.ts'
import type { NeedPlace, NeedPools } from './need-pools.ts'
import type { SlotDriver } from './slot-driver.ts'
import type { Testimony } from './testimony.ts'
import type { Witness } from './witness.ts'

export interface HearingDeps {
  readonly sha256: Sha256
  readonly world: World
  readonly voters: readonly Did[]
  readonly pools: NeedPools
  readonly testimony: Testimony
  readonly witness: Pick<Witness, 'tellSeen' | 'tellHave'>
  readonly slots: Pick<SlotDriver, 'hear'>
  readonly hub: Pick<HubDriver, 'add' | 'act' | 'holds' | 'isKnown'>
  readonly acts: Pick<ActDriver, 'hear'>
  readonly slot: () => HeldSlot
  readonly placeOf: (need: string) => NeedPlace
  /** Something may be proposed for it now. */
  readonly touch: (need: string) => void
  /** What a batch that a peer handed over is worth. */
  readonly judge: (from: Did, batch: Uint8Array) => Promise<Result<VerifiedBatch, Rejection>>
  /** A checked envelope that concerns its thread alone. */
  readonly onThreadOnly: (envelope: SingleEnvelope) => void
  /** A good batch goes on to the voters at these places, whom its sender cannot reach. */
  readonly passOn: (from: Did, batch: Uint8Array, to: readonly number[]) => void
  /** A peer said what no honest one says. */
  readonly blame: (peer: Did, why: string) => void
  /** A batch could not be judged or kept, whoever sent it: a fault of this node. */
  readonly onFault: (error: unknown) => void
}

/** What others say to this voter goes to whoever acts on it; what is not as it must be is charged to the peer. */
export class Hearing {
  readonly #deps: HearingDeps

  constructor(deps: HearingDeps) {
    this.#deps = deps
  }

  /** Bytes from a peer. */
  hear(from: Did, bytes: Uint8Array): void {
    const message = decodeVoterMessage(bytes)
    if (message.ok) this.heed(from, message.value)
    else this.#deps.blame(from, message.error.message)
  }

  heed(from: Did, message: VoterMessage): void {
    const { witness, slots, testimony, touch } = this.#deps
    switch (message.kind) {
      case 'batch':
      case 'pass-on':
        this.#hearBatch(from, message).catch((error: unknown) => {
          if (!isPassing(error)) this.#deps.onFault(error)
        })
        return
      case 'reading':
        if (this.#isWordOf(from, 'clock-reading', message.reading)) slots.hear(message.reading, message.link)
        return
      case 'ask-seen':
        witness.tellSeen(from, message)
        return
      case 'seen':
        if (!this.#isWordOf(from, 'seen-statement', message.statement)) return
        if (!testimony.hearSeen(message.statement)) return
        for (const field of message.envelopes)
          if (!this.takeField(field)) this.#deps.blame(from, 'an envelope that is not its sender’s')
        touch(envelopeIdOf(message.statement.body.need))
        return
      case 'ask-have':
        void witness.tellHave(from, message)
        return
      case 'have':
        if (!this.#isWordOf(from, 'have-statement', message.statement)) return
        if (!testimony.hearHave(message.statement)) return
        touch(envelopeIdOf(message.statement.body.need))
        return
      case 'vote':
        if (!this.#deps.acts.hear(message.body, message.vote))
          this.#deps.blame(from, 'a vote that is not signed by its key')
        return
      default:
        message satisfies never
    }
  }

  /** A body whose signature was checked. */
  take(envelope: ReadBody, form: SingleForm): void {
    const single = { ...envelope, sig: form.sig } as SingleEnvelope
    this.#place(single, envelopeToIpld(form) as Pooled['field'])
  }

  /** A batch whose signature was checked. */
  takeBatch({ batch, items }: VerifiedBatch): void {
    const forms = envelopesOf(batch, this.#deps.sha256)
    for (const [at, item] of items.entries()) {
      if (item.ok) this.take(item.value, forms[at] as SingleForm)
    }
  }

  /** False: it is not its sender's. */
  takeField(field: Pooled['field']): boolean {
    const { world, slot } = this.#deps
    const opened = world.openEnvelope(field, slot().timeMs)
    if (opened.ok) this.#place(opened.value, field)
    return opened.ok
  }

  /** A voter's own, and signed: an entry in which one statement is not is refused whole, so none of those is kept. */
  #isWordOf(
    from: Did,
    type: 'clock-reading' | 'seen-statement' | 'have-statement',
    statement: ClockReading | SeenStatement | HaveStatement,
  ): boolean {
    const { voters, world, blame } = this.#deps
    if (statement.voter !== from || !voters.includes(from)) return false
    const checked = checkStatement(type, statement, world)
    if (!checked.ok) blame(from, checked.error.message)
    return checked.ok
  }

  async #hearBatch(from: Did, message: VoterMessage & { kind: 'batch' | 'pass-on' }): Promise<void> {
    const { judge, blame, passOn } = this.#deps
    const judged = await judge(from, message.batch)
    if (!judged.ok) {
      if (judged.error.code !== 'RATE_LIMITED') blame(from, judged.error.message)
      return
    }
    this.takeBatch(judged.value)
    if (message.kind === 'pass-on' && this.#isOfUse(judged.value)) passOn(from, message.batch, message.to)
  }

  /** Somebody with an account says some of it: keys cost nothing, and what others must judge has to. */
  #isOfUse({ items }: VerifiedBatch): boolean {
    return items.some((item) => item.ok && this.#deps.hub.isKnown(item.value.body.sender))
  }

  /** To whoever decides about it: the hub, or a bucket. */
  #place(envelope: SingleEnvelope, field: Pooled['field']): void {
    const { hub, slot, placeOf, pools, touch, onThreadOnly } = this.#deps
    const { payload, kind, sender } = envelope.body
    if (THREAD_ONLY.has(kind)) {
      onThreadOnly(envelope)
      return
    }
    const { n } = slot()
    const need = 'need_id' in payload ? envelopeIdOf(payload.need_id) : undefined
    if (need === undefined || (kind === 'CANCEL' && hub.holds(need, sender))) {
      hub.add(envelope.id, field, envelope.bytes.length, n, sender)
      hub.act(n)
    }
    if (need === undefined) return
    if (pools.add(need, placeOf(need), envelope, field, n)) touch(need)
  }
}

/** A worker thread that ended is started again, and whoever sent the batch says it again. */
function isPassing(error: unknown): boolean {
  return error instanceof FaultError && error.code === 'worker'
}
