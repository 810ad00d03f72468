import { concatBytes } from '../../codec/bytes.ts'
import { type Certificate, decodeCertificate } from '../../codec/certificate/certificate.ts'
import { encodeEffect, type ToBucket, type ToHub } from '../../codec/entry/effect.ts'
import { type EffectProof, encodeItem, type GroupItem, HUB } from '../../codec/entry/item.ts'
import { slotOfItem } from '../../codec/entry/slot-of-item.ts'
import { wantsCertificate } from '../../core/certificate/sealing-rule.ts'
import { ALL } from '../../core/ledger/tables.ts'
import { decodeState, encodeState } from '../../core/records/encode-state.ts'
import { StateHash } from '../../core/records/state-hash.ts'
import type { Records } from '../../core/records/tables.ts'
import type { Shape, Step, Write } from '../../core/records/view.ts'
import { commandItem } from '../../core/replica/leaf-items.ts'
import { checkConservation } from '../../core/system/conservation.ts'
import type { HubTables } from '../../core/system/tables.ts'
import { groupOfMachine, type LogMachine, type Machines, machineOfGroup } from '../../core/witness/machine.ts'
import { assert } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import type { GroupId } from '../../model/raft.ts'
import { reject } from '../../model/rejection.ts'
import type { Verdict } from '../../model/replicated.ts'
import { ok } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type {
  AppliedAt,
  CertifiedItem,
  EffectAt,
  MachineStep,
  StateMachine,
} from '../../ports/state-machine.ts'
import type { SlotBook } from './slot-book.ts'

/** A machine's state as a host holds it. */
export interface HostedState {
  readonly records: Records<Shape>
  readonly hash: StateHash<Shape>
}

/** What a step made of an item, for whoever follows a machine. Its writes are not in the state yet. */
export interface SteppedItem {
  readonly machine: number
  readonly item: GroupItem
  readonly verdict: Verdict
  /** Name of what the item is about: a need's id, `slot/<n>`. */
  readonly subject: string | undefined
}

export interface HostedMachineDeps {
  readonly machines: Machines
  /** Of a group that has no certificates: those of genesis. */
  readonly voters: readonly Did[]
  readonly slots: SlotBook
  readonly sha256: Sha256
  readonly onStep: (step: SteppedItem) => void
}

type HostedMachine = StateMachine<HostedState, Write<Shape>>
type Body = ToBucket | ToHub

const NOTHING = new Uint8Array(0)
const ANSWERED: MachineStep<never> = {
  writes: [],
  verdict: { kind: 'applied', result: NOTHING },
  effects: [],
}

/**
 * The machine of the hub or of a bucket, as a raft host drives it: bytes in, bytes out, with the item that stands in
 * its log and what it is about. Credits are counted after every write of the hub: where they do not add up, the group
 * stops. Source: architecture.md, "The one idea"; lifecycle.md, "Where facts live".
 */
export function hostedMachine(group: GroupId, deps: HostedMachineDeps): HostedMachine {
  const machine = machineOfGroup(group)
  const one = (machine === HUB ? deps.machines.hub : deps.machines.bucket(machine)) as LogMachine<Body>
  const run = (state: HostedState, item: GroupItem, encoded: Uint8Array, at: AppliedAt) => {
    const { slots, onStep } = deps
    const { position, voters = deps.voters } = at
    const slot = (n: number) => slots.get(n)
    const step = one.apply(state.records, item, encoded, { position, voters, slot })
    onStep({ machine, item, verdict: step.verdict, subject: step.subject?.name })
    return machineStep(step, encoded, wantsCertificate(machine === HUB, step, slotMsOf(machine, state)))
  }
  return {
    empty: () => hosted(one.open(), deps.sha256),
    isReady: (_, body, kind) => machine === HUB || slotOfBody(body, kind) <= deps.slots.last,
    step(state, command, at: AppliedAt) {
      return run(state, { kind: 'command', command }, commandItem(command), at)
    },
    effect(state, body, { source, number, proof, ...at }: EffectAt) {
      const received = { kind: 'received' as const, source: machineOfGroup(source), n: number, body }
      const item = proof === undefined ? received : { ...received, proof: effectProof(proof) }
      return run(state, item, encodeItem(item), at)
    },
    answered: () => ANSWERED,
    write({ records }, writes) {
      records.apply(writes)
      if (machine !== HUB) return
      deps.slots.noteWrites(writes)
      checkConservation(records as unknown as Records<HubTables>)
    },
    hash: ({ hash }) => hash.current(),
    encode: ({ records }) => joinParts(encodeState(records)),
    decode(_, bytes, areChecked) {
      const parts = splitParts(bytes)
      if (parts === undefined) return reject('MALFORMED', 'a state is a list of parts')
      const decoded = decodeState<Shape>(parts, areChecked)
      if (!decoded.ok) return decoded
      if (machine === HUB) deps.slots.noteState(decoded.value)
      return ok(hosted(decoded.value, deps.sha256))
    },
  }
}

function hosted(records: Records<Shape>, sha256: Sha256): HostedState {
  return { records, hash: new StateHash(records, sha256) }
}

/** By the hub's parameters; no bucket has them. */
function slotMsOf(machine: number, { records }: HostedState): number | undefined {
  if (machine !== HUB) return undefined
  const settings = records.get('settings', ALL) as HubTables['settings'] | undefined
  return settings?.parameters.slotMs
}

function machineStep(
  { writes, verdict, effects, subject }: Step<Shape, Body>,
  item: Uint8Array,
  seal: boolean,
): MachineStep<Write<Shape>> {
  const sent = effects.map(({ target, body }) => ({
    target: groupOfMachine(target === 'hub' ? HUB : target),
    body: encodeEffect(body),
  }))
  const step = { writes, verdict, effects: sent, item, seal }
  return subject === undefined ? step : { ...step, subject }
}

function slotOfBody(body: Uint8Array, kind: 'command' | 'effect'): number {
  return slotOfItem(
    kind === 'command' ? { kind, command: body } : { kind: 'received', source: HUB, n: 1, body },
  )
}

/** One certificate proves all effects of a batch, and often several batches. */
const decodedOnce = new WeakMap<Uint8Array, Certificate>()

function effectProof({ certificate: bytes, position, leaf, path }: CertifiedItem): EffectProof {
  const known = decodedOnce.get(bytes)
  if (known !== undefined) return { certificate: known, index: position, leaf, path }
  const decoded = decodeCertificate(bytes)
  assert(decoded.ok, 'a certificate that was checked before')
  decodedOnce.set(bytes, decoded.value)
  return { certificate: decoded.value, index: position, leaf, path }
}

const LENGTH_BYTES = 4

/** Each part behind its length: u32, little-endian. */
function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(
    ...parts.flatMap((part) => {
      const length = new Uint8Array(LENGTH_BYTES)
      new DataView(length.buffer).setUint32(0, part.length, true)
      return [length, part]
    }),
  )
}

function splitParts(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    if (at + LENGTH_BYTES > bytes.length) return undefined
    const length = view.getUint32(at, true)
    at += LENGTH_BYTES
    if (at + length > bytes.length) return undefined
    parts.push(bytes.subarray(at, at + length))
    at += length
  }
  return parts
}
