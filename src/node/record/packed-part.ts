import { concatBytes } from '../../codec/bytes.ts'
import type { CarriedEnvelope, Part, PartSum } from '../../replay/parts.ts'

/** Views, one behind the other in one array: a view that is sent to a thread takes along all that it is a view of. */
export interface PackedViews {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly lengths: readonly number[]
}

/** A part on its way to a thread. */
export interface PackedPart extends Omit<Part, 'blocks'> {
  readonly blocks: PackedViews
}

/** What it came to, on its way back. */
export interface PackedSum extends Omit<PartSum, 'carried'> {
  readonly headers: readonly CarriedEnvelope['header'][]
  /** Places in `headers` of those that have a body, and the bodies. */
  readonly bodiesOf: readonly number[]
  readonly bodies: PackedViews
}

export function packPart({ blocks, ...part }: Part): PackedPart {
  return { ...part, blocks: packViews(blocks) }
}

export function unpackPart({ blocks, ...part }: PackedPart): Part {
  return { ...part, blocks: unpackViews(blocks) }
}

export function packSum({ carried, ...sum }: PartSum): PackedSum {
  const withBody = carried.flatMap(({ body }, at) => (body === undefined ? [] : [{ at, body }]))
  return {
    ...sum,
    headers: carried.map(({ header }) => header),
    bodiesOf: withBody.map(({ at }) => at),
    bodies: packViews(withBody.map(({ body }) => body)),
  }
}

export function unpackSum({ headers, bodiesOf, bodies, ...sum }: PackedSum): PartSum {
  const views = unpackViews(bodies)
  const bodyAt = new Map(bodiesOf.map((at, n) => [at, views[n]]))
  return { ...sum, carried: headers.map((header, at) => ({ header, body: bodyAt.get(at) })) }
}

export function packViews(views: readonly Uint8Array[]): PackedViews {
  const bytes = concatBytes(...views) as Uint8Array<ArrayBuffer>
  return { bytes, lengths: views.map(({ length }) => length) }
}

export function unpackViews({ bytes, lengths }: PackedViews): readonly Uint8Array[] {
  let at = 0
  return lengths.map((length) => {
    at += length
    return bytes.subarray(at - length, at)
  })
}
