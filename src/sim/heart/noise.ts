import { encodeBucketCommand } from '../../codec/entry/bucket-command.ts'
import { decodeItem, HUB } from '../../codec/entry/item.ts'
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
  const command = chance.pick([unlawful, repeated, flipped])(stage, machine, needs, chance)
  if (command === undefined) return
  const before = stage.network.group(machine).machine.hash().toHex()
  const verdict = stage.network.propose(machine, command)
  const after = stage.network.group(machine).machine.hash().toHex()
  if (verdict.kind === 'rejected' && before !== after) {
    throw new Violation('refusal', `a command that was refused with ${verdict.code} changed the state`)
  }
}

type Noise = (
  stage: Stage,
  machine: number,
  needs: readonly string[],
  chance: Chance,
) => Uint8Array | undefined

/** Any entry that could be proposed for a need, in whatever state that is. */
const unlawful: Noise = (stage, machine, needs, chance) => {
  const here = needs.filter((id) => stage.bucketOf(id) === machine)
  if (machine === HUB || here.length === 0) return undefined
  const all = [...stage.leader(machine).candidates(chance.pick(here), stage.slot)]
  return all.length === 0 ? undefined : encodeBucketCommand(chance.pick(all))
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
