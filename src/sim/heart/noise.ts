import { encodeBucketCommand } from '../../codec/entry/bucket-command.ts'
import { encodeHubCommand } from '../../codec/entry/hub-command.ts'
import { decodeItem, HUB } from '../../codec/entry/item.ts'
import { slotOfItem } from '../../codec/entry/slot-of-item.ts'
import { cidOfId } from '../../core/bucket/need-turn.ts'
import { NEED_STATES } from '../../core/bucket/transitions.ts'
import type { Chance } from '../raft/chance.ts'
import { Violation } from '../raft/violation.ts'
import type { Stage } from './stage.ts'

/**
 * What a lying leader or a stranger makes a group swallow: commands that are not lawful now, commands of the past again, and
 * bytes that are none. Each is refused the same way everywhere, or was lawful after all; a refusal changes nothing.
 */
export function makeNoise(stage: Stage, needs: readonly string[], chance: Chance): void {
  const machine = chance.is(0.2) ? HUB : stage.network.buckets[chance.below(stage.network.buckets.length)]
  if (machine === undefined) return
  if (chance.is(0.2)) repeatEffect(stage, HUB, chance)
  else swallow(stage, machine, needs, chance)
}

function swallow(stage: Stage, machine: number, needs: readonly string[], chance: Chance): void {
  const command = chance.pick([unlawful, unlawful, repeated, flipped, raised, fenced])(
    stage,
    machine,
    needs,
    chance,
  )
  if (command === undefined || isHeld(stage, machine, command)) return
  const before = stage.network.group(machine).machine.hash().toHex()
  const verdict = stage.network.propose(machine, command)
  const after = stage.network.group(machine).machine.hash().toHex()
  if (verdict.kind === 'rejected' && before !== after) {
    throw new Violation('refusal', `a command that was refused with ${verdict.code} changed the state`)
  }
}

/** What names a slot that is not there yet waits outside of the log, on every node. */
function isHeld({ slot }: Stage, machine: number, command: Uint8Array): boolean {
  return machine !== HUB && slotOfItem({ kind: 'command', command }) > slot
}

type Noise = (
  stage: Stage,
  machine: number,
  needs: readonly string[],
  chance: Chance,
) => Uint8Array | undefined

/** Any entry that could be proposed for a need, whatever its state is, and sometimes under another fence. */
const unlawful: Noise = (stage, machine, needs, chance) => {
  const here = needs.filter((id) => stage.bucketOf(id) === machine)
  if (machine === HUB || here.length === 0) return undefined
  const state = chance.pick(NEED_STATES)
  const all = [...stage.leader(machine).candidates(chance.pick(here), stage.slot, state)]
  if (all.length === 0) return undefined
  const command = chance.pick(all)
  return encodeBucketCommand(
    command.kind === 'decide' && chance.is(0.5)
      ? { ...command, fence_epoch: Math.max(0, command.fence_epoch - 1) }
      : command,
  )
}

/** The fence is raised just before a DECIDE that was made under the old one comes: refused, whatever else speaks for it. */
export function overtakeDecide(stage: Stage, need: string, chance: Chance): void {
  const bucket = stage.bucketOf(need)
  if (bucket === undefined) return
  const late = [...stage.leader(bucket).candidates(need, stage.slot)].filter(({ kind }) => kind === 'decide')
  const fence = late.length === 0 ? undefined : raised(stage, bucket, [], chance)
  if (fence === undefined) return
  stage.network.propose(bucket, fence)
  for (const command of late) stage.network.propose(bucket, encodeBucketCommand(command))
}

/** A DECIDE that was lawful before the fence was raised. */
const fenced: Noise = (stage, machine, needs, chance) => {
  const here = needs.filter((id) => stage.bucketOf(id) === machine)
  if (machine === HUB || here.length === 0) return undefined
  for (const command of stage.leader(machine).candidates(chance.pick(here), stage.slot)) {
    if (command.kind !== 'decide' || command.fence_epoch === 0) continue
    return encodeBucketCommand({ ...command, fence_epoch: command.fence_epoch - 1 })
  }
  return undefined
}

/** A majority, or governance, raises the fence of a bucket: lawful. */
const raised: Noise = (stage, machine, _needs, chance) => {
  if (machine === HUB) return governed(stage, chance)
  const epoch = stage.bucket(machine).records.get('bucket', '')?.fenceEpoch ?? 0
  const body = {
    v: 1 as const,
    generation: 0,
    bucket: machine,
    fence_epoch: epoch + 1,
    reason: 'suspected split',
  }
  const raises = stage.voters.map((voter) => voter.state('fence-raise', body))
  const [first] = stage.voters
  return first === undefined
    ? undefined
    : encodeBucketCommand({ v: 1, kind: 'fence', bucket: machine, slot: stage.slot, by: first.did, raises })
}

/** Challenges that wait for people. */
function reviewsOf(stage: Stage) {
  return stage.network.buckets.flatMap((bucket) => {
    const { records } = stage.bucket(bucket)
    return records.keys('challenges').flatMap((key) => {
      if (records.get('challenges', key)?.state !== 'review') return []
      const [need = '', challenge = ''] = key.split(' ')
      return [{ need: cidOfId(need), challenge: cidOfId(challenge) }]
    })
  })
}

/** Here all voters govern. */
function governed(stage: Stage, chance: Chance): Uint8Array | undefined {
  const { buckets } = stage.network
  if (buckets.length === 0) return undefined
  const nonce = (stage.hub.records.get('network', 'all')?.nonce ?? 0) + 1
  const reviews = reviewsOf(stage)
  const act =
    reviews.length > 0 && chance.is(0.7)
      ? {
          kind: 'review' as const,
          ...chance.pick(reviews),
          outcome: chance.pick(['upheld', 'rejected'] as const),
        }
      : { kind: 'fence' as const, bucket: chance.pick(buckets), reason: 'reconcile' }
  const body = { v: 1 as const, nonce, act }
  const votes = stage.voters.map((voter) => ({ voter: voter.did, s: voter.state('governance-vote', body).s }))
  return encodeHubCommand({ v: 1, kind: 'govern', slot: stage.slot, body, votes })
}

const repeated: Noise = (stage, machine, _needs, chance) => {
  const log = stage.network.log(machine)
  const item = log.length === 0 ? undefined : decodeItem(chance.pick(log).item)
  return item?.ok === true && item.value.kind === 'command' ? item.value.command : undefined
}

const flipped: Noise = (stage, machine, needs, chance) => {
  const bytes = repeated(stage, machine, needs, chance)?.slice()
  if (bytes === undefined) return undefined
  const at = chance.below(bytes.length)
  bytes[at] = (bytes[at] ?? 0) ^ (1 << chance.below(8))
  return bytes
}

/** An effect of the past again, as a liar would have it applied: the machine itself must refuse it or change nothing. */
function repeatEffect({ network }: Stage, machine: number, chance: Chance): void {
  const group = network.group(machine)
  if (group.size === 0) return
  const item = decodeItem(chance.pick(group.log).item)
  if (!item.ok || item.value.kind !== 'received') return
  const before = group.machine.hash().toHex()
  const verdict = group.apply(item.value)
  if (verdict.kind === 'applied' && machine === HUB)
    throw new Violation('once', 'an effect was applied twice')
  if (verdict.kind === 'rejected' && before !== group.machine.hash().toHex()) {
    throw new Violation('refusal', 'an effect that was refused changed the state')
  }
}
