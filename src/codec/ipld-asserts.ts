import { assert } from '../model/fault.ts'
import type { CID } from './cid.ts'
import { type Ipld, isReserved } from './ipld.ts'
import { READ_LIMITS } from './read-limits.ts'

/** What `Ipld` promises beyond its type. An encoder asserts it: a broken promise is a defect of ours. */

export function assertInteger(value: number): void {
  assert(Number.isSafeInteger(value), 'an encoded number is a safe integer')
}

export function assertText(text: string): void {
  assert(text.isWellFormed(), 'an encoded text is well-formed Unicode')
}

export function assertLink(cid: CID): void {
  assert(cid.version === 1, 'an encoded link is a CIDv1')
}

/** `depth`: containers around this one. */
export function assertDepth(depth: number): void {
  assert(depth < READ_LIMITS.depthMax, `an encoded value is at most ${READ_LIMITS.depthMax} deep`)
}

export function assertPlain(map: object): void {
  const prototype: unknown = Object.getPrototypeOf(map)
  assert(prototype === Object.prototype || prototype === null, 'an encoded map is a plain object')
}

export function assertEntry(key: string, value: Ipld): void {
  assert(key !== '/' || !isReserved(value), 'an encoded map is not reserved')
}
