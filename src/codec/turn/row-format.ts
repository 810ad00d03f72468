/**
 * A row, version 1. Integers are little-endian, u64 at most 2^53 - 1; `[n]` is a u32 and so many bytes.
 *
 *     u8  version
 *     u64 turn
 *     u32 parts, each:  u32 group, u32 bytes, u32 checksum of the part
 *     u32 checksum of all of the above
 *     the parts, one after the other, and nothing after the last
 *
 * A part:
 *
 *     u8  what is there (PART)
 *     head:        u64 term, u64 vote (0: none), u64 commit, u64 floor, u64 its term, u64 last
 *     checkpoint:  u8 kind, u64 applied, u64 term, u32 chunks, u64 bytes, u64 stage, [head],
 *                  4 times u32 count and so many u64 (voters, learners, outgoing, learnersNext), u8 autoLeave
 *     entries:     u64 first index, u32 count, each: u64 term, u8 kind, [data]
 *     notes:       u32 count, each: u8 kind, [bytes]
 */
export const ROW_VERSION = 1

export const DIRECTORY_ITEM_BYTES = 4 + 4 + 4
export const CHECKSUM_BYTES = 4

/** Bits of what a part has. */
export const PART = { forget: 1, head: 2, checkpoint: 4, entries: 8, notes: 16 } as const
export const PART_BITS = 31

/** Numbers of the kinds of checkpoints are their places. */
export const CHECKPOINT_KINDS = ['own', 'snapshot'] as const

export const HEAD_BYTES = 6 * 8
/** Of an entry, without its data. */
export const ENTRY_HEAD_BYTES = 8 + 1 + 4
/** Of a note, without its bytes. */
export const NOTE_HEAD_BYTES = 1 + 4
