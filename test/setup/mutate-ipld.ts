import fc from 'fast-check'
import { CID, cidFromDigest } from '../../src/codec/cid.ts'
import type { Ipld } from '../../src/codec/ipld.ts'

/** A place inside a value, and what is there. */
export interface Site {
  readonly path: readonly (string | number)[]
  readonly value: Ipld
}

/** Every place of a value, itself first. */
export function sitesOf(value: Ipld, path: Site['path'] = []): readonly Site[] {
  return [{ path, value }, ...childrenOf(value).flatMap(([key, child]) => sitesOf(child, [...path, key]))]
}

function childrenOf(value: Ipld): readonly (readonly [string | number, Ipld])[] {
  if (Array.isArray(value)) return value.map((item: Ipld, at) => [at, item] as const)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || value instanceof CID)
    return []
  return Object.entries(value as { readonly [key: string]: Ipld })
}

/** A copy with another value at that place; undefined takes the place away. */
export function replaceAt(value: Ipld, path: Site['path'], by: Ipld | undefined): Ipld {
  const [key, ...rest] = path
  if (key === undefined) return by ?? null
  const inner =
    rest.length === 0 ? by : replaceAt((value as Record<string | number, Ipld>)[key] as Ipld, rest, by)
  if (Array.isArray(value)) {
    const items: readonly Ipld[] = value
    return inner === undefined ? items.toSpliced(Number(key), 1) : items.with(Number(key), inner)
  }
  const { [key]: _old, ...others } = value as { readonly [key: string]: Ipld }
  return inner === undefined ? others : { ...others, [key]: inner }
}

const LINK = cidFromDigest(new Uint8Array(32).fill(1))

/** What a reader could take for something else: other types, edges, too long, too deep. */
const STRANGERS: readonly Ipld[] = [
  null,
  true,
  0,
  -1,
  1,
  255,
  256,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  '',
  '0',
  '01',
  '-1',
  'text',
  'x'.repeat(300),
  'x'.repeat(70_000),
  '9'.repeat(25),
  'did:key:z6Mk',
  'account',
  new Uint8Array(),
  new Uint8Array(32),
  new Uint8Array(33),
  new Uint8Array(70_000),
  LINK,
  [],
  [[]],
  Array.from({ length: 300 }, () => 0),
  {},
  { inline: new Uint8Array(3) },
  { cid: LINK, size: 1 },
  { hash: new Uint8Array(32) },
  { more: 1 },
]

/** A value with one change: at one of its places a stranger, nothing, or what stood there twice. */
export function mutated(value: Ipld, site: number, change: number): Ipld {
  const sites = sitesOf(value)
  const { path, value: old } = sites[site % sites.length] as Site
  const at = change % (STRANGERS.length + 2)
  if (at === STRANGERS.length) return replaceAt(value, path, undefined)
  if (at === STRANGERS.length + 1)
    return replaceAt(value, path, Array.isArray(old) ? [...old, ...old] : [old])
  return replaceAt(value, path, STRANGERS[at])
}

/** Twenty pairs for `mutated`: making a lawful value costs a hundred times a change of it. */
export const changes: fc.Arbitrary<(readonly [site: number, change: number])[]> = fc.array(
  fc.tuple(fc.nat(), fc.nat()),
  { minLength: 20, maxLength: 20 },
)
