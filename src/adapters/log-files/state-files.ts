import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { FaultError } from '../../model/fault.ts'
import type { GroupId } from '../../model/raft.ts'
import type { StateStore } from '../../ports/state-store.ts'
import { guarded } from './fault.ts'

const CHECKSUM_BYTES = 4

/** States in a directory, one file a group: [CRC-32 of the state: u32, little-endian; the state]. */
export class StateFiles implements StateStore {
  readonly #dir: string

  constructor(dir: string) {
    this.#dir = dir
    guarded(`make ${dir}`, () => mkdirSync(dir, { recursive: true }))
  }

  /** Faults `store-damaged` for bytes that nobody wrote so. */
  load(group: GroupId): Uint8Array | undefined {
    const path = this.#path(group)
    if (!existsSync(path)) return undefined
    const file = guarded(`read ${path}`, () => readFileSync(path))
    const state = new Uint8Array(file.subarray(CHECKSUM_BYTES))
    if (file.length < CHECKSUM_BYTES || file.readUInt32LE(0) !== crc32(state))
      throw new FaultError('store-damaged', `${path} is damaged`)
    return state
  }

  save(group: GroupId, state: Uint8Array): void {
    const path = this.#path(group)
    const head = Buffer.alloc(CHECKSUM_BYTES)
    head.writeUInt32LE(crc32(state))
    guarded(`write ${path}`, () => {
      const file = openSync(`${path}.part`, 'w', 0o600)
      try {
        writeFileSync(file, Buffer.concat([head, state]))
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
      renameSync(`${path}.part`, path)
    })
  }

  #path(group: GroupId): string {
    return join(this.#dir, `group-${String(group).padStart(3, '0')}.state`)
  }
}
