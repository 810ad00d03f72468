import { isCancel, password } from '@clack/prompts'
import { refuse } from './failure.ts'

/** Asks without echo on standard error, so that standard output stays data. */
export async function askSecret(question: string): Promise<string | undefined> {
  const answer = await password({ message: question, output: process.stderr })
  return isCancel(answer) ? undefined : answer
}

/** All bytes of a stream; stops reading and refuses with TOO_LARGE past `bytesMax`. */
export async function readAll(stream: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    size += chunk.length
    if (size > bytesMax) refuse('TOO_LARGE', `the input is over ${bytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
