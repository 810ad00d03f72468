import type { AllowedImport } from '../meter/config.ts'
import type { ValueTypeName } from '../meter/value-type.ts'

/** The module that all of them are imported from. */
const WASI_MODULE = 'wasi_snapshot_preview1'

/** Parameters of each function, a letter each: i for i32, l for i64. All give back an error number but `proc_exit`. */
const SIGNATURES: Readonly<Record<string, string>> = {
  args_get: 'ii',
  args_sizes_get: 'ii',
  environ_get: 'ii',
  environ_sizes_get: 'ii',
  clock_res_get: 'ii',
  clock_time_get: 'ili',
  fd_advise: 'illi',
  fd_allocate: 'ill',
  fd_close: 'i',
  fd_datasync: 'i',
  fd_fdstat_get: 'ii',
  fd_fdstat_set_flags: 'ii',
  fd_fdstat_set_rights: 'ill',
  fd_filestat_get: 'ii',
  fd_filestat_set_size: 'il',
  fd_filestat_set_times: 'illi',
  fd_pread: 'iiili',
  fd_prestat_get: 'ii',
  fd_prestat_dir_name: 'iii',
  fd_pwrite: 'iiili',
  fd_read: 'iiii',
  fd_readdir: 'iiili',
  fd_renumber: 'ii',
  fd_seek: 'ilii',
  fd_sync: 'i',
  fd_tell: 'ii',
  fd_write: 'iiii',
  path_create_directory: 'iii',
  path_filestat_get: 'iiiii',
  path_filestat_set_times: 'iiiilli',
  path_link: 'iiiiiii',
  path_open: 'iiiiillii',
  path_readlink: 'iiiiii',
  path_remove_directory: 'iii',
  path_rename: 'iiiiii',
  path_symlink: 'iiiii',
  path_unlink_file: 'iii',
  poll_oneoff: 'iiii',
  proc_exit: 'i',
  random_get: 'ii',
  sched_yield: '',
}

/**
 * What a task may import: WASI preview 1 without sockets and signals. Nothing else has a meaning that is the same
 * everywhere. Source: WASI snapshot preview 1; operations.md, "Agents" (wasm).
 */
export const WASI_IMPORTS: readonly AllowedImport[] = Object.entries(SIGNATURES).map(([name, params]) => ({
  module: WASI_MODULE,
  name,
  kind: 'function',
  params: Array.from(params, typeOf),
  results: name === 'proc_exit' ? [] : ['i32'],
}))

function typeOf(letter: string): ValueTypeName {
  return letter === 'l' ? 'i64' : 'i32'
}
