/** WASI preview 1 error numbers, as far as they are given here. Source: WASI snapshot preview 1, "errno". */
export const ERRNO = {
  success: 0,
  tooBig: 1,
  badDescriptor: 8,
  exists: 20,
  fault: 21,
  invalid: 28,
  isFolder: 31,
  tooManyOpen: 33,
  nameTooLong: 37,
  noEntry: 44,
  notFolder: 54,
  notSupported: 58,
  readOnly: 69,
  notSeekable: 70,
  notCapable: 76,
} as const

export type Errno = (typeof ERRNO)[keyof typeof ERRNO]

/** Thrown by what a call does, to give the module this number as its answer. */
export class WasiError extends Error {
  readonly errno: Errno

  constructor(errno: Errno) {
    super(`errno ${errno}`)
    this.errno = errno
  }
}
