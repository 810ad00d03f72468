import fc from 'fast-check'
import { type CID, cidFromDigest, decodeCid } from '../../../src/codec/cid.ts'
import { type Ipld, isReserved } from '../../../src/codec/ipld.ts'

/** Keys that an engine or a codec could stumble over, and what sorts differently in UTF-8 and UTF-16. */
const AWKWARD_KEYS = [
  '',
  '/',
  'bytes',
  '__proto__',
  'constructor',
  'toString',
  'asCID',
  'length',
  '0',
  '10',
  '2',
  '\ue000',
  '\uffff',
  '\u{1f600}',
  '\ufeffkey',
  'ü',
]

const text = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 60 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }).map((tail) => `\ufeff${tail}`) },
  { weight: 1, arbitrary: fc.string({ minLength: 250, maxLength: 260 }) },
)

const key = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...AWKWARD_KEYS) },
  { weight: 3, arbitrary: fc.string({ maxLength: 6 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
)

const EDGES = [23, 24, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296, Number.MAX_SAFE_INTEGER]

const integer = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -300, max: 300 }),
  fc.constantFrom(...EDGES, ...EDGES.map((edge) => -edge), ...EDGES.slice(0, -1).map((edge) => -1 - edge)),
)

const link: fc.Arbitrary<CID> = fc.oneof(
  fc
    .tuple(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.constantFrom(0x71 as const, 0x55 as const))
    .map(([digest, codec]) => cidFromDigest(digest, codec)),
  fc
    .tuple(
      fc.constantFrom(0x70, 0x71, 0x0129),
      fc.constantFrom(0, 0x11, 0x12),
      fc.uint8Array({ maxLength: 40 }),
    )
    .map(([codec, hash, digest]) => cidOfParts(codec, hash, digest)),
)

function cidOfParts(codec: number, hash: number, digest: Uint8Array): CID {
  const codecBytes = codec < 0x80 ? [codec] : [(codec & 0x7f) | 0x80, codec >> 7]
  const cid = decodeCid(Uint8Array.of(1, ...codecBytes, hash, digest.length, ...digest))
  if (cid === undefined) throw new Error('these parts make a CIDv1')
  return cid
}

/** Every kind of value that the codecs carry, at most `depth` containers deep. */
export function ipld(depth = 5): fc.Arbitrary<Ipld> {
  const scalar: fc.Arbitrary<Ipld> = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    integer,
    text,
    fc.uint8Array({ maxLength: 50 }),
    link,
  )
  if (depth === 0) return scalar
  const inner = ipld(depth - 1)
  return fc.oneof(
    { weight: 3, arbitrary: scalar },
    { weight: 2, arbitrary: fc.array(inner, { maxLength: 5 }) },
    { weight: 3, arbitrary: fc.dictionary(key, inner, { maxKeys: 6 }).map(withoutReserved) },
    {
      weight: 1,
      arbitrary: fc
        .dictionary(fc.string({ minLength: 1, maxLength: 3 }), scalar, { minKeys: 17, maxKeys: 30 })
        .map(withoutReserved),
    },
  )
}

function withoutReserved(map: { [key: string]: Ipld }): { [key: string]: Ipld } {
  const underSlash = map['/']
  if (underSlash !== undefined && isReserved(underSlash)) delete map['/']
  return map
}

/** `depth` lists inside one another, the innermost around `core` or empty. */
export function nested(depth: number, core?: Ipld): Ipld {
  let value: Ipld = core === undefined ? [] : [core]
  for (let i = 1; i < depth; i++) value = [value]
  return value
}
