import { accessSync, constants, existsSync, lstatSync, readlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { SystemPath } from './sandbox-arguments.ts'

/** Where programs are looked for, by us and by what we run. */
export const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** What of the machine every program needs. */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']
const SYSTEM_FILES = ['/etc/ld.so.cache', '/etc/alternatives']

/** The program's file: itself when it is a path, else the first of that name in `SEARCH_PATH`; undefined: not there. */
export function findProgram(name: string): string | undefined {
  const places = name.includes('/')
    ? [name]
    : SEARCH_PATH.split(delimiter).map((folder) => join(folder, name))
  return places.find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Programs and libraries of this machine, as they are laid out here. */
export function systemPaths(): readonly SystemPath[] {
  return [...SYSTEM, ...SYSTEM_FILES]
    .filter((path) => existsSync(path))
    .map((path) => {
      return lstatSync(path).isSymbolicLink() ? { path, link: readlinkSync(path) } : { path }
    })
}

/** What a virtual machine would need and this machine lacks; this version has no runner for one in any case. */
export function missingForVm(): readonly string[] {
  return [
    ...(existsSync('/dev/kvm') ? [] : ['/dev/kvm']),
    ...(findProgram('firecracker') === undefined ? ['firecracker'] : []),
    'a runner for virtual machines in this version',
  ]
}
