import { unixfs } from '@helia/unixfs'
import { type CID, cidOf, DAG_PB, decodeCid, RAW } from '../../codec/cid.ts'
import { assert } from '../../model/fault.ts'
import { RAW_CONTENT_BYTES_MAX } from '../../ports/content-store.ts'
import type { Sha256 } from '../../ports/crypto.ts'

/** Takes each block of content that is made, in the order in which links need them. */
export type BlockSink = (cid: CID, bytes: Uint8Array) => Promise<void>

/**
 * The blocks of content and the CID of all of it: one raw block up to 1 MiB, above a UnixFS file of 1 MiB parts with raw
 * leaves and at most 1,024 links a block. Source: IPIP-0499, profile unixfs-v1-2025.
 */
export async function contentBlocks(bytes: Uint8Array, sha256: Sha256, sink: BlockSink): Promise<CID> {
  if (bytes.length <= RAW_CONTENT_BYTES_MAX) {
    const cid = cidOf(bytes, sha256, RAW)
    await sink(cid, bytes)
    return cid
  }
  const blockstore: Parameters<typeof unixfs>[0]['blockstore'] = {
    has: () => false,
    get: () => assert(false, 'a file is made from its leaves up') as never,
    put: async (made, block) => {
      const cid = decodeCid(made.bytes)
      assert(cid !== undefined && block instanceof Uint8Array, 'a block that is made is in one piece')
      await sink(cid, block)
      return made
    },
  }
  const made = await unixfs({ blockstore }).addBytes(bytes)
  const cid = decodeCid(made.bytes)
  assert(cid !== undefined && cid.code === DAG_PB, 'a file of more than one block has a dag-pb root')
  return cid
}
