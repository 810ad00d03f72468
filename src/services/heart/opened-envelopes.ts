import { byteText, equalBytes } from '../../codec/bytes.ts'
import type { PathSignature } from '../../codec/envelope/root-signature.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import { type Ipld, isList, isMap } from '../../codec/ipld.ts'
import type { World } from '../../core/records/world.ts'
import { LruMap } from '../../model/lru-map.ts'
import { ok } from '../../model/result.ts'

/** What some five hundred needs under way have in their entries. */
const OPENED_MAX = 4_096
/** Larger bodies are opened each time: what is remembered must not fill the memory. */
const BYTES_MAX = 4_096

/**
 * The same world, which does not open again what it opened lately: an envelope is heard, weighed for an entry, applied with
 * it, and looked at by those who follow. The answer is remembered for the whole of what was asked, body and every part of
 * the signature; never a refusal, and never of one who signs for another, which has a term.
 */
export function rememberingOpened(world: World, entriesMax = OPENED_MAX): World {
  const opened = new LruMap<string, SingleEnvelope>(entriesMax)
  return {
    ...world,
    openEnvelope(field, atMs) {
      const parts = partsOf(field)
      if (parts === undefined || parts.body.length > BYTES_MAX) return world.openEnvelope(field, atMs)
      const name = byteText(world.sha256(parts.body))
      const known = opened.get(name)
      if (known !== undefined && isSignedBy(parts, known.sig)) return ok(known)
      const result = world.openEnvelope(copyOf(parts), atMs)
      if (result.ok) opened.set(name, result.value)
      return result
    },
  }
}

/** An envelope whose sender signed itself, as far as its form goes. */
interface Parts {
  readonly body: Uint8Array
  readonly root: Uint8Array
  readonly s: Uint8Array
  readonly path: readonly Ipld[]
}

/** Undefined for any other form: whoever opens it says what is wrong with it. */
function partsOf(field: Ipld): Parts | undefined {
  const whole = fieldsOf(field, 2)
  const sig = fieldsOf(whole?.['sig'], 3)
  const [body, root, s, path] = [whole?.['body'], sig?.['root'], sig?.['s'], sig?.['path']]
  const isWhole = isBytes(body) && isBytes(root) && isBytes(s) && path !== undefined && isList(path)
  return isWhole ? { body, root, s, path } : undefined
}

function fieldsOf(value: Ipld | undefined, count: number): { readonly [key: string]: Ipld } | undefined {
  return value !== undefined && isMap(value) && Object.keys(value).length === count ? value : undefined
}

function isBytes(value: Ipld | undefined): value is Uint8Array {
  return value instanceof Uint8Array
}

function isSignedBy({ root, s, path }: Parts, sig: PathSignature): boolean {
  return (
    equalBytes(s, sig.s) &&
    equalBytes(root, sig.root) &&
    path.length === sig.path.length &&
    sig.path.every(([side, hash], at) => isStep(path[at] as Ipld, side, hash))
  )
}

function isStep(step: Ipld, side: number, hash: Uint8Array): boolean {
  if (!isList(step) || step.length !== 2 || step[0] !== side) return false
  const [, theirs] = step
  return isBytes(theirs) && equalBytes(theirs, hash)
}

/** What is remembered rests on no bytes of others: theirs may be part of something large, or written over. */
function copyOf({ body, root, s, path }: Parts): Ipld {
  const steps = path.map((step) =>
    isList(step) ? step.map((one) => (isBytes(one) ? one.slice() : one)) : step,
  )
  return { body: body.slice(), sig: { root: root.slice(), s: s.slice(), path: steps } }
}
