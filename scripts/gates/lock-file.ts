import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'

const entryShape = z.object({
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  link: z.boolean().optional(),
  dev: z.boolean().optional(),
  devOptional: z.boolean().optional(),
  optional: z.boolean().optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
  devDependencies: z.record(z.string(), z.string()).optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
})

const lockShape = z.object({ packages: z.record(z.string(), entryShape) })

/** One entry of package-lock.json, as far as the gates read it. */
export type LockEntry = z.infer<typeof entryShape>

/** The entries of package-lock.json by path; '' is this package itself. */
export function readLock(root: string): ReadonlyMap<string, LockEntry> {
  const text: unknown = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  return new Map(Object.entries(lockShape.parse(text).packages))
}

/**
 * What a user's install holds, by path: everything but the development dependencies. Node's own platform
 * packages (optionalDependencies `node-…`) are left out: they are the runtime, not a library.
 */
export function productionClosure(root: string): ReadonlyMap<string, LockEntry> {
  const kept = [...readLock(root)].filter(([path, entry]) => {
    const isOurs = path === '' || entry.dev === true || entry.devOptional === true
    return !isOurs && !/^node_modules\/node-(?:bin-)?(?:linux|darwin|win)-[a-z\d]+$/u.test(path)
  })
  return new Map(kept)
}

/** `node_modules/a/node_modules/@b/c` -> `@b/c`. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
}
