import type { Call, CallContext } from './call-context.ts'
import { ERRNO, WasiError } from './errno.ts'
import { PRICE } from './prices.ts'
import { Stop } from './stop.ts'

const SUBSCRIPTION_BYTES = 48
const EVENT_BYTES = 32
const SUBSCRIPTIONS_MAX = 1_024
const CLOCK_RESOLUTION_NS = 1_000n
/** In a subscription: the time is one of the clock, not a duration. */
const ABSOLUTE_TIME = 1
const ON_CLOCK = 0

/** Calls that are about the task itself: what it was given, time, chance, its end. */
export function processCalls(context: CallContext): Readonly<Record<string, Call>> {
  const { world, memory, charge } = context
  return {
    args_sizes_get: (count: number, size: number) => putSizes(context, world().args, count, size),
    args_get: (list: number, at: number) => putTexts(context, world().args, list, at),
    environ_sizes_get: (count: number, size: number) => putSizes(context, world().env, count, size),
    environ_get: (list: number, at: number) => putTexts(context, world().env, list, at),
    clock_res_get(id: number, out: number) {
      world().clock.read(id)
      memory.setU64(out, CLOCK_RESOLUTION_NS)
    },
    clock_time_get(id: number, _precision: bigint, out: number) {
      memory.setU64(out, world().clock.read(id))
    },
    random_get(at: number, size: number) {
      const target = memory.bytes(at, size)
      charge(size * PRICE.randomByte)
      world().chance.fill(target)
    },
    poll_oneoff: (subscriptions: number, events: number, count: number, out: number) =>
      poll(context, subscriptions, events, count, out),
    proc_exit(code: number) {
      throw new Stop({ kind: 'exit', code })
    },
    sched_yield() {},
  }
}

function putSizes({ memory }: CallContext, texts: readonly Uint8Array[], count: number, size: number): void {
  memory.setU32(count, texts.length)
  memory.setU32(
    size,
    texts.reduce((sum, text) => sum + text.length, 0),
  )
}

function putTexts(
  { memory, charge }: CallContext,
  texts: readonly Uint8Array[],
  list: number,
  at: number,
): void {
  let next = at
  for (const [index, text] of texts.entries()) {
    charge(PRICE.item + text.length * PRICE.byte)
    memory.setU32(list + 4 * index, next)
    memory.bytes(next, text.length).set(text)
    next += text.length
  }
}

interface Subscription {
  readonly userdata: bigint
  readonly type: number
  /** How long until it is due. */
  readonly wait: bigint
}

/** What waits for a file is ready at once; else the first clocks are, and as much time has passed. */
function poll(context: CallContext, subscriptions: number, events: number, count: number, out: number): void {
  const { memory, world, charge } = context
  if (count === 0 || count > SUBSCRIPTIONS_MAX) throw new WasiError(ERRNO.invalid)
  charge(count * PRICE.item)
  const asked = Array.from({ length: count }, (_, index) =>
    subscriptionAt(context, subscriptions + index * SUBSCRIPTION_BYTES),
  )
  const wait = asked.reduce((least, each) => (each.wait < least ? each.wait : least), asked[0]?.wait ?? 0n)
  world().clock.pass(wait)
  const due = asked.filter((each) => each.wait <= wait)
  for (const [index, { userdata, type }] of due.entries()) {
    const event = memory.view(events + index * EVENT_BYTES, EVENT_BYTES)
    event.setBigUint64(0, userdata, true)
    event.setBigUint64(8, BigInt(type) << 16n, true)
    event.setBigUint64(16, 0n, true)
    event.setBigUint64(24, 0n, true)
  }
  memory.setU32(out, due.length)
}

function subscriptionAt({ memory, world }: CallContext, at: number): Subscription {
  const view = memory.view(at, SUBSCRIPTION_BYTES)
  const [userdata, type] = [view.getBigUint64(0, true), view.getUint8(8)]
  if (type !== ON_CLOCK) {
    world().descriptors.get(view.getUint32(16, true))
    return { userdata, type, wait: 0n }
  }
  const [id, time] = [view.getUint32(16, true), view.getBigUint64(24, true)]
  const until = world().clock.until(id, time)
  return { userdata, type, wait: (view.getUint16(40, true) & ABSOLUTE_TIME) === 0 ? time : until }
}
