/** Source: protocol.md, "Envelope"; "Signed types". Fixed: part of the wire format. */

/** Most bytes of an encoded payload. */
export const PAYLOAD_BYTES_MAX = 65_536

/** Room for everything of a body but its payload: 653 bytes are used at most. */
const BODY_HEADER_BYTES_MAX = 1_024

/** Most bytes of a body; checked before it is read. */
export const BODY_BYTES_MAX = PAYLOAD_BYTES_MAX + BODY_HEADER_BYTES_MAX

/** Entries, keys and values of a body: twice what the largest lawful payload has. Bounds the cost of refusing. */
export const BODY_ITEMS_MAX = 8_192

/**
 * Most bytes of an envelope in its single form: root, signature, `by` and a path of 16 levels take under 1 KiB. The
 * specification's 1,048,576 is thereby kept, since no payload comes near it.
 */
export const ENVELOPE_BYTES_MAX = BODY_BYTES_MAX + 1_024

/** Most ids in `prev`. */
export const PREV_MAX = 8

/** Most bodies of a batch as it travels; a tree may have 65,536. */
export const BATCH_BODIES_MAX = 1_024

/** Most bytes of a batch as it travels. */
export const BATCH_BYTES_MAX = 4_194_304
