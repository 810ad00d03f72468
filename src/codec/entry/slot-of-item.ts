import { decodeBucketCommand } from './bucket-command.ts'
import { decodeToBucket, type ToBucket } from './effect.ts'
import type { GroupItem } from './item.ts'

/**
 * The highest slot that an item of a bucket's log names: a replica applies it once it holds that slot, so that those which
 * are at different places of the hub's log never disagree. 0 for what names none, or cannot be read and is refused.
 * Source: consensus.md, "Time and chance: slots".
 */
export function slotOfItem(item: GroupItem): number {
  if (item.kind === 'command') {
    const command = decodeBucketCommand(item.command)
    return command.ok ? command.value.slot : 0
  }
  const effect = decodeToBucket(item.body)
  return effect.ok ? slotOfEffect(effect.value) : 0
}

function slotOfEffect(effect: ToBucket): number {
  if (effect.kind === 'open') return Math.max(effect.slot, effect.plan.slot, effect.result?.slot ?? 0)
  if (effect.kind === 'seated') return Math.max(effect.answered, effect.slot)
  return effect.kind === 'paid' ? 0 : effect.slot
}
