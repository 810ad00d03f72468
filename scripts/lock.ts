/**
 * Completes package-lock.json after an `npm install`: `npm run lock`.
 *
 * A registry mirror may lack the packages of other platforms; npm then leaves them out of the lock
 * file, and `npm ci` refuses it. Their names and versions are known from the package that wants them
 * (it pins them exactly), so they are entered without an integrity hash: they are optional, for other
 * platforms only, and never installed here.
 */
import { readFileSync, writeFileSync } from 'node:fs'

interface LockEntry {
  version?: string
  dev?: boolean
  optional?: boolean
  os?: string[]
  cpu?: string[]
  libc?: string[]
  optionalDependencies?: Record<string, string>
}

const LOCK = new URL('../package-lock.json', import.meta.url)
const OS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
]
const CPU = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64']

const lock: { packages: Record<string, LockEntry> } = JSON.parse(readFileSync(LOCK, 'utf8'))
const added: string[] = []
for (const parent of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`
    const os = OS.filter((word) => name.includes(word))
    if (lock.packages[path] !== undefined || os.length === 0) continue
    const cpu = CPU.filter((word) => name.includes(word)).slice(0, 1)
    lock.packages[path] = {
      version,
      cpu,
      ...(parent.dev === true && { dev: true }),
      ...(name.includes('musl') && { libc: ['musl'] }),
      optional: true,
      os,
    }
    added.push(`${name}@${version}`)
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, 'en')),
)
writeFileSync(LOCK, `${JSON.stringify(lock, null, 2)}\n`)
process.stdout.write(
  `${added.length} entries for other platforms added\n${added.map((one) => `  ${one}\n`).join('')}`,
)
