import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import { encodeFrame, FRAME_HEAD_BYTES, readFrameHead } from '../../codec/network-log/frame.ts'
import { KIND_AT } from '../../codec/network-log/log-record.ts'
import { assert, FaultError } from '../../model/fault.ts'
import type { Checksum } from '../../ports/checksum.ts'
import { guarded } from './fault.ts'
import { readIndex, writeIndex } from './index-file.ts'

const CHUNK_BYTES = 1_048_576
/** Bytes that wait in memory until they are written. */
const WAITING_BYTES_MAX = 1_048_576
const FILE_MODE = 0o600
/** Frames that an index must have more than the one before: fewer are read in no time. */
const INDEX_FRAMES = 4_096

/** Where each frame lies. */
interface Scan {
  /** Offset of each payload; the head's first. */
  readonly offsets: number[]
  /** Of each payload the byte that tells its kind. */
  readonly kinds: number[]
  /** End of the last whole frame. */
  readonly end: number
  /** How many of them came from the index: they were not read. */
  readonly indexed: number
}

/**
 * One file of frames. Opening it reads and checks every frame behind those that its index has, which are checked when they are
 * read; a torn end is not seen by readers, and cut off by who writes. 24 bytes of memory a frame.
 */
export class LogFile {
  readonly #path: string
  readonly #file: number
  readonly #checksum: Checksum
  readonly #offsets: number[]
  readonly #lengths: number[]
  readonly #kinds: number[]
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #isSynced = true
  #end: number
  readonly #indexed: number

  private constructor(path: string, file: number, checksum: Checksum, scan: Scan) {
    const { offsets, kinds, end } = scan
    this.#path = path
    this.#file = file
    this.#checksum = checksum
    this.#offsets = offsets
    this.#kinds = kinds
    this.#lengths = offsets.map(
      (offset, at) => (offsets[at + 1] ?? end + FRAME_HEAD_BYTES) - FRAME_HEAD_BYTES - offset,
    )
    this.#end = end
    this.#indexed = scan.indexed
  }

  /** `writable`: made when it is not there, and what is torn at its end is cut off. The caller closes it. */
  static open(path: string, checksum: Checksum, writable: boolean): LogFile {
    const flags = writable ? constants.O_RDWR | constants.O_CREAT : constants.O_RDONLY
    const file = guarded(`open ${path}`, () => openSync(path, flags, FILE_MODE))
    try {
      const scan = scanFrames(path, file, checksum, knownFrames(path, file, checksum))
      if (writable) guarded(`cut ${path}`, () => ftruncateSync(file, scan.end))
      return new LogFile(path, file, checksum, scan)
    } catch (error) {
      closeSync(file)
      throw error
    }
  }

  /** Frames, the head included. */
  get count(): number {
    return this.#offsets.length
  }

  append(payload: Uint8Array): void {
    const frame = encodeFrame(payload, this.#checksum)
    this.#offsets.push(this.#end + FRAME_HEAD_BYTES)
    this.#lengths.push(payload.length)
    this.#kinds.push(payload[KIND_AT] ?? 0)
    this.#end += frame.length
    this.#isSynced = false
    this.#waiting.push(frame)
    this.#waitingBytes += frame.length
    if (this.#waitingBytes > WAITING_BYTES_MAX) this.#write()
  }

  /** The byte at `KIND_AT` of a frame's payload, as it was when the file was opened. */
  kindByte(at: number): number {
    const byte = this.#kinds[at]
    assert(byte !== undefined, 'a frame that is looked at is there')
    return byte
  }

  /** Payload of a frame. Faults `store-damaged` when it changed since it was scanned. */
  payload(at: number): Uint8Array {
    this.#write()
    const offset = this.#offsets[at]
    const length = this.#lengths[at]
    assert(offset !== undefined && length !== undefined, 'a frame that is read is there')
    const frame = new Uint8Array(FRAME_HEAD_BYTES + length)
    const from = offset - FRAME_HEAD_BYTES
    const read = guarded(`read ${this.#path}`, () => readSync(this.#file, frame, 0, frame.length, from))
    const payload = frame.subarray(FRAME_HEAD_BYTES)
    const isRight = read === frame.length && readFrameHead(frame).checksum === this.#checksum(payload)
    if (!isRight) throw damaged(this.#path, from)
    return payload
  }

  /** What nothing was added to since the last time costs nothing. */
  flush(): void {
    if (this.#isSynced) return
    this.#write()
    guarded(`sync ${this.#path}`, () => fsyncSync(this.#file))
    this.#isSynced = true
  }

  close(): void {
    this.#write()
    if (this.count - this.#indexed >= INDEX_FRAMES) this.#writeIndex()
    closeSync(this.#file)
  }

  /** What it says is durable before: an index of frames that were lost would be taken for damage. */
  #writeIndex(): void {
    this.flush()
    const lastChecksum = this.#checksum(this.payload(this.count - 1))
    writeIndex(this.#path, { lengths: this.#lengths, kinds: this.#kinds, lastChecksum }, this.#checksum)
  }

  #write(): void {
    if (this.#waiting.length === 0) return
    const bytes = Buffer.concat(this.#waiting)
    const from = this.#end - bytes.length
    guarded(`write ${this.#path}`, () => {
      for (let at = 0; at < bytes.length; )
        at += writeSync(this.#file, bytes, at, bytes.length - at, from + at)
    })
    this.#waiting = []
    this.#waitingBytes = 0
  }
}

/** What the index of a log says, where it is of this very file: nothing else is of use. */
function knownFrames(path: string, file: number, checksum: Checksum): Scan {
  const none = { offsets: [], kinds: [], end: 0, indexed: 0 }
  const index = readIndex(path, checksum)
  if (index === undefined) return none
  const offsets: number[] = []
  let end = 0
  for (const length of index.lengths) {
    offsets.push(end + FRAME_HEAD_BYTES)
    end += FRAME_HEAD_BYTES + length
  }
  if (end > fstatSync(file).size) return none
  const last = new Uint8Array(FRAME_HEAD_BYTES)
  const from = (offsets.at(-1) ?? 0) - FRAME_HEAD_BYTES
  guarded(`read ${path}`, () => readSync(file, last, 0, last.length, from))
  const { length, checksum: said } = readFrameHead(last)
  const isSame = length === index.lengths.at(-1) && said === index.lastChecksum
  return isSame ? { offsets, kinds: [...index.kinds], end, indexed: offsets.length } : none
}

/**
 * Finds the frames behind those that are known. What ends beyond the file, or is wrong and is the last of it, was torn; wrong
 * bytes before others were written and changed: `store-damaged`.
 */
function scanFrames(path: string, file: number, checksum: Checksum, known: Scan): Scan {
  const size = guarded(`look at ${path}`, () => fstatSync(file).size)
  const read = windowOf(path, file, size)
  const { offsets, kinds, indexed } = known
  let { end } = known
  while (end + FRAME_HEAD_BYTES <= size) {
    const head = readFrameHead(read(end, FRAME_HEAD_BYTES))
    if (!head.isLawful) {
      if (isZero(read, end, size)) break
      throw damaged(path, end)
    }
    const next = end + FRAME_HEAD_BYTES + head.length
    if (next > size) break
    if (checksum(read(end + FRAME_HEAD_BYTES, head.length)) !== head.checksum) {
      if (next === size || isZero(read, next, size)) break
      throw damaged(path, end)
    }
    offsets.push(end + FRAME_HEAD_BYTES)
    kinds.push(read(end + FRAME_HEAD_BYTES, head.length)[KIND_AT] ?? 0)
    end = next
  }
  return { offsets, kinds, end, indexed }
}

/** Reads pieces of the file in order through one buffer: each is valid until the next is asked for. */
function windowOf(path: string, file: number, size: number): (from: number, length: number) => Uint8Array {
  let buffer = new Uint8Array(0)
  let start = 0
  return (from, length) => {
    if (from < start || from + length > start + buffer.length) {
      buffer = new Uint8Array(Math.min(size - from, Math.max(length, CHUNK_BYTES)))
      start = from
      guarded(`read ${path}`, () => readSync(file, buffer, 0, buffer.length, from))
    }
    return buffer.subarray(from - start, from - start + length)
  }
}

function isZero(read: (from: number, length: number) => Uint8Array, from: number, size: number): boolean {
  for (let at = from; at < size; at += CHUNK_BYTES) {
    if (read(at, Math.min(CHUNK_BYTES, size - at)).some((byte) => byte !== 0)) return false
  }
  return true
}

function damaged(path: string, offset: number): FaultError {
  return new FaultError('store-damaged', `${path} is damaged at byte ${offset}`)
}
