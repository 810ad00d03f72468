import { readFile, stat } from 'node:fs/promises'
import type { ApiClient, InputOf } from '../../sdk/client.ts'
import type { Context } from '../context.ts'
import { asked } from '../daemon.ts'
import { usageError } from '../failure.ts'

type NeedWish = InputOf<'need'>

/** Above this, content goes into the store first, and the NEED names its CID. */
const INLINE_BYTES_MAX = 16_384
const INPUT_BYTES_MAX = 67_108_864

/** What the task works on: nothing, a text, a file, or `-` for standard input. */
export async function inputOf(
  context: Context,
  node: ApiClient,
  { input, text }: { readonly input: string | undefined; readonly text: string | undefined },
  key: string,
): Promise<NeedWish['input']> {
  if (text !== undefined) return { text }
  if (input === undefined) return undefined
  const bytes = await bytesOf(context, input)
  if (bytes.length <= INLINE_BYTES_MAX) return { base64: Buffer.from(bytes).toString('base64') }
  return await asked(node.putContent(bytes, `input/${key}`))
}

async function bytesOf(context: Context, path: string): Promise<Uint8Array> {
  if (path === '-') return await context.readStdin(INPUT_BYTES_MAX)
  const { size } = await found(path, stat(path))
  if (size > INPUT_BYTES_MAX) throw usageError(`${path} is over ${INPUT_BYTES_MAX} bytes`)
  return await found(path, readFile(path))
}

async function found<Value>(path: string, read: Promise<Value>): Promise<Value> {
  try {
    return await read
  } catch (error) {
    throw usageError(`cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? 'failed'}`)
  }
}

/** A file that holds JSON. */
export async function jsonFile(path: string): Promise<unknown> {
  try {
    return JSON.parse(await textFile(path))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw usageError(`${path} is not JSON: ${error.message}`)
  }
}

export async function textFile(path: string): Promise<string> {
  return Buffer.from(await found(path, readFile(path))).toString('utf8')
}
