import { type CID, parseContentCid } from '../../codec/cid.ts'
import { LOCAL_CONTENT_BYTES_MAX } from '../../node/home-content.ts'
import type { Context } from '../context.ts'
import { unwrap } from '../failure.ts'
import { readInput } from './input.ts'

/** The argument of commands about one content. */
export const CID_ARGUMENT = { name: 'CID', about: 'of the content: bafk…, bafy… or bafybei…' } as const

/** Rejects with exit code 4. */
export function cidOfText(text: string): CID {
  return unwrap(parseContentCid(text), text)
}

/** Bytes of a file or of standard input. */
export async function contentOf(context: Context, path: string): Promise<Uint8Array> {
  return await readInput(context, path, LOCAL_CONTENT_BYTES_MAX)
}
