import type { BundleBlock } from '../codec/bundle/block.ts'
import type { ReadBlock } from '../codec/bundle/read-bundle.ts'
import { nameOfItem } from './folded-item.ts'

/** The order in which blocks of a file stand. */
export const STAGES: Readonly<Record<BundleBlock['kind'], number>> = {
  genesis: 1,
  voters: 2,
  capsule: 3,
  hub: 4,
  'hub-item': 5,
  bucket: 6,
  item: 6,
  'bucket-item': 6,
  end: 6,
  plans: 7,
  content: 8,
}

/** What stands once. */
export const ONCE: ReadonlySet<string> = new Set(['genesis', 'hub', 'plans'])

/** What stands there, for people. */
export function eventOf(read: ReadBlock, bucket: number | undefined): string {
  if (read.kind !== 'block') return read.kind
  const { block } = read
  if ('item' in block) {
    const log = block.kind === 'hub-item' ? 'the hub' : `bucket ${bucket ?? '?'}`
    return `${nameOfItem(block.item)}, leaf ${block.at} of ${log}`
  }
  if (block.kind === 'end') return `end of need ${block.need.toString()}`
  return block.kind === 'bucket' ? `bucket ${block.bucket}` : block.kind
}
