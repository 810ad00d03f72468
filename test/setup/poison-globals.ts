/**
 * Makes ambient time, chance, timers and the process throw when the pure folders (src/model, src/codec,
 * src/core) call them, directly or by way of a library. Who calls is read from the stack: the first frame
 * that is neither a library's nor Node's own. So fast-check, vitest and the shell's code keep working, and a
 * function that a test hands to the core may still read a clock.
 *
 * It is the last of three fences: lint and the nested tsconfig read the source, this one sees what they
 * cannot, an alias (`const { now } = globalThis.Date`) or a library that reads the clock.
 */
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
/** Below the root, so that it does not matter where the repository lies; the planted tree is judged too. */
const PURE = /^\/(?:test\/tidy\/planted\/poison\/)?src\/(?:model|codec|core)\//u
const STACK_FRAMES_MAX = 50

guardMethods('Date.', Date, ['now'])
guardMethods('Math.', Math, ['random'])
// Node does not promise the same last bit of these on every platform and version.
guardMethods('Math.', Math, ['sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'atan2', 'sinh', 'cosh', 'tanh'])
guardMethods('Math.', Math, ['asinh', 'acosh', 'atanh', 'exp', 'expm1', 'log', 'log1p', 'log2', 'log10'])
guardMethods('Math.', Math, ['pow', 'cbrt', 'hypot'])
guardMethods('performance.', performance, ['now'])
guardMethods('', globalThis, ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch'])
guardMethods('crypto.', crypto, ['getRandomValues', 'randomUUID'])
guardMethods('process.', process, ['hrtime', 'nextTick', 'cwd', 'uptime', 'memoryUsage'])
guardMethods('AbortSignal.', AbortSignal, ['timeout'])
guardMethods('', String.prototype, ['localeCompare', 'toLocaleLowerCase', 'toLocaleUpperCase'])
guardMethods('', Number.prototype, ['toLocaleString'])
guardMethods('', BigInt.prototype, ['toLocaleString'])
guardMethods('', Array.prototype, ['toLocaleString'])
guardConstructor('Date')
guardConstructor('WeakRef')
guardConstructor('FinalizationRegistry')
guardConstructor('MessageChannel')
for (const name of ['Collator', 'DateTimeFormat', 'NumberFormat'] as const) guardConstructor(name, Intl)

function guardMethods<Owner extends object>(
  prefix: string,
  owner: Owner,
  names: readonly (keyof Owner & string)[],
): void {
  for (const name of names) {
    const original: unknown = owner[name]
    if (typeof original !== 'function') throw new Error(`poison-globals: no function ${name}`)
    const guarded = new Proxy(original, {
      apply(target, self, args) {
        refuseThePure(`${prefix}${name}`)
        return Reflect.apply(target, self, args)
      },
    })
    Object.defineProperty(owner, name, { value: guarded, configurable: true, writable: true })
  }
}

function guardConstructor(name: string, owner: object = globalThis): void {
  const original: unknown = Reflect.get(owner, name)
  if (typeof original !== 'function') throw new Error(`poison-globals: no constructor ${name}`)
  const guarded = new Proxy(original, {
    apply(target, self, args) {
      refuseThePure(name)
      return Reflect.apply(target, self, args)
    },
    construct(target, args, newTarget) {
      refuseThePure(`new ${name}`)
      return Reflect.construct(target, args, newTarget)
    },
  })
  Object.defineProperty(owner, name, { value: guarded, configurable: true, writable: true })
}

function refuseThePure(what: string): void {
  const file = callerFile()
  if (file.startsWith(ROOT) && PURE.test(file.slice(ROOT.length)))
    throw new Error(`${what} is not for pure code: ${file} (test/setup/poison-globals.ts)`)
}

/**
 * The file of the first frame that is neither this file's, nor a library's, nor Node's own; else ''. The test
 * runner itself reads the clock while it loads what a module imports, with that module below it on the stack.
 */
function callerFile(): string {
  const { stackTraceLimit } = Error
  const prepare = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
  Error.stackTraceLimit = STACK_FRAMES_MAX
  Error.prepareStackTrace = (_error, frames) => frames
  const holder: { stack?: readonly NodeJS.CallSite[] } = {}
  Error.captureStackTrace(holder, callerFile)
  const frames = holder.stack ?? []
  Error.stackTraceLimit = stackTraceLimit
  if (prepare === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace')
  else Object.defineProperty(Error, 'prepareStackTrace', prepare)
  const found = frames
    .map((frame) => frame.getFileName() ?? '')
    .find((file) => isOurs(file) || isRunner(file))
  return found === undefined || isRunner(found) ? '' : found
}

function isOurs(file: string): boolean {
  return (
    file !== '' &&
    !file.startsWith('node:') &&
    !file.includes('/node_modules/') &&
    !file.endsWith('/test/setup/poison-globals.ts')
  )
}

function isRunner(file: string): boolean {
  return /\/node_modules\/(?:vite|vitest|@vitest\/[a-z-]+)\//u.test(file)
}
