import type { Call, CallContext } from './call-context.ts'
import { ERRNO, WasiError } from './errno.ts'
import { putStatus } from './file-status.ts'
import { PRICE } from './prices.ts'

const CREATE = 1
const FOLDER_ONLY = 2
const EXCLUSIVE = 4
const TRUNCATE = 8
const PATH_BYTES_MAX = 4_096

/** Calls that name a file by its path. The folder is read-only: whatever would change it is answered so. */
export function pathCalls(context: CallContext): Readonly<Record<string, Call>> {
  const { world, memory } = context
  const changesFolder = (fd: number): void => {
    world().descriptors.folder(fd)
    throw new WasiError(ERRNO.readOnly)
  }
  return {
    path_open: (
      fd: number,
      _lookup: number,
      path: number,
      size: number,
      flags: number,
      _rights: bigint,
      _inherited: bigint,
      _status: number,
      out: number,
    ) => memory.setU32(out, open(context, fd, textAt(context, path, size), flags)),
    path_filestat_get(fd: number, _lookup: number, path: number, size: number, out: number) {
      putStatus(context, world().descriptors.find(fd, textAt(context, path, size)), out)
    },
    path_readlink(fd: number, path: number, size: number) {
      world().descriptors.find(fd, textAt(context, path, size))
      throw new WasiError(ERRNO.invalid)
    },
    path_create_directory: changesFolder,
    path_filestat_set_times: changesFolder,
    path_link: changesFolder,
    path_remove_directory: changesFolder,
    path_rename: changesFolder,
    path_symlink: (_text: number, _size: number, fd: number) => changesFolder(fd),
    path_unlink_file: changesFolder,
  }
}

function open(context: CallContext, fd: number, path: string, flags: number): number {
  const { descriptors } = context.world()
  const found = findOrCreate(context, fd, path, flags)
  if (found.kind === 'file' && (flags & FOLDER_ONLY) !== 0) throw new WasiError(ERRNO.notFolder)
  if ((flags & TRUNCATE) !== 0) throw new WasiError(ERRNO.readOnly)
  if ((flags & CREATE) !== 0 && (flags & EXCLUSIVE) !== 0) throw new WasiError(ERRNO.exists)
  return descriptors.add(found)
}

function findOrCreate({ world }: CallContext, fd: number, path: string, flags: number) {
  try {
    return world().descriptors.find(fd, path)
  } catch (error) {
    const isNew = error instanceof WasiError && error.errno === ERRNO.noEntry && (flags & CREATE) !== 0
    throw isNew ? new WasiError(ERRNO.readOnly) : error
  }
}

function textAt({ memory, charge }: CallContext, at: number, size: number): string {
  if (size > PATH_BYTES_MAX) throw new WasiError(ERRNO.nameTooLong)
  charge(size * PRICE.byte)
  return new TextDecoder().decode(memory.bytes(at, size))
}
