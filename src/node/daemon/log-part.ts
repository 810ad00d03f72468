import { type DestinationStream, type Logger, pino } from 'pino'
import type { LogLine, LogTail } from '../../verbs/services.ts'

const LINES_KEPT = 2_048

/** A node's log: JSON lines to a stream, the last ones in memory. Nothing is logged per envelope. */
export interface LogPart {
  readonly log: Logger
  readonly tail: LogTail
}

export function openLog(out: NodeJS.WritableStream, level: string): LogPart {
  const lines: LogLine[] = []
  const listeners = new Set<(line: LogLine) => void>()
  const destination: DestinationStream = {
    write(text: string) {
      out.write(text)
      const line = JSON.parse(text) as LogLine
      lines.push(line)
      if (lines.length > LINES_KEPT) lines.shift()
      for (const listener of listeners) listener(line)
    },
  }
  return {
    log: pino({ level, base: null }, destination),
    tail: {
      recent: (last) => lines.slice(-last),
      onLine(listener) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    },
  }
}
