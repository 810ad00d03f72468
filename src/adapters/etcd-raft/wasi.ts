import type { WasmImports, WasmMemory } from './web-assembly.ts'

/** WASI preview 1 error numbers. */
const ERRNO = { none: 0, badFileDescriptor: 8, notSupported: 52 } as const
const SUBSCRIPTION_BYTES = 48
const EVENT_BYTES = 32
const NANOS_PER_READING = 1000n

export interface WasiHost {
  readonly memory: () => WasmMemory
  /** What the module knows of chance. */
  readonly fill: (target: Uint8Array) => void
  /** What it writes to standard output and error. */
  readonly write: (bytes: Uint8Array) => void
  /** It ended itself. Must throw: there is nothing to come back to. */
  readonly exit: (code: number) => never
}

/**
 * The WASI calls that a Go runtime makes, and nothing ambient behind them: chance comes from the host, the
 * clock, which only the collector's bookkeeping reads, is a counter, and naps are over at once (without an
 * answer the runtime dies at its first collection). All others answer that they are not supported.
 * Source: WASI preview 1; Go's runtime for wasip1.
 */
export function wasiImports(names: readonly string[], host: WasiHost): WasmImports {
  const calls = new Map<string, WasmImports[string]>(Object.entries(answered(host)))
  return Object.fromEntries(names.map((name) => [name, calls.get(name) ?? (() => ERRNO.notSupported)]))
}

function answered(host: WasiHost): WasmImports {
  const view = (): DataView => new DataView(host.memory().buffer)
  const bytes = (at: number, size: number): Uint8Array => new Uint8Array(host.memory().buffer, at, size)
  let nanos = 0n
  const noneOf = (counts: number, sizes: number): number => {
    view().setUint32(counts, 0, true)
    view().setUint32(sizes, 0, true)
    return ERRNO.none
  }
  return {
    args_sizes_get: (counts = 0, sizes = 0) => noneOf(counts, sizes),
    environ_sizes_get: (counts = 0, sizes = 0) => noneOf(counts, sizes),
    args_get: () => ERRNO.none,
    environ_get: () => ERRNO.none,
    sched_yield: () => ERRNO.none,
    fd_fdstat_get: () => ERRNO.badFileDescriptor,
    fd_prestat_get: () => ERRNO.badFileDescriptor,
    proc_exit: (code = 0) => host.exit(code),
    clock_time_get(_id, _precision, out = 0) {
      nanos += NANOS_PER_READING
      view().setBigUint64(out, nanos, true)
      return ERRNO.none
    },
    random_get(at = 0, size = 0) {
      host.fill(bytes(at, size))
      return ERRNO.none
    },
    poll_oneoff(subscriptions = 0, events = 0, count = 0, out = 0) {
      firedAtOnce(view(), subscriptions, events, count)
      view().setUint32(out, count, true)
      return ERRNO.none
    },
    fd_write(_descriptor, vectors = 0, count = 0, out = 0) {
      view().setUint32(out, writeAll(view(), bytes, host.write, vectors, count), true)
      return ERRNO.none
    },
  }
}

/** Every subscription has fired without error: user data, then zeros. */
function firedAtOnce(view: DataView, subscriptions: number, events: number, count: number): void {
  for (let i = 0; i < count; i++) {
    const event = events + EVENT_BYTES * i
    view.setBigUint64(event, view.getBigUint64(subscriptions + SUBSCRIPTION_BYTES * i, true), true)
    for (const offset of [8, 16, 24]) view.setBigUint64(event + offset, 0n, true)
  }
}

function writeAll(
  view: DataView,
  bytes: (at: number, size: number) => Uint8Array,
  write: (bytes: Uint8Array) => void,
  vectors: number,
  count: number,
): number {
  let written = 0
  for (let i = 0; i < count; i++) {
    const size = view.getUint32(vectors + 8 * i + 4, true)
    write(bytes(view.getUint32(vectors + 8 * i, true), size))
    written += size
  }
  return written
}
