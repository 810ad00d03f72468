import { envelopeIdOf } from '../../codec/cid.ts'
import { decodeBucketCommand } from '../../codec/entry/bucket-command.ts'
import { envelopesOfCommand } from '../../codec/entry/envelopes-of.ts'
import { decodeItem } from '../../codec/entry/item.ts'
import type { World } from '../../core/records/world.ts'
import type { LogArchive } from './log-keeper.ts'
import type { NeedIndex } from './need-index.ts'
import type { NeedPools } from './need-pools.ts'

/**
 * After a restart: what the logs of buckets say of needs whose history is not closed, as if it had been heard. What was
 * heard and no entry carried is lost; whoever said it says it again.
 */
export function recall(archive: LogArchive, index: NeedIndex, pools: NeedPools, world: World): void {
  const open = new Map(index.open())
  for (const bucket of new Set(open.values())) {
    for (const record of archive.records(bucket)) {
      const item = record.kind === 'item' ? decodeItem(record.item) : undefined
      if (item?.ok !== true) continue
      index.note(item.value)
      const command = item.value.kind === 'command' ? decodeBucketCommand(item.value.command) : undefined
      if (command?.ok !== true || !('need' in command.value)) continue
      const need = envelopeIdOf(command.value.need)
      if (!open.has(need)) continue
      for (const field of envelopesOfCommand(command.value)) {
        const envelope = world.openEnvelope(field, Number.MAX_SAFE_INTEGER)
        if (!envelope.ok) continue
        pools.add(need, 'open', envelope.value, field, command.value.slot)
        pools.of(need).carried([envelope.value.id])
      }
    }
  }
}
