import { encodeBundle } from '../../codec/capsule/bundle.ts'
import { capsuleCid } from '../../codec/capsule/capsule.ts'
import type { CID } from '../../codec/cid.ts'
import type { Envelope } from '../../codec/envelope/envelope.ts'
import type { VerifiedBatch } from '../../codec/envelope/verify-batch.ts'
import type { OpenedGenesis } from '../../codec/genesis/genesis.ts'
import { draftPolicy, type LineDraft } from '../../codec/journal/drafts.ts'
import { entryJudge } from '../../core/policy/judge-entry.ts'
import { rememberingJudge } from '../../core/policy/remembering-judge.ts'
import type { World } from '../../core/records/world.ts'
import { FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import { err, ok } from '../../model/result.ts'
import type { AuthorPolicy } from '../../services/author/author.ts'
import { CapsuleShelf } from '../../services/policy/capsule-shelf.ts'
import { PolicyGates } from '../../services/policy/policy-gates.ts'
import type { JudgeWorld } from '../../services/roles/judge-result.ts'
import { offline } from '../offline.ts'
import { defaultCapsule } from '../policy/genesis-capsule.ts'
import { openPolicyEngine } from '../policy/runtime.ts'

/** The policies of a node: at every gate, and in every machine. */
export interface PolicyPart {
  /** The capsule's word in the machines. */
  readonly judge: World['judge']
  /** Of the author and the verifier; absent on a network without a capsule. */
  readonly gates:
    | { readonly author: AuthorPolicy; readonly commit: NonNullable<JudgeWorld['gate']> }
    | undefined
  /**
   * INGRESS: what the capsule denies, or says otherwise than its sender, is taken out of a batch. `isJournalled`: whether the
   * result of one of a sender's envelopes is kept in the journal, asked once for each.
   */
  readonly ingress: (batch: VerifiedBatch, isJournalled: (sender: Did) => boolean) => Promise<VerifiedBatch>
  /** For the record: a thread's export holds its capsule. */
  readonly bundle: Uint8Array | undefined
  /** From now on the results of gates go into the journal. */
  readTo(append: (lines: readonly LineDraft[]) => void): void
  close(): Promise<void>
}

/** Opens the policy runtime with the capsule that the genesis names. Faults `policy-engine` for one that is not here. */
export function openPolicyPart({ genesis, net, parameters }: OpenedGenesis): PolicyPart {
  const { crypto } = offline
  const [founder] = genesis.voters
  if (genesis.capsule === undefined || founder === undefined) return NO_POLICY
  const engine = openPolicyEngine()
  const bundle = defaultCapsule(founder, engine)
  if (!bundle.ok) throw new FaultError('policy-engine', bundle.error.message)
  const cid = capsuleCid(bundle.value.capsule, crypto.sha256)
  if (cid.toString() !== genesis.capsule) {
    throw new FaultError(
      'policy-engine',
      `the capsule ${genesis.capsule} of this network does not come with canswarm`,
    )
  }
  const shelf = new CapsuleShelf({
    crypto,
    engine,
    net,
    gasMax: parameters.policyGasMax,
    genesisCapsule: cid,
  })
  const checked = shelf.add(bundle.value)
  if (!checked.ok) throw new FaultError('policy-engine', checked.error.message)
  let append: (lines: readonly LineDraft[]) => void = () => undefined
  const record = (...line: Parameters<typeof draftPolicy>): void => append([draftPolicy(...line)])
  const gates = new PolicyGates({ shelf, sha256: crypto.sha256, record })
  return {
    judge: rememberingJudge(entryJudge(new Map([[genesis.capsule, checked.value]]), crypto.sha256)),
    gates: {
      author: { capsule: () => cid, preflight: (drafts) => gates.preflight(drafts) },
      async commit(read, used) {
        const usage = used?.gas === undefined ? undefined : { gas: used.gas, bytes: used.bytes }
        const [passed] = await gates.commitGate([{ read, used: usage }])
        return passed ?? ok(undefined)
      },
    },
    ingress: (batch, isJournalled) => throughIngress(gates, batch, cid, isJournalled),
    bundle: encodeBundle(bundle.value),
    readTo: (to) => {
      append = to
    },
    close: () => engine.close(),
  }
}

const NO_POLICY: PolicyPart = {
  judge: () => ok(undefined),
  gates: undefined,
  ingress: (batch) => Promise.resolve(batch),
  bundle: undefined,
  readTo: () => undefined,
  close: () => Promise.resolve(),
}

async function throughIngress(
  gates: PolicyGates,
  batch: VerifiedBatch,
  threadCapsule: CID,
  isJournalled: (sender: Did) => boolean,
): Promise<VerifiedBatch> {
  const good = batch.items.flatMap((item): Envelope[] => (item.ok ? [item.value] : []))
  const arrivals = good.map((read) => ({
    read,
    threadCapsule,
    isJournalled: isJournalled(read.body.sender),
  }))
  const passed = await gates.ingress(arrivals)
  let at = 0
  const items = batch.items.map((item) => {
    if (!item.ok) return item
    const verdict = passed[at++]
    return verdict === undefined || verdict.ok ? item : err({ id: item.value.id, rejection: verdict.error })
  })
  return { ...batch, items }
}
