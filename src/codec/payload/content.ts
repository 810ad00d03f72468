import * as z from 'zod'
import { bytes, contentLink, did, integer, list } from './fields.ts'

/** Bytes that travel inside a payload. The payload's own limit (64 KiB) is the tighter one for a lone artifact. */
export const INLINE_BYTES_MAX = 65_536

/** What a challenge may bring along. Source: economy.md, "Challenges" (10 KB). */
export const PROOF_BYTES_MAX = 10_240

/** Sealed boxes of one input: one for each reader. */
const BOXES_MAX = 16
/** An empty message in a box (ports, `SealedBoxes`). */
const BOX_BYTES_MIN = 48

const linked = z
  .strictObject({
    cid: contentLink.describe('CID of the content'),
    size: integer(0, 2 ** 50).describe('size of the content in bytes'),
  })
  .describe('content by its CID: whoever needs it fetches it')

/** Content inside the payload up to so many bytes, or by its CID. */
export function content(inlineBytesMax: number) {
  const inline = z
    .strictObject({ inline: bytes(0, inlineBytesMax).describe('the content itself') })
    .describe(`content of at most ${inlineBytesMax} bytes in the payload itself`)
  return z.union([inline, linked])
}

const sealed = z
  .strictObject({
    sealed: list(
      z.strictObject({
        to: did.describe('who can open the box'),
        box: bytes(BOX_BYTES_MIN, INLINE_BYTES_MAX).describe('libsodium sealed box of the content'),
      }),
      BOXES_MAX,
      1,
    ).describe('one box for each named reader'),
  })
  .describe('content that only named readers can open')

/** Input of a need: as `content`, or sealed to the named worker and judges. */
export const input = z.union([...content(INLINE_BYTES_MAX).options, sealed])

/** What proves or refutes a challenge. */
export const evidence = content(PROOF_BYTES_MAX)
