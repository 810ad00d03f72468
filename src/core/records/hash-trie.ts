import type { Sha256 } from '../../ports/crypto.ts'

/** Rows that a node holds before it is divided by the next digit of their keys. */
const ROWS_MAX = 16
const DIGITS = 16
const HASH_BYTES = 32
const CODE_OF_0 = 0x30
const CODE_OF_9 = 0x39
const CODE_OF_A = 0x61
/** First byte of what is hashed for a node, by its kind. */
const DOMAIN = { leaf: 0, inner: 1 } as const

/** A row: hash of its key in hex, and the hash of what stands there. */
interface Row {
  readonly key: string
  hash: Uint8Array
}

/** `hash`: undefined when something below has changed since it was made. */
interface Leaf {
  readonly kind: 'leaf'
  /** By their keys. */
  readonly rows: Row[]
  hash: Uint8Array | undefined
}

interface Inner {
  readonly kind: 'inner'
  readonly children: (Node | undefined)[]
  size: number
  hash: Uint8Array | undefined
}

type Node = Leaf | Inner

/**
 * A hash over a set of rows that follows each change: what is on the way from a changed row to the root is hashed again when
 * the root is asked for, nothing else. Its form follows from the rows alone, whatever led to them: a node divides exactly
 * when it has more than 16 rows. A leaf is hashed as 0 and the hashes of its rows in the order of their keys, a divided node as 1
 * and those of its 16 children, zeros for none. Collision resistant as SHA-256 is, where a row's hash covers its key.
 */
export class HashTrie {
  readonly #sha256: Sha256
  #root: Node | undefined

  constructor(sha256: Sha256) {
    this.#sha256 = sha256
  }

  /** `key`: hash in hex, 64 digits. Undefined takes the row away. */
  set(key: string, hash: Uint8Array | undefined): void {
    this.#root = changed(this.#root, key, hash, 0)
  }

  root(): Uint8Array {
    return hashOf(this.#root ?? leafOf([]), this.#sha256)
  }
}

/** The node after the change, mostly the same one; undefined when nothing is left of it. */
function changed(
  node: Node | undefined,
  key: string,
  hash: Uint8Array | undefined,
  depth: number,
): Node | undefined {
  if (node === undefined) return hash === undefined ? undefined : leafOf([{ key, hash }])
  node.hash = undefined
  return node.kind === 'leaf' ? changedLeaf(node, key, hash, depth) : changedInner(node, key, hash, depth)
}

function changedInner(node: Inner, key: string, hash: Uint8Array | undefined, depth: number): Node {
  const digit = digitOf(key, depth)
  const before = node.children[digit]
  const sizeBefore = sizeOf(before)
  const after = changed(before, key, hash, depth + 1)
  node.children[digit] = after
  node.size += sizeOf(after) - sizeBefore
  return node.size > ROWS_MAX ? node : leafOf(rowsOf(node))
}

function changedLeaf(leaf: Leaf, key: string, hash: Uint8Array | undefined, depth: number): Node | undefined {
  const { rows } = leaf
  let at = 0
  while (at < rows.length && (rows[at] as Row).key < key) at++
  const row = rows[at]
  const isThere = row?.key === key
  if (hash === undefined) {
    if (isThere) rows.splice(at, 1)
  } else if (isThere) row.hash = hash
  else rows.splice(at, 0, { key, hash })
  if (rows.length === 0) return undefined
  return rows.length <= ROWS_MAX ? leaf : divided(rows, depth)
}

function divided(rows: readonly Row[], depth: number): Inner {
  const parts = Array.from({ length: DIGITS }, (): Row[] => [])
  for (const row of rows) (parts[digitOf(row.key, depth)] as Row[]).push(row)
  const children = parts.map((part): Node | undefined => {
    if (part.length === 0) return undefined
    return part.length <= ROWS_MAX ? leafOf(part) : divided(part, depth + 1)
  })
  return { kind: 'inner', children, size: rows.length, hash: undefined }
}

function leafOf(rows: Row[]): Leaf {
  return { kind: 'leaf', rows, hash: undefined }
}

function digitOf(key: string, depth: number): number {
  const code = key.charCodeAt(depth)
  return code <= CODE_OF_9 ? code - CODE_OF_0 : code - CODE_OF_A + 10
}

function sizeOf(node: Node | undefined): number {
  if (node === undefined) return 0
  return node.kind === 'leaf' ? node.rows.length : node.size
}

/** In the order of their keys, since children are in the order of digits. */
function rowsOf(node: Node): Row[] {
  if (node.kind === 'leaf') return node.rows
  return node.children.flatMap((child) => (child === undefined ? [] : rowsOf(child)))
}

function hashOf(node: Node, sha256: Sha256): Uint8Array {
  node.hash ??= node.kind === 'leaf' ? leafHash(node, sha256) : innerHash(node, sha256)
  return node.hash
}

/** What one node is hashed from: it is filled and hashed before another one's turn. */
const content = new Uint8Array(1 + Math.max(ROWS_MAX, DIGITS) * HASH_BYTES)

function leafHash({ rows }: Leaf, sha256: Sha256): Uint8Array {
  content[0] = DOMAIN.leaf
  let end = 1
  for (const { hash } of rows) {
    content.set(hash, end)
    end += HASH_BYTES
  }
  return sha256(content.subarray(0, end))
}

function innerHash({ children }: Inner, sha256: Sha256): Uint8Array {
  for (const child of children) if (child !== undefined) hashOf(child, sha256)
  content[0] = DOMAIN.inner
  let at = 1
  for (const child of children) {
    if (child === undefined) content.fill(0, at, at + HASH_BYTES)
    else content.set(hashOf(child, sha256), at)
    at += HASH_BYTES
  }
  return sha256(content)
}
