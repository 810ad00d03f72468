import { StringDecoder } from 'node:string_decoder'

/** One event of a stream, as it came. Source: WHATWG HTML, "Server-sent events", "Interpreting an event stream". */
export interface SentEvent {
  readonly id: string | undefined
  readonly event: string
  readonly data: string
}

/** Longest block that is held in memory. */
const BLOCK_CHARS_MAX = 4_194_304

/** Reads a stream of events; half a block at the end is none. */
export async function* readEvents(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<SentEvent> {
  const decoder = new StringDecoder('utf8')
  let text = ''
  for await (const piece of pieces) {
    text += decoder.write(piece)
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const sent = eventIn(text.slice(0, end))
      text = text.slice(end + 2)
      if (sent !== undefined) yield sent
    }
    if (text.length > BLOCK_CHARS_MAX) throw new Error('an event is too long')
  }
}

/** Undefined for comments and what else tells of nothing. */
function eventIn(block: string): SentEvent | undefined {
  const fields = new Map<string, string>()
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    if (colon <= 0) continue
    const name = line.slice(0, colon)
    const value = line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    const before = fields.get(name)
    fields.set(name, name === 'data' && before !== undefined ? `${before}\n${value}` : value)
  }
  const data = fields.get('data')
  return data === undefined
    ? undefined
    : { id: fields.get('id'), event: fields.get('event') ?? 'message', data }
}
