import { type DestinationStream, type Logger, pino } from 'pino'

/** One line of the log, as pino writes it. */
export interface LoggedLine {
  /** Wall clock, milliseconds since 1970. */
  readonly time: number
  /** pino's numbers: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. */
  readonly level: number
  readonly msg: string
  readonly [field: string]: unknown
}

/** A log, and its last lines for whoever asks. */
export interface KeptLog {
  readonly log: Logger
  readonly tail: {
    /** Oldest first. */
    readonly recent: (last: number) => readonly LoggedLine[]
    readonly onLine: (listener: (line: LoggedLine) => void) => () => void
  }
}

const LINES_KEPT = 2_048

/** A log of JSON lines to a stream, the last ones in memory too. Nothing is logged per envelope. */
export function openLog(out: NodeJS.WritableStream, level: string): KeptLog {
  const lines: LoggedLine[] = []
  const listeners = new Set<(line: LoggedLine) => void>()
  const destination: DestinationStream = {
    write(text: string) {
      out.write(text)
      const line = JSON.parse(text) as LoggedLine
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
