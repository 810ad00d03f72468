import { decodeBundle } from '../codec/capsule/bundle.ts'
import { parseCid } from '../codec/cid.ts'
import { acceptedKeys } from '../codec/did/accepted-keys.ts'
import type { SingleEnvelope } from '../codec/envelope/verify-single.ts'
import type { OpenedGenesis } from '../codec/genesis/genesis.ts'
import type { CheckSignature } from '../codec/signed/statement.ts'
import { type CheckedCapsule, checkCapsule } from '../core/policy/capsule-check.ts'
import { entryJudge } from '../core/policy/judge-entry.ts'
import { makeWorld } from '../core/records/make-world.ts'
import type { World } from '../core/records/world.ts'
import type { Rejection } from '../model/rejection.ts'
import { ok } from '../model/result.ts'
import type { Crypto } from '../ports/crypto.ts'
import type { PolicyEngine } from '../ports/policy-engine.ts'
import type { CheckBook } from './checks.ts'
import { expectThat, sound } from './divergence.ts'
import { JudgedSignatures } from './judged-signatures.ts'

export interface ReplayWorldParts {
  readonly genesis: OpenedGenesis
  readonly crypto: Pick<Crypto, 'sha256' | 'verify' | 'isAcceptableKey'>
  /** Absent: policies cannot be evaluated here. */
  readonly policy: PolicyEngine | undefined
  readonly book: CheckBook
  /** Each envelope that an entry carries, once its signature was checked. */
  readonly opened: (envelope: SingleEnvelope) => void
}

/** The world of the rules, with the file's own capsules, that counts what is asked of it. */
export class ReplayWorld {
  readonly world: World
  /** Judges without counting: signatures are counted where they stand, however often what they say was met. */
  readonly verify: CheckSignature
  readonly #parts: ReplayWorldParts
  #denial: Rejection | undefined
  readonly #capsules = new Map<string, CheckedCapsule>()

  constructor(parts: ReplayWorldParts) {
    this.#parts = parts
    const { genesis, crypto, book, opened } = parts
    const judged = new JudgedSignatures(crypto.verify)
    this.verify = (key, message, signature) => judged.accepts(key, message, signature)
    const base = makeWorld({
      net: genesis.net,
      generation: 0,
      liars: genesis.genesis.f,
      sha256: crypto.sha256,
      verify: this.verify,
      keys: acceptedKeys(crypto),
      judge: this.#judge(),
    })
    this.world = {
      ...base,
      verify: (key, message, signature) => {
        book.count('signatures', 'signatures')
        return this.verify(key, message, signature)
      },
      openEnvelope: (field, atMs) => {
        book.count('signatures', 'signatures')
        const envelope = base.openEnvelope(field, atMs)
        if (envelope.ok) opened(envelope.value)
        return envelope
      },
    }
  }

  /** The first envelope since the last call that its capsule refused: an entry need not be refused for that, as a bid is. */
  takeDenial(): Rejection | undefined {
    const denial = this.#denial
    this.#denial = undefined
    return denial
  }

  /** A capsule of the file, checked as one that was received. */
  addCapsule(bytes: Uint8Array): void {
    const { genesis, crypto, policy, book } = this.#parts
    const bundle = sound(decodeBundle(bytes), 'policy')
    if (policy === undefined) return
    const named = parseCid(genesis.genesis.capsule ?? '')
    const { net, parameters } = genesis
    const context = { crypto, engine: policy, net, gasMax: parameters.policyGasMax }
    const checked = checkCapsule(bundle, named.ok ? { ...context, genesisCapsule: named.value } : context)
    const capsule = sound(checked, 'policy')
    const cid = capsule.cid.toString()
    expectThat(!this.#capsules.has(cid), 'policy', 'DUPLICATE', `capsule ${cid} stands twice`)
    this.#capsules.set(cid, capsule)
    book.count('policy', 'capsules')
  }

  #judge(): World['judge'] {
    const { book, crypto } = this.#parts
    const judge = entryJudge(this.#capsules, crypto.sha256)
    return (capsule, envelope, slot) => {
      if (capsule === '') {
        book.count('policy', 'envelopes of threads without a capsule')
        return ok(undefined)
      }
      if (!this.#capsules.has(capsule)) {
        book.skip('policy', `capsule ${capsule} is not at hand`)
        return ok(undefined)
      }
      book.count('policy', 'evaluations', 2)
      const judged = judge(capsule, envelope, slot)
      if (!judged.ok) this.#denial ??= { ...judged.error, message: `${envelope.id}: ${judged.error.message}` }
      return judged
    }
  }
}
