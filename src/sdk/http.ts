import { type ClientRequest, type IncomingMessage, request } from 'node:http'

/** Where a node's API is: its unix socket, or its TCP address with the token of `<home>/api.token`. */
export type ApiPlace = { readonly socketPath: string } | { readonly url: string; readonly token: string }

/** Nobody answers there: nothing was asked. */
export class NoNodeError extends Error {
  override readonly name = 'NoNodeError'
}

/** The connection ended before the answer did: whether it was done is not known. */
export class LostNodeError extends Error {
  override readonly name = 'LostNodeError'
}

export interface ApiRequest {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  readonly signal?: AbortSignal | undefined
  /** Longest silence of the connection; 0: any. 60 s unless it is said. */
  readonly silenceMs?: number
}

const SILENCE_MS = 60_000
const NOBODY = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'EACCES', 'EHOSTUNREACH'])

/** The answer's head; its body is still to be read. Throws `NoNodeError`, `LostNodeError`, or the signal's reason. */
export function ask(place: ApiPlace, wish: ApiRequest): Promise<IncomingMessage> {
  return new Promise((resolve, fail) => {
    const asked = request({ ...targetOf(place, wish), ...(wish.signal && { signal: wish.signal }) }, resolve)
    asked.on('error', (error: NodeJS.ErrnoException) => fail(causeOf(error, asked, place, wish.signal)))
    const silenceMs = wish.silenceMs ?? SILENCE_MS
    if (silenceMs > 0)
      asked.setTimeout(silenceMs, () => asked.destroy(new Error(`silent for ${silenceMs} ms`)))
    asked.end(wish.body)
  })
}

function targetOf(place: ApiPlace, { method, path, headers = {} }: ApiRequest) {
  // A connection for each request: a command makes few, and none must keep the process.
  if ('socketPath' in place) {
    return {
      socketPath: place.socketPath,
      method,
      path,
      headers: { ...headers, host: 'localhost' },
      agent: false,
    }
  }
  const { hostname, port } = new URL(place.url)
  const authorization = `Bearer ${place.token}`
  return { host: hostname, port, method, path, headers: { ...headers, authorization }, agent: false }
}

function causeOf(
  error: NodeJS.ErrnoException,
  asked: ClientRequest,
  place: ApiPlace,
  signal: AbortSignal | undefined,
): unknown {
  if (signal?.aborted === true) return signal.reason
  const where = 'socketPath' in place ? place.socketPath : place.url
  if (error.code !== undefined && NOBODY.has(error.code) && !asked.writableFinished) {
    return new NoNodeError(`no node answers at ${where}`, { cause: error })
  }
  return new LostNodeError(`the connection to ${where} ended`, { cause: error })
}

/** The whole body. Throws `LostNodeError` where it is cut off. */
export async function readBody(answer: IncomingMessage): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of piecesOf(answer)) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** The body in pieces. Throws `LostNodeError` where it is cut off. */
export async function* piecesOf(answer: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of answer) yield piece as Uint8Array
  } catch (cause) {
    throw new LostNodeError('the answer was cut off', { cause })
  }
}
