/** What the pure folders must not do, in the spellings that lint cannot see through. */
const world = globalThis

export const ambient: Readonly<Record<string, () => unknown>> = {
  'Date.now': () => {
    const { Date: Calendar } = world
    return Calendar.now()
  },
  'new Date': () => Reflect.construct(world.Date, []),
  Date: () => Reflect.apply(world.Date, undefined, []),
  'Math.random': () => Reflect.get(Math, 'random')(),
  'Math.sin': () => Reflect.get(Math, 'sin')(1),
  'performance.now': () => world['performance'].now(),
  setTimeout: () => Reflect.get(world, 'setTimeout')(() => undefined, 0),
  setInterval: () => Reflect.get(world, 'setInterval')(() => undefined, 1_000_000),
  queueMicrotask: () => Reflect.get(world, 'queueMicrotask')(() => undefined),
  'crypto.getRandomValues': () => world['crypto'].getRandomValues(new Uint8Array(1)),
  'process.hrtime': () => world['process'].hrtime(),
  'AbortSignal.timeout': () => world['AbortSignal'].timeout(1),
  'new WeakRef': () => Reflect.construct(world.WeakRef, [{}]),
  localeCompare: () => Reflect.get(String.prototype, 'localeCompare').call('a', 'b'),
  toLocaleString: () => Reflect.get(Number.prototype, 'toLocaleString').call(1),
  'new NumberFormat': () => Reflect.construct(world.Intl.NumberFormat, []),
}

/** Lawful: the argument decides, even when it reads a clock. */
export function call<Value>(argument: () => Value): Value {
  return argument()
}

/** By way of a library: `sample` is fast-check's, so the clock is read from a frame of that library. */
export function throughLibrary<Arbitrary>(
  sample: (arbitrary: Arbitrary, count: number) => unknown,
  map: (mapper: () => number) => Arbitrary,
): unknown {
  return sample(map(world.Date.now), 1)
}
