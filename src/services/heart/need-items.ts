import { decodeItemLeaf } from '../../codec/certificate/leaf.ts'
import { decodeToBucket } from '../../codec/entry/effect.ts'
import { decodeItem, type GroupItem } from '../../codec/entry/item.ts'
import type { LogArchive } from './log-keeper.ts'

/**
 * Items of these needs' histories in a bucket's log, in order. The log is read from its end, and only as far as the oldest of
 * them began: a node that starts is not kept by all that is over.
 */
export function itemsOf(
  archive: Pick<LogArchive, 'count' | 'kind' | 'record'>,
  bucket: number,
  needs: ReadonlySet<string>,
): readonly GroupItem[] {
  const found: GroupItem[] = []
  const left = new Set(needs)
  for (let at = archive.count(bucket) - 1; at >= 0 && left.size > 0; at--) {
    const record = archive.kind(bucket, at) === 'item' ? archive.record(bucket, at) : undefined
    const need = record?.kind === 'item' ? subjectOf(record.leaf) : undefined
    const item = need !== undefined && needs.has(need) && record?.kind === 'item' && decodeItem(record.item)
    if (!item || !item.ok) continue
    found.push(item.value)
    if (isOpening(item.value)) left.delete(need)
  }
  return found.toReversed()
}

/** Undefined too where the item was refused: that is of no history. */
function subjectOf(leaf: Uint8Array): string | undefined {
  const read = decodeItemLeaf(leaf)
  return read.ok ? read.value.subject?.name : undefined
}

function isOpening(item: GroupItem): boolean {
  if (item.kind !== 'received') return false
  const effect = decodeToBucket(item.body)
  return effect.ok && effect.value.kind === 'open'
}
