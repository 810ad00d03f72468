import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { decodeLogIndex, encodeLogIndex, type LogIndex } from '../../codec/network-log/log-index.ts'
import type { Checksum } from '../../ports/checksum.ts'

/** The index of a log stands beside it: `hub.log.index`. Undefined: there is none that can be used. */
export function readIndex(log: string, checksum: Checksum): LogIndex | undefined {
  const path = `${log}.index`
  try {
    return existsSync(path) ? decodeLogIndex(readFileSync(path), checksum) : undefined
  } catch {
    return undefined
  }
}

/** In the place of the one before; where there is no room for it there is none, and the log is read again. */
export function writeIndex(log: string, index: LogIndex, checksum: Checksum): void {
  const path = `${log}.index`
  try {
    writeFileSync(`${path}.part`, encodeLogIndex(index, checksum), { mode: 0o600 })
    renameSync(`${path}.part`, path)
  } catch {
    // it can always be made again
  }
}
