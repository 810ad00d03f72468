import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Spool } from '../../codec/bundle/write-bundle.ts'
import { FaultError } from '../../model/fault.ts'

const CHUNK_BYTES = 262_144
const WAITING_BYTES_MAX = 1_048_576
const LENGTH_BYTES = 4

/** Size of a file, and its bytes in pieces; each piece is an array of its own. Faults `store-io`. */
export function openPieces(path: string): { readonly size: number; readonly pieces: Iterable<Uint8Array> } {
  const file = guarded(`open ${path}`, () => openSync(path, 'r'))
  return { size: fstatSync(file).size, pieces: piecesOf(path, file) }
}

function* piecesOf(path: string, file: number): Generator<Uint8Array> {
  try {
    for (;;) {
      const buffer = new Uint8Array(CHUNK_BYTES)
      const read = guarded(`read ${path}`, () => readSync(file, buffer))
      if (read === 0) return
      yield buffer.subarray(0, read)
    }
  } finally {
    closeSync(file)
  }
}

/** Writes pieces to a file that appears whole, or not at all. Faults `store-io`. */
export function writePieces(path: string, pieces: Iterable<Uint8Array>): number {
  const part = `${path}.part`
  const file = new PieceFile(part)
  try {
    for (const piece of pieces) file.write(piece)
    file.sync()
  } catch (error) {
    file.close()
    rmSync(part, { force: true })
    throw error
  }
  file.close()
  guarded(`rename ${part}`, () => renameSync(part, path))
  return file.bytes
}

/** A file that is written in order, some at a time. */
class PieceFile {
  readonly path: string
  readonly file: number
  bytes = 0
  #waiting: Uint8Array[] = []
  #waitingBytes = 0

  constructor(path: string) {
    this.path = path
    this.file = guarded(`open ${path}`, () => openSync(path, 'w+', 0o600))
  }

  write(piece: Uint8Array): void {
    this.#waiting.push(piece)
    this.#waitingBytes += piece.length
    this.bytes += piece.length
    if (this.#waitingBytes > WAITING_BYTES_MAX) this.flush()
  }

  flush(): void {
    const bytes = Buffer.concat(this.#waiting)
    guarded(`write ${this.path}`, () => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.file, bytes, at)
    })
    this.#waiting = []
    this.#waitingBytes = 0
  }

  sync(): void {
    this.flush()
    guarded(`sync ${this.path}`, () => fsyncSync(this.file))
  }

  close(): void {
    closeSync(this.file)
  }
}

/** Blocks that wait in a temporary file. The caller disposes it. */
export class FileSpool implements Spool, Disposable {
  readonly #folder: string
  readonly #file: PieceFile

  constructor() {
    this.#folder = guarded('make a temporary folder', () => mkdtempSync(join(tmpdir(), 'canswarm-export-')))
    this.#file = new PieceFile(join(this.#folder, 'blocks'))
  }

  push(bytes: Uint8Array): void {
    const length = new Uint8Array(LENGTH_BYTES)
    new DataView(length.buffer).setUint32(0, bytes.length, true)
    this.#file.write(length)
    this.#file.write(bytes)
  }

  *all(): Generator<Uint8Array> {
    this.#file.flush()
    const { file, path } = this.#file
    for (let at = 0; at < this.#file.bytes; ) {
      const length = readAt(path, file, at, LENGTH_BYTES)
      const size = new DataView(length.buffer).getUint32(0, true)
      yield readAt(path, file, at + LENGTH_BYTES, size)
      at += LENGTH_BYTES + size
    }
  }

  [Symbol.dispose](): void {
    this.#file.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function readAt(path: string, file: number, at: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  guarded(`read ${path}`, () => readSync(file, bytes, 0, size, at))
  return bytes
}

function guarded<Value>(what: string, run: () => Value): Value {
  try {
    return run()
  } catch (cause) {
    throw new FaultError('store-io', `cannot ${what}`, { cause })
  }
}
