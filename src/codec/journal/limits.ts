/** Version of the line format; a new kind or field raises it. */
export const JOURNAL_VERSION = 1

/** Longest line with its newline, in bytes. A longer one is an error to read, and is never written. */
export const LINE_BYTES_MAX = 131_072

/** Longest body that a line carries, in bytes (98,304 as base64); a larger one is named by id and hash. */
export const BODY_INLINE_MAX = 73_728

/** Longest signature form (root, path, s, by) that a line carries, in bytes; a larger one is left out. */
export const SIGNATURE_INLINE_MAX = 4_096

/** Longest free text in a line, in UTF-16 units; a longer one is cut and ends with an ellipsis. */
export const TEXT_CHARS_MAX = 1_024

/** Most texts in a list of a line; further ones are left out. */
export const TEXTS_MAX = 8

/** Highest segment number: eight digits name a segment. */
export const SEGMENT_MAX = 99_999_999
