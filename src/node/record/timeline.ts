import type { BundleBlock } from '../../codec/bundle/block.ts'
import type { Place } from '../../codec/bundle/raw-block.ts'
import { readBundle } from '../../codec/bundle/read-bundle.ts'
import { CID } from '../../codec/cid.ts'
import { type Ipld, isList, isMap } from '../../codec/ipld.ts'
import type { Rejection } from '../../model/rejection.ts'
import { offline } from '../offline.ts'
import { openPieces } from './files.ts'

/** One thing that happened, for people. Nothing of it is checked: replay does that. */
export interface Happening {
  readonly place: Place
  /** `hub`, or the bucket's number. */
  readonly where: string
  readonly what: string
  /** Slot that it names. */
  readonly slot: number | undefined
  readonly need: string | undefined
  /** Who acts: senders of what it carries, or the voter that proposed it. */
  readonly who: readonly string[]
  /** Amounts and outcomes. */
  readonly detail: readonly string[]
}

type Read = { readonly happening: Happening } | { readonly place: Place; readonly rejection: Rejection }

/** What a file tells, in its own order; ends with what is wrong with the file. Faults `store-io`. */
export function* timelineOf(path: string): Generator<Read> {
  let bucket = ''
  for (const read of readBundle(openPieces(path).pieces, offline.crypto.sha256)) {
    if (!read.ok) {
      yield read.error
      return
    }
    const { value } = read
    if (value.kind !== 'block') continue
    if (value.block.kind === 'bucket') bucket = String(value.block.bucket)
    const happening = happeningOf(value.block, value.place, bucket)
    if (happening !== undefined) yield { happening }
  }
}

function happeningOf(block: BundleBlock, place: Place, bucket: string): Happening | undefined {
  if (block.kind === 'end') {
    const what = block.finished ? 'over' : 'not over yet'
    const need = block.need.toString()
    return { place, where: bucket, what, slot: undefined, need, who: [], detail: [block.state] }
  }
  if (!('item' in block)) return undefined
  const inner = innerOf(block.item)
  if (inner === undefined) return undefined
  const { kind, slot, n, need, by } = inner
  const said = envelopesIn(inner)
  const senders = said.map(({ sender }) => sender).filter((sender) => typeof sender === 'string')
  return {
    place,
    where: block.kind === 'hub-item' ? 'hub' : bucket,
    what: typeof kind === 'string' ? kind : 'item',
    slot: numberOf(slot) ?? numberOf(n),
    need: need instanceof CID ? need.toString() : undefined,
    who: senders.length > 0 ? [...new Set(senders)] : typeof by === 'string' ? [by] : [],
    detail: [...said.flatMap(saidDetail), ...movesOf(inner)],
  }
}

type IpldMap = { readonly [key: string]: Ipld }

function innerOf(item: Ipld): IpldMap | undefined {
  const inner = isList(item) ? (item[0] === 0 ? item[1] : item[3]) : undefined
  return inner !== undefined && isMap(inner) ? inner : undefined
}

/** Bodies of the envelopes that it carries. */
function envelopesIn(inner: IpldMap): readonly IpldMap[] {
  return Object.values(inner)
    .flatMap((value) => (isList(value) ? value : [value]))
    .flatMap((value) => {
      const signed = isMap(value) ? value['signed'] : undefined
      return signed !== undefined && isMap(signed) ? [signed] : []
    })
}

const SHOWN = ['label', 'budget', 'verify_bounty', 'cost', 'verdict', 'outcome', 'amount'] as const

function saidDetail({ kind, payload }: IpldMap): readonly string[] {
  const shown = payload !== undefined && isMap(payload) ? payload : {}
  const values = SHOWN.flatMap((key) => (typeof shown[key] === 'string' ? [`${key} ${shown[key]}`] : []))
  return [[textOf(kind), ...values].join(' ')]
}

function movesOf({ moves, outcome, price }: IpldMap): readonly string[] {
  const list = moves !== undefined && isList(moves) ? moves : []
  const moved = list.flatMap((move) =>
    isMap(move) ? [`${textOf(move['what'])} ${textOf(move['amount'])} to ${textOf(move['to'])}`] : [],
  )
  const ended = typeof outcome === 'string' ? [outcome] : []
  return [...ended, ...(typeof price === 'string' && price !== '0' ? [`price ${price}`] : []), ...moved]
}

function textOf(value: Ipld | undefined): string {
  return typeof value === 'string' ? value : '?'
}

function numberOf(value: Ipld | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined
}
