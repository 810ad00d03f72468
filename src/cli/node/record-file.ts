import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { usageError } from '../failure.ts'

/** An export that is to be read; ends with exit code 2 where there is none. */
export function existingFile(path: string): string {
  if (existsSync(path)) return path
  throw usageError(`there is no file ${path}`, 'name an export, CAR or JSONL')
}

/** The directory of a stored network; ends with exit code 2 where it is none. */
export function storedNetwork(dir: string): string {
  if (existsSync(join(dir, 'genesis.cbor'))) return dir
  throw usageError(`${dir} holds no network of logs`, 'name a directory with genesis.cbor and logs')
}
