const SEGMENT = /^(\d{8})\.jsonl$/
const KEPT = /^(\d{8})\.torn-(\d{1,9})$/

/** `00000017.jsonl` */
export function segmentName(segment: number): string {
  return `${digits(segment)}.jsonl`
}

/** Number of the segment that a file is; undefined for every other file. */
export function segmentOf(name: string): number | undefined {
  const [, number] = SEGMENT.exec(name) ?? []
  return number === undefined || Number(number) === 0 ? undefined : Number(number)
}

/** `00000017.torn-2` */
export function keptName(segment: number, piece: number): string {
  return `${digits(segment)}.torn-${piece}`
}

/** Segment and number of a piece that was put aside; undefined for every other file. */
export function keptOf(name: string): readonly [segment: number, piece: number] | undefined {
  const [, segment, piece] = KEPT.exec(name) ?? []
  return segment === undefined ? undefined : [Number(segment), Number(piece)]
}

function digits(segment: number): string {
  return String(segment).padStart(8, '0')
}
