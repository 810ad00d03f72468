import { type Rejection, reject } from '../model/rejection.ts'
import { ok, type Result } from '../model/result.ts'

/** The body of a request; reading ends as soon as it is too long. Rejects TOO_LARGE. */
export async function readBytes(request: Request, bytesMax: number): Promise<Result<Uint8Array, Rejection>> {
  const declared = Number(request.headers.get('content-length') ?? 0)
  const tooLarge = reject('TOO_LARGE', `at most ${bytesMax} bytes`, 'body')
  if (declared > bytesMax) return tooLarge
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of request.body ?? []) {
    size += piece.length
    if (size > bytesMax) return tooLarge
    pieces.push(piece)
  }
  const whole = new Uint8Array(size)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return ok(whole)
}

const JSON_TYPE = /^application\/json(?:;|$)/iu

/**
 * A JSON body; none is `{}`. Only what says that it is JSON: a page of another site cannot say so without asking first.
 * Rejects MALFORMED, TOO_LARGE.
 */
export async function readJson(request: Request, bytesMax: number): Promise<Result<unknown, Rejection>> {
  const bytes = await readBytes(request, bytesMax)
  if (!bytes.ok) return bytes
  if (bytes.value.length === 0) return ok({})
  if (!JSON_TYPE.test(request.headers.get('content-type') ?? '')) {
    return reject('MALFORMED', 'the body is application/json', 'body')
  }
  try {
    return ok(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.value)))
  } catch {
    // What the parser says of it names bytes of the body: the place alone is of use to the sender, who has it.
    return reject('MALFORMED', 'the body is no JSON', 'body')
  }
}
