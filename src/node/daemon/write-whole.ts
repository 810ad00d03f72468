import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'
import { FaultError } from '../../model/fault.ts'

/** Replaces a small file: a reader, or a crash, sees the old text or the new one. Faults `store-io`. */
export function writeWhole(path: string, text: string): void {
  try {
    const file = openSync(`${path}.part`, 'w', 0o600)
    try {
      writeSync(file, text)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(`${path}.part`, path)
  } catch (cause) {
    throw new FaultError('store-io', `cannot write ${path}`, { cause })
  }
}
