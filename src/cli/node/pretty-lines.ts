import { Writable } from 'node:stream'
import { type LogShown, prettyLine } from '../log-line.ts'

/** Takes pino's JSON lines and writes them for people. */
export function prettyLines(out: NodeJS.WritableStream): NodeJS.WritableStream {
  return new Writable({
    decodeStrings: false,
    write(text: string | Uint8Array, _encoding, done) {
      out.write(`${prettyLine(JSON.parse(String(text)) as LogShown, out)}\n`)
      done()
    },
  })
}
