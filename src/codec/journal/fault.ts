/** Why a line of a journal is not what its node wrote there. */
export type LineReason =
  /** Over LINE_BYTES_MAX. */
  | 'too-long'
  | 'not-utf8'
  /** Not the template: keys, their order, numbers, hashes, an unknown kind. */
  | 'not-a-line'
  /** The data is not JSON, or not of the kind's shape. */
  | 'bad-data'
  /** Not the number after the line before: a line was taken out, put in, doubled or moved. */
  | 'wrong-number'
  /** The line, or its chain field, was changed. */
  | 'wrong-chain'
  /** `hash` is not the SHA-256 of the data or body in the line, or `id` names another body. */
  | 'wrong-hash'
  /** First line of a segment that is no `open`, an `open` elsewhere, or one of another node, network or place. */
  | 'wrong-header'
  /** The segment is of a format that this version cannot read. */
  | 'version'
  /** The seal is over something else than the line before. */
  | 'wrong-seal'
  | 'bad-signature'
  /** The line does not end with a newline, and more follows. */
  | 'line-end'

export interface LineFault {
  readonly reason: LineReason
  /** For people. */
  readonly message: string
}

export function lineFault(reason: LineReason, message: string): LineFault {
  return { reason, message }
}
