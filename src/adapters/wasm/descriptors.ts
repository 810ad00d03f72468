import type { JobFile } from '../../ports/job.ts'
import { ERRNO, WasiError } from './errno.ts'

/** An open file: bytes that never change, and a place in them. */
export interface OpenFile {
  readonly kind: 'file'
  readonly inode: number
  readonly bytes: Uint8Array
  /** Where the next read begins; may lie past the end. */
  at: number
}

/** The one folder, which holds all files. */
export interface OpenFolder {
  readonly kind: 'folder'
  /** Given to the task, not opened by it: it may ask for the name. */
  readonly isPreopened: boolean
}

export type Descriptor = OpenFile | OpenFolder | { readonly kind: 'stdout' } | { readonly kind: 'stderr' }

/** Name of the folder that the task finds open. */
export const FOLDER_NAME = '/'

/** The number of the folder; before it are input, output and error. */
const FOLDER = 3
const OPEN_MAX = 64
const PATH_CHARS_MAX = 255

/** What is open. Every number is the task's word: one that is not open is answered with `badDescriptor`. */
export class Descriptors {
  readonly #files: readonly JobFile[]
  readonly #open = new Map<number, Descriptor>()

  /** `files`: names without `/`, none twice. */
  constructor(input: Uint8Array, files: readonly JobFile[]) {
    this.#files = files.toSorted((a, b) => (a.name < b.name ? -1 : 1))
    this.#open.set(0, { kind: 'file', inode: 0, bytes: input, at: 0 })
    this.#open.set(1, { kind: 'stdout' })
    this.#open.set(2, { kind: 'stderr' })
    this.#open.set(FOLDER, { kind: 'folder', isPreopened: true })
  }

  /** In order of their names. */
  get files(): readonly JobFile[] {
    return this.#files
  }

  get(number: number): Descriptor {
    const found = this.#open.get(number)
    if (found === undefined) throw new WasiError(ERRNO.badDescriptor)
    return found
  }

  file(number: number): OpenFile {
    const found = this.get(number)
    if (found.kind === 'file') return found
    throw new WasiError(found.kind === 'folder' ? ERRNO.isFolder : ERRNO.badDescriptor)
  }

  folder(number: number): OpenFolder {
    const found = this.get(number)
    if (found.kind !== 'folder') throw new WasiError(ERRNO.notFolder)
    return found
  }

  close(number: number): void {
    this.get(number)
    this.#open.delete(number)
  }

  /** `to` becomes what `from` was, and `from` is closed. Both must be open. */
  renumber(from: number, to: number): void {
    const moved = this.get(from)
    this.get(to)
    this.#open.delete(from)
    this.#open.set(to, moved)
  }

  /** The file at `path` in folder `number`, or the folder itself, with its own place at the start. */
  find(number: number, path: string): OpenFile | OpenFolder {
    this.folder(number)
    const name = nameIn(path)
    if (name === '') return { kind: 'folder', isPreopened: false }
    const index = this.#files.findIndex((file) => file.name === name)
    if (index === -1) throw new WasiError(ERRNO.noEntry)
    return { kind: 'file', inode: index + 1, bytes: (this.#files[index] as JobFile).bytes, at: 0 }
  }

  /** Gives what was found the lowest free number. */
  add(found: OpenFile | OpenFolder): number {
    if (this.#open.size >= OPEN_MAX) throw new WasiError(ERRNO.tooManyOpen)
    let number = FOLDER + 1
    while (this.#open.has(number)) number++
    this.#open.set(number, found)
    return number
  }
}

/** The name that a path means in the one folder; '' for the folder itself. Nothing is above it. */
function nameIn(path: string): string {
  if (path.length > PATH_CHARS_MAX) throw new WasiError(ERRNO.nameTooLong)
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw new WasiError(ERRNO.notCapable)
  if (parts.length > 1) throw new WasiError(ERRNO.noEntry)
  return parts[0] ?? ''
}
