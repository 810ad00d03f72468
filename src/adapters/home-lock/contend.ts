import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { FaultError } from '../../model/fault.ts'
import { formatOwner, type Owner, parseOwner } from './owner.ts'

const LOCK = 'lock'
const DRAFT = 'lock.draft-'
const NEXT = 'lock.next-'
const FILE_MODE = 0o600
/** Each round that ends without an answer means that somebody else won or let go meanwhile. */
const ROUNDS_MAX = 64
/** Processes that died one after another while they took over the same stale lock. */
const SUCCESSORS_MAX = 64

/**
 * Takes the lock of `home` for `self`; gives undefined when it has it, else the owner that is alive. Yields
 * before every step on disk, so that a test can put any other process's steps between.
 *
 * `lock` names an owner S. Whoever finds S dead claims to be its one successor by making `lock.next-<nonce of
 * S>`, which only one can; a successor that died has a successor in turn. The last of that row owns the home.
 * A claimant looks again from the start: if the row ends with itself, nobody else can own the home, and it
 * puts its name into `lock`. If `lock` moved on meanwhile, its claim means nothing, because a nonce never
 * comes back. Every file appears whole, by `link` or `rename`.
 *
 * Faults `home-missing`, `home-locked` for a lock file that is not ours to judge; other errors as they come.
 */
export function* contend(
  home: string,
  self: Owner,
  isAlive: (owner: Owner) => boolean,
): Generator<undefined, Owner | undefined> {
  const draft = join(home, DRAFT + self.nonce)
  writeDraft(draft, self, home)
  try {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      yield
      if (linked(draft, join(home, LOCK))) return undefined
      const end = yield* lastOwner(home)
      if (end === undefined) continue
      if (isAlive(end)) return end
      if (yield* takeOver(home, draft, self, end)) {
        yield* sweep(home, isAlive)
        return undefined
      }
    }
    throw new FaultError('home-locked', `the lock of ${home} changes hands all the time`)
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Lets go: `self` must own the home. */
export function letGo(home: string, self: Owner): void {
  const path = join(home, LOCK)
  if (ownerIn(path)?.nonce === self.nonce) rmSync(path, { force: true })
}

function* takeOver(home: string, draft: string, self: Owner, dead: Owner): Generator<undefined, boolean> {
  const claim = join(home, NEXT + dead.nonce)
  yield
  if (!linked(draft, claim)) return false
  const end = yield* lastOwner(home)
  yield
  if (end?.nonce === self.nonce) {
    renameSync(draft, join(home, LOCK))
    return true
  }
  rmSync(claim, { force: true })
  return false
}

/** The end of the row that starts with `lock`; undefined when there is no lock. */
function* lastOwner(home: string): Generator<undefined, Owner | undefined> {
  yield
  let owner = ownerIn(join(home, LOCK))
  for (let i = 0; owner !== undefined && i < SUCCESSORS_MAX; i++) {
    yield
    const next = ownerIn(join(home, NEXT + owner.nonce))
    if (next === undefined) return owner
    owner = next
  }
  return owner
}

/** The new owner removes what others left: claims upon locks that are gone, drafts of the dead. */
function* sweep(home: string, isAlive: (owner: Owner) => boolean): Generator<undefined, void> {
  yield
  for (const name of readdirSync(home)) {
    const path = join(home, name)
    yield
    if (name.startsWith(NEXT)) rmSync(path, { force: true })
    if (!name.startsWith(DRAFT)) continue
    // A draft that names nobody is one that is being written just now: its process will find the lock taken.
    const text = textOf(path)
    const owner = text === undefined ? undefined : parseOwner(text)
    if (owner !== undefined && !isAlive(owner)) rmSync(path, { force: true })
  }
}

function writeDraft(path: string, self: Owner, home: string): void {
  try {
    const file = openSync(path, 'wx', FILE_MODE)
    try {
      writeSync(file, formatOwner(self))
      fsyncSync(file) // else a power cut could leave a lock without a name in it
    } finally {
      closeSync(file)
    }
  } catch (cause) {
    if (isCode(cause, 'ENOENT')) throw new FaultError('home-missing', `there is no ${home}`, { cause })
    throw cause
  }
}

/** False when `to` is there already. */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (cause) {
    if (isCode(cause, 'EEXIST')) return false
    throw cause
  }
}

function ownerIn(path: string): Owner | undefined {
  const text = textOf(path)
  const owner = text === undefined ? undefined : parseOwner(text)
  if (text === undefined || owner !== undefined) return owner
  throw new FaultError('home-locked', `${path} names no process: remove it if no canswarm runs on this home`)
}

/** Undefined when there is no such file. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if (isCode(cause, 'ENOENT')) return undefined
    throw cause
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
