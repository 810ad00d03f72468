import { decodeItemLeaf } from '../../codec/certificate/leaf.ts'
import { envelopeIdOf } from '../../codec/cid.ts'
import { decodeBucketCommand } from '../../codec/entry/bucket-command.ts'
import { envelopesOfCommand } from '../../codec/entry/envelopes-of.ts'
import { decodeItem, HUB } from '../../codec/entry/item.ts'
import type { World } from '../../core/records/world.ts'
import type { LogArchive } from './log-keeper.ts'
import type { NeedIndex } from './need-index.ts'
import { itemsOf } from './need-items.ts'
import type { NeedPools } from './need-pools.ts'

/**
 * After a restart, or a snapshot of one bucket (`only`): what the logs of buckets say of needs whose history is not closed,
 * as if it had been heard. What was heard and no entry carried is lost; whoever said it says it again.
 */
export function recall(
  archive: LogArchive,
  index: NeedIndex,
  pools: NeedPools,
  world: World,
  only?: number,
): void {
  const open = Map.groupBy(index.open(), ([, bucket]) => bucket)
  for (const [bucket, inIt] of open) {
    if (only !== undefined && bucket !== only) continue
    const needs = new Set(inIt.map(([need]) => need))
    for (const item of itemsOf(archive, bucket, needs)) {
      index.note(item)
      if (item.kind === 'command') hearCarried(item.command, pools, world, (need) => needs.has(need))
    }
  }
}

/** The envelopes of a bucket's command, as if they had been heard before it carried them. */
export function hearCarried(
  encoded: Uint8Array,
  pools: NeedPools,
  world: World,
  isWanted: (need: string) => boolean,
): void {
  const command = decodeBucketCommand(encoded)
  if (!command.ok || !('need' in command.value)) return
  const need = envelopeIdOf(command.value.need)
  if (!isWanted(need)) return
  for (const field of envelopesOfCommand(command.value)) {
    const envelope = world.openEnvelope(field, Number.MAX_SAFE_INTEGER)
    if (!envelope.ok) continue
    pools.add(need, 'open', envelope.value, field, command.value.slot)
    pools.of(need).carried([envelope.value.id])
  }
}

/** Commands that the log of the hub says were applied, from a leaf on. */
export function* hubCommandsSince(archive: LogArchive, from: number): Generator<Uint8Array> {
  let leaf = -1
  for (const record of archive.records(HUB)) {
    if (record.kind !== 'certificate') leaf++
    if (leaf < from || record.kind !== 'item') continue
    const [read, item] = [decodeItemLeaf(record.leaf), decodeItem(record.item)]
    if (read.ok && read.value.applied && item.ok && item.value.kind === 'command') yield item.value.command
  }
}
