import type { CID } from 'multiformats/cid'
import type { Did } from '../model/ids.ts'

/** Content of at most so many bytes is one raw block; longer content is a UnixFS file. */
export const RAW_CONTENT_BYTES_MAX = 1_048_576

/** What others may make a node fetch, in bytes. Source: lifecycle.md, "Availability". */
export const FETCHED_CONTENT_BYTES_MAX = 67_108_864

export interface GetContentOptions {
  /** Content longer than this is refused, of a file before more than its first block was fetched. Integer from 0. */
  readonly bytesMax: number
  /** How long peers are asked for what is not here. 30 s when it is not said. */
  readonly timeoutMs?: number
  /** Who is said to have it, likeliest first: asked before other connected peers. At most 16 are. */
  readonly from?: readonly Did[]
  /** Aborted: the promise rejects with its reason, and nobody is asked any more. */
  readonly signal?: AbortSignal
}

/** Content that is wholly or partly here. */
export interface KeptContent {
  readonly cid: CID
  /** Bytes of the content, without the blocks that join a file's parts. */
  readonly size: number
  /** Wall clock, milliseconds: put, fetched, or its last pin taken away, whichever was last. */
  readonly atMs: number
  /** Owners of its pins, ascending; empty: garbage after its retention. */
  readonly owners: readonly string[]
}

export interface ContentPage {
  /** At most 1,000; all of them when it is not said. */
  readonly limit?: number
  /** The last CID of the page before. */
  readonly after?: CID
}

export interface ContentUsage {
  /** Bytes and number of all blocks. */
  readonly bytes: number
  readonly blocks: number
  /** Contents by `ls`, and those of them with a pin. */
  readonly contents: number
  readonly pinned: number
  readonly quotaBytes: number
  /** Blocks that were found damaged, and dropped, since the store was opened. */
  readonly damaged: number
}

/** What of the unpinned is kept. Source: plan-and-storage.md, "Content store" (strategies). */
export type Retention =
  | { readonly keep: 'all' }
  /** What is not older than this. 0: nothing. */
  | { readonly keep: 'recent'; readonly ms: number }
  /** The youngest, as long as all blocks together have at most so many bytes. */
  | { readonly keep: 'size'; readonly bytesMax: number }

export interface CollectedContent {
  readonly contents: number
  readonly blocks: number
  readonly bytes: number
}

export interface VerifiedContent {
  readonly blocks: number
  /** Files of blocks whose bytes were not those of their name: dropped. */
  readonly damaged: readonly string[]
  /** Contents of which a block is missing now, the damaged ones' too. */
  readonly incomplete: readonly CID[]
}

/**
 * Content by its CID: raw blocks, dag-cbor blocks, UnixFS files, all of sha2-256. What a call has answered is on disk.
 * Faults: `store-full` before anything is written or lost, when quota or disk have no room (reads go on);
 * `store-io`; `store-locked` when another process has it. Source: plan-and-storage.md, "Content store".
 */
export interface ContentStore {
  /** Keeps bytes: one raw block, or above 1 MiB a UnixFS file. Putting the same again is a no-op. No pin by itself. */
  put(bytes: Uint8Array): Promise<CID>
  /** Keeps one canonical dag-cbor block of at most 1 MiB (asserted). */
  putDagCbor(bytes: Uint8Array): Promise<CID>
  /**
   * The content, checked against its CID: from here, else from peers, and then kept here. A damaged block is dropped
   * and fetched again. Faults `content-not-found` when it is not here and there is nobody to ask, `content-timed-out`
   * when nobody gave it in time, `content-too-large`, `content-malformed` for what is no file or no link of ours.
   */
  get(cid: CID, options: GetContentOptions): Promise<Uint8Array>
  /** As `get`, but the bytes are not handed over: the content's size, once every block of it is here and was checked. */
  fetch(cid: CID, options: GetContentOptions): Promise<number>
  /** True when every block of it is here; bytes are not read. */
  has(cid: CID): Promise<boolean>
  /**
   * Keeps content from being collected until this owner is gone; whether it is here already or comes later. The owner is
   * a text of 1 to 256 visible characters such as `need/<id>`. Again: no-op.
   */
  pin(cid: CID, owner: string): Promise<void>
  /** Takes an owner's pin away, of one content or of all that it pinned; no-op where there is none. */
  unpin(owner: string, cid?: CID): Promise<void>
  /** Owners of pins that begin with this text, ascending. */
  owners(prefix: string): readonly string[]
  /** What an owner pins, ascending by CID text. */
  pinsOf(owner: string): readonly CID[]
  /** Ascending by CID text. */
  ls(page?: ContentPage): readonly KeptContent[]
  usage(): ContentUsage
  /** Removes what is not pinned and not retained, and blocks that nothing refers to. Never what a call is about to keep. */
  gc(retention?: Retention): Promise<CollectedContent>
  /** Reads every block. */
  verify(): Promise<VerifiedContent>
  /**
   * Copies what it knows of its blocks into a directory, and removes none of them until `copy` is over, which is called once
   * nothing is being removed, and told when that is copied. Without it a copy of the blocks is one of which nobody knows what
   * they are. Faults `store-io`, `store-full`, and what `copy` throws.
   */
  whileCopied(directory: string, copy: (isIndexCopied: Promise<void>) => Promise<void>): Promise<void>
  /** Ends what is under way and lets go of the directory; may be called twice. */
  close(): Promise<void>
}
