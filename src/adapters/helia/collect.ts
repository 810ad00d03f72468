import { type CID, parseContentCid } from '../../codec/cid.ts'
import type { CollectedContent, Retention } from '../../ports/content-store.ts'
import type { BlockFiles } from './block-files.ts'
import type { BlockName } from './block-name.ts'
import type { ContentIndex, ContentRow } from './content-index.ts'
import { type BlockLook, blocksOf } from './file-content.ts'
import { nameOfCid } from './helia-blocks.ts'
import type { KeptBlocks } from './keeping.ts'

interface Collecting {
  readonly files: BlockFiles
  readonly index: ContentIndex
  readonly kept: KeptBlocks
  readonly look: BlockLook
  readonly nowMs: number
}

/** Contents per read of the index. */
const PAGE = 1_000

/**
 * Forgets contents that are neither pinned nor retained, then removes every block that no content, no pin and no call
 * under way needs. A crash in between leaves blocks that the next run removes. Nobody pins meanwhile.
 */
export async function collect(collecting: Collecting, retention: Retention): Promise<CollectedContent> {
  const { files, index, kept } = collecting
  const dropped = droppedBy(retention, collecting)
  index.forget(dropped.map(({ cid }) => cid))
  const needed = await neededBlocks(collecting)
  let blocks = 0
  let bytes = 0
  for (const name of files.names()) {
    // Asked for each: a call may have begun to need it since. Nothing comes between this look and the removal.
    if (needed.has(name) || kept.has(name)) continue
    bytes += files.removeNow(name)
    blocks++
  }
  return { contents: dropped.length, blocks, bytes }
}

function droppedBy(retention: Retention, { files, index, nowMs }: Collecting): readonly ContentRow[] {
  const unpinned = index.unpinned()
  switch (retention.keep) {
    case 'all':
      return []
    case 'recent':
      return unpinned.filter(({ atMs }) => atMs <= nowMs - retention.ms)
    case 'size': {
      let over = files.usage.bytes - retention.bytesMax
      return unpinned.toReversed().filter(({ size }) => {
        const isDropped = over > 0
        if (isDropped) over -= size
        return isDropped
      })
    }
    default:
      return retention satisfies never
  }
}

async function neededBlocks({ index, look }: Collecting): Promise<ReadonlySet<BlockName>> {
  const needed = new Set<BlockName>()
  for (const root of rootsOf(index)) {
    for await (const { cid } of blocksOf(root, look)) {
      const name = nameOfCid(cid)
      if (name !== undefined) needed.add(name)
    }
  }
  return needed
}

/** What is on record or pinned, each once. */
function rootsOf(index: ContentIndex): readonly CID[] {
  const texts = new Set(index.pinned())
  for (const { cid } of allContents(index)) texts.add(cid)
  return [...texts].flatMap((text) => {
    const cid = parseContentCid(text)
    return cid.ok ? [cid.value] : []
  })
}

/** Contents on record, ascending by CID. */
export function* allContents(index: ContentIndex): Generator<ContentRow> {
  for (let page = index.page('', PAGE); page.length > 0; page = index.page(page.at(-1)?.cid ?? '', PAGE))
    yield* page
}
