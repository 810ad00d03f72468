const LINE_BYTES_MAX = 1024
const NEWLINE = 10

/** Lines out of pieces of bytes; a longer line is cut off at 1,024 bytes. Not UTF-8 becomes U+FFFD. */
export function logLines(tell: (line: string) => void): (bytes: Uint8Array) => void {
  const decoder = new TextDecoder()
  const line = new Uint8Array(LINE_BYTES_MAX)
  let length = 0
  return (bytes) => {
    for (const byte of bytes) {
      if (byte === NEWLINE) {
        if (length > 0) tell(decoder.decode(line.subarray(0, length)))
        length = 0
      } else if (length < LINE_BYTES_MAX) {
        line[length++] = byte
      }
    }
  }
}
