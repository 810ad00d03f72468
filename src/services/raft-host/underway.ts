import type { HostCore } from './host-core.ts'
import type { HostedGroup } from './hosted-group.ts'

/**
 * Up to which number nothing is to be done now: what is over, or beyond it what was done lately. When nothing came
 * of that for long, all of it is to be done again. `what` names the other group and the direction.
 */
export function doneUpTo(core: HostCore, group: HostedGroup, what: string, floor: number): number {
  const { tick, settings, mutant } = core
  const known = group.underway.get(what)
  if (known === undefined || known.upTo <= floor) return floor
  if (floor > known.floor) {
    known.floor = floor
    known.tick = tick
  }
  if (tick - known.tick < settings.effectRetryTicks || mutant === 'effect-once-sent') return known.upTo
  group.underway.delete(what)
  // What the other group said of what it knows may not have been true.
  group.seals.known.clear()
  return floor
}

/** It is done up to here now. */
export function noteDone(
  core: HostCore,
  group: HostedGroup,
  what: string,
  upTo: number,
  floor: number,
): void {
  const known = group.underway.get(what)
  if (known !== undefined && known.upTo > floor) known.upTo = Math.max(known.upTo, upTo)
  else group.underway.set(what, { upTo, floor, tick: core.tick })
}
