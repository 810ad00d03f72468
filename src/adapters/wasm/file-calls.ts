import type { Call, CallContext } from './call-context.ts'
import { type Descriptor, FOLDER_NAME, type OpenFile } from './descriptors.ts'
import { ERRNO, WasiError } from './errno.ts'
import { putStatus } from './file-status.ts'
import { PRICE } from './prices.ts'
import { Stop } from './stop.ts'

const BUFFERS_MAX = 1_024
const BUFFER_BYTES = 8
/** All rights that there are: what a descriptor can do is decided by what it is. */
const RIGHTS = (1n << 30n) - 1n
const FDSTAT_BYTES = 24
const PRESTAT_BYTES = 8
const DIRENT_BYTES = 24
const FILE_TYPE = { unknown: 0, folder: 3, file: 4 } as const

/** Calls that are about something open. */
export function fileCalls(context: CallContext): Readonly<Record<string, Call>> {
  const { world, memory } = context
  const get = (fd: number): Descriptor => world().descriptors.get(fd)
  const file = (fd: number): OpenFile => world().descriptors.file(fd)
  const isOpen = (fd: number): void => void get(fd)
  const changesFile = (fd: number): void => {
    get(fd)
    throw new WasiError(ERRNO.readOnly)
  }
  return {
    fd_advise: isOpen,
    fd_allocate: changesFile,
    fd_close: (fd: number) => world().descriptors.close(fd),
    fd_datasync: isOpen,
    fd_fdstat_get: (fd: number, out: number) => putDescriptor(context, get(fd), out),
    fd_fdstat_set_flags: isOpen,
    fd_fdstat_set_rights: isOpen,
    fd_filestat_get: (fd: number, out: number) => putStatus(context, get(fd), out),
    fd_filestat_set_size: changesFile,
    fd_filestat_set_times: changesFile,
    fd_prestat_get(fd: number, out: number) {
      preopened(context, fd)
      memory.view(out, PRESTAT_BYTES).setBigUint64(0, BigInt(FOLDER_NAME.length) << 32n, true)
    },
    fd_prestat_dir_name(fd: number, at: number, size: number) {
      preopened(context, fd)
      if (size < FOLDER_NAME.length) throw new WasiError(ERRNO.nameTooLong)
      memory.bytes(at, FOLDER_NAME.length).set(new TextEncoder().encode(FOLDER_NAME))
    },
    fd_read(fd: number, list: number, count: number, out: number) {
      const open = file(fd)
      const size = readAt(context, open, open.at, list, count)
      memory.setU32(out, size)
      open.at += size
    },
    fd_pread(fd: number, list: number, count: number, offset: bigint, out: number) {
      const open = file(fd)
      memory.setU32(out, readAt(context, open, offsetOf(BigInt.asUintN(64, offset)), list, count))
    },
    fd_readdir: (fd: number, at: number, size: number, cookie: bigint, out: number) =>
      putEntries(context, fd, at, size, BigInt.asUintN(64, cookie), out),
    fd_renumber: (from: number, to: number) => world().descriptors.renumber(from, to),
    fd_seek(fd: number, offset: bigint, whence: number, out: number) {
      const open = seekable(get(fd))
      const base = [0, open.at, open.bytes.length][whence]
      if (base === undefined) throw new WasiError(ERRNO.invalid)
      const place = offsetOf(BigInt(base) + offset)
      memory.setU64(out, BigInt(place))
      open.at = place
    },
    fd_sync: isOpen,
    fd_tell: (fd: number, out: number) => memory.setU64(out, BigInt(seekable(get(fd)).at)),
    fd_write: (fd: number, list: number, count: number, out: number) =>
      memory.setU32(out, write(context, get(fd), list, count)),
    fd_pwrite(fd: number) {
      throw new WasiError(get(fd).kind === 'file' ? ERRNO.readOnly : ERRNO.notSeekable)
    },
  }
}

/** The buffers that a list at `list` names, in order; each inside the memory. */
function* buffers({ memory, charge }: CallContext, list: number, count: number): Generator<Uint8Array> {
  if (count > BUFFERS_MAX) throw new WasiError(ERRNO.invalid)
  charge(count * PRICE.item)
  for (let index = 0; index < count; index++) {
    const view = memory.view(list + index * BUFFER_BYTES, BUFFER_BYTES)
    yield memory.bytes(view.getUint32(0, true), view.getUint32(4, true))
  }
}

function readAt(context: CallContext, file: OpenFile, from: number, list: number, count: number): number {
  let at = from
  for (const buffer of buffers(context, list, count)) {
    const piece = file.bytes.subarray(at, at + buffer.length)
    context.charge(piece.length * PRICE.byte)
    buffer.set(piece)
    at += piece.length
  }
  return at - from
}

function write(context: CallContext, to: Descriptor, list: number, count: number): number {
  if (to.kind === 'file' || to.kind === 'folder') throw new WasiError(ERRNO.badDescriptor)
  const { stdout, stderr } = context.world()
  let size = 0
  for (const buffer of buffers(context, list, count)) {
    context.charge(buffer.length * PRICE.byte)
    if (to.kind === 'stderr') stderr.write(buffer)
    else if (!stdout.write(buffer)) throw new Stop({ kind: 'limit', limit: 'output' })
    size += buffer.length
  }
  return size
}

function seekable(descriptor: Descriptor): OpenFile {
  if (descriptor.kind !== 'file') throw new WasiError(ERRNO.notSeekable)
  return descriptor
}

/** A place in a file: anything that a number holds exactly. */
function offsetOf(offset: bigint): number {
  if (offset < 0n || offset > BigInt(Number.MAX_SAFE_INTEGER)) throw new WasiError(ERRNO.invalid)
  return Number(offset)
}

function preopened({ world }: CallContext, fd: number): void {
  const descriptor = world().descriptors.get(fd)
  if (descriptor.kind !== 'folder' || !descriptor.isPreopened) throw new WasiError(ERRNO.badDescriptor)
}

function putDescriptor({ memory }: CallContext, { kind }: Descriptor, out: number): void {
  const view = memory.view(out, FDSTAT_BYTES)
  const type = kind === 'folder' || kind === 'file' ? FILE_TYPE[kind] : FILE_TYPE.unknown
  view.setBigUint64(0, BigInt(type), true)
  view.setBigUint64(8, RIGHTS, true)
  view.setBigUint64(16, RIGHTS, true)
}

/** As many entries from `cookie` on as fit; the last one may be cut off, which tells the task to ask again. */
function putEntries(
  context: CallContext,
  fd: number,
  at: number,
  size: number,
  cookie: bigint,
  out: number,
): void {
  const { world, memory, charge } = context
  world().descriptors.folder(fd)
  const target = memory.bytes(at, size)
  let used = 0
  for (const [index, { name }] of world().descriptors.files.entries()) {
    if (index < cookie || used === size) continue
    charge(PRICE.item + (DIRENT_BYTES + name.length) * PRICE.byte)
    const entry = direntOf(index, name).subarray(0, size - used)
    target.set(entry, used)
    used += entry.length
  }
  memory.setU32(out, used)
}

function direntOf(index: number, name: string): Uint8Array {
  const text = new TextEncoder().encode(name)
  const entry = new Uint8Array(DIRENT_BYTES + text.length)
  const view = new DataView(entry.buffer)
  view.setBigUint64(0, BigInt(index + 1), true)
  view.setBigUint64(8, BigInt(index + 1), true)
  view.setUint32(16, text.length, true)
  view.setUint8(20, FILE_TYPE.file)
  entry.set(text, DIRENT_BYTES)
  return entry
}
