import type { Sha256 } from '../../ports/crypto.ts'

/** Rows that a node holds before it is divided by the next digit of their keys. */
const ROWS_MAX = 16
const DIGITS = 16
const HASH_BYTES = 32
/** First byte of what is hashed for a node, by its kind. */
const DOMAIN = { leaf: 0, inner: 1 } as const

/** A row: hash of its key in hex, and the hash of what stands there. */
type Row = readonly [key: string, hash: Uint8Array]

type Node =
  | { readonly kind: 'leaf'; readonly rows: readonly Row[]; hash?: Uint8Array }
  | {
      readonly kind: 'inner'
      readonly children: readonly (Node | undefined)[]
      readonly size: number
      hash?: Uint8Array
    }

const EMPTY: Node = { kind: 'leaf', rows: [] }

/**
 * A hash over a set of rows that follows each change: what is on the way from a changed row to the root is hashed again when
 * the root is asked for, nothing else. Its form follows from the rows alone, whatever led to them: a node divides exactly
 * when it has more than 16 rows. A leaf is hashed as 0 and the hashes of its rows in the order of their keys, a divided node as 1
 * and those of its 16 children, zeros for none. Collision resistant as SHA-256 is, where a row's hash covers its key.
 */
export class HashTrie {
  readonly #sha256: Sha256
  #root: Node = EMPTY

  constructor(sha256: Sha256) {
    this.#sha256 = sha256
  }

  /** `key`: hash in hex, 64 digits. Undefined takes the row away. */
  set(key: string, hash: Uint8Array | undefined): void {
    this.#root = changed(this.#root, key, hash, 0) ?? EMPTY
  }

  root(): Uint8Array {
    return hashOf(this.#root, this.#sha256)
  }
}

/** The node after the change; undefined when nothing is left of it. */
function changed(
  node: Node | undefined,
  key: string,
  hash: Uint8Array | undefined,
  depth: number,
): Node | undefined {
  if (node === undefined || node.kind === 'leaf') return changedLeaf(node?.rows ?? [], key, hash, depth)
  const digit = digitOf(key, depth)
  const before = node.children[digit]
  const after = changed(before, key, hash, depth + 1)
  const size = node.size + sizeOf(after) - sizeOf(before)
  const children = node.children.with(digit, after)
  if (size > ROWS_MAX) return { kind: 'inner', children, size }
  const rows = children.flatMap((child) => (child === undefined ? [] : rowsOf(child)))
  return { kind: 'leaf', rows }
}

function changedLeaf(
  rows: readonly Row[],
  key: string,
  hash: Uint8Array | undefined,
  depth: number,
): Node | undefined {
  const others = rows.filter(([other]) => other !== key)
  const next = hash === undefined ? others : [...others, [key, hash] as const].sort(byKey)
  if (next.length === 0) return undefined
  return next.length <= ROWS_MAX ? { kind: 'leaf', rows: next } : divided(next, depth)
}

function divided(rows: readonly Row[], depth: number): Node {
  const parts = Array.from({ length: DIGITS }, (): Row[] => [])
  for (const row of rows) (parts[digitOf(row[0], depth)] as Row[]).push(row)
  const children = parts.map((part): Node | undefined => {
    if (part.length === 0) return undefined
    return part.length <= ROWS_MAX ? { kind: 'leaf', rows: part } : divided(part, depth + 1)
  })
  return { kind: 'inner', children, size: rows.length }
}

function digitOf(key: string, depth: number): number {
  return Number.parseInt(key.charAt(depth), 16)
}

function byKey([a]: Row, [b]: Row): number {
  return a < b ? -1 : 1
}

function sizeOf(node: Node | undefined): number {
  if (node === undefined) return 0
  return node.kind === 'leaf' ? node.rows.length : node.size
}

/** In the order of their keys, since children are in the order of digits. */
function rowsOf(node: Node): readonly Row[] {
  if (node.kind === 'leaf') return node.rows
  return node.children.flatMap((child) => (child === undefined ? [] : rowsOf(child)))
}

function hashOf(node: Node, sha256: Sha256): Uint8Array {
  node.hash ??= sha256(contentOf(node, sha256))
  return node.hash
}

function contentOf(node: Node, sha256: Sha256): Uint8Array {
  const hashes =
    node.kind === 'leaf'
      ? node.rows.map(([, hash]) => hash)
      : node.children.map((child) => child && hashOf(child, sha256))
  const content = new Uint8Array(1 + hashes.length * HASH_BYTES)
  content[0] = DOMAIN[node.kind]
  for (const [at, hash] of hashes.entries()) if (hash !== undefined) content.set(hash, 1 + at * HASH_BYTES)
  return content
}
