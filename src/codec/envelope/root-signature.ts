import * as z from 'zod'
import type { Did, Signature } from '../../model/ids.ts'
import { PATH_LEVELS_MAX } from '../merkle/hash.ts'
import type { PathStep } from '../merkle/inclusion.ts'
import { did, hash32, list, signature } from '../payload/fields.ts'

/** What signs every body of a batch at once. */
export interface RootSignature {
  /** Root of the RFC 6962 tree over the bodies: 32 bytes. */
  readonly root: Uint8Array
  /** Signature of the type `envelope-batch-root` over the root. */
  readonly s: Signature
  /** The node that signed for agents that it hosts. Absent: the sender signed. Never the sender itself. */
  readonly by?: Did
}

/** The same for one body, with its path up to the root; empty for the only body of a batch. */
export interface PathSignature extends RootSignature {
  readonly path: readonly PathStep[]
}

/** Fields of a `RootSignature`. */
export const rootSignatureShape = {
  root: hash32,
  s: signature,
  by: did.exactOptional(),
}

const step = z.tuple([z.literal([0, 1]), hash32])

export const pathSignatureSchema = z.strictObject({
  ...rootSignatureShape,
  path: list(step, PATH_LEVELS_MAX).describe(
    'side (0: the sibling is on the left) and hash, from the leaf up',
  ),
})

/** The signature alone, of what may hold more. */
export function rootSignatureOf({ root, s, by }: RootSignature): RootSignature {
  return by === undefined ? { root, s } : { root, s, by }
}
