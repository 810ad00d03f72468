/** Bounds of an export file; a reader refuses more with TOO_LARGE. */

/** Largest block: an item with its leaf and path, or content of a need. */
export const BLOCK_BYTES_MAX = 4_194_304
/** Entries of all lists, keys and values of one block. */
export const BLOCK_ITEMS_MAX = 524_288
/** Bytes are a third larger in JSON, and texts may be escaped. */
export const LINE_BYTES_MAX = 2 * BLOCK_BYTES_MAX
/** Links of one index block. */
export const PART_LINKS_MAX = 1_024
/** Index blocks: with the above sixteen million blocks. */
export const PARTS_MAX = 16_384
export const BLOCKS_MAX = PART_LINKS_MAX * PARTS_MAX
