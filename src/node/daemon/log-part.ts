import { type KeptLog, openLog as openKeptLog } from '../../adapters/pino/log.ts'

/** A node's log. */
export type LogPart = KeptLog

export function openLog(out: NodeJS.WritableStream, level: string): LogPart {
  return openKeptLog(out, level)
}
