import { FaultError } from '../../model/fault.ts'
import { contend, letGo } from './contend.ts'
import { isAlive, ownOwner } from './owner.ts'

/** The right to be the one process that writes in a home. */
export interface HomeLock {
  /** Lets go; a second call does nothing. */
  release(): void
}

/**
 * Takes the lock `<home>/lock` for this process; the caller releases it. A lock whose process is gone is taken
 * over, by one process however many try at once. It holds between processes that see one another: not between
 * containers with process tables of their own, nor between machines that share a disk.
 * Faults `home-locked` naming the pid, `home-missing`, `store-io`.
 * Source: operations.md, "CLI".
 */
export function openHomeLock(home: string): HomeLock {
  const self = ownOwner()
  const owner = guarded(home, () => run(contend(home, self, isAlive)))
  if (owner !== undefined) throw new FaultError('home-locked', `process ${owner.pid} uses ${home}`)
  let held = true
  return {
    release() {
      if (held) guarded(home, () => letGo(home, self))
      held = false
    },
  }
}

function run<Value>(steps: Generator<undefined, Value>): Value {
  let step = steps.next()
  while (step.done !== true) step = steps.next()
  return step.value
}

function guarded<Value>(home: string, act: () => Value): Value {
  try {
    return act()
  } catch (cause) {
    if (cause instanceof FaultError) throw cause
    throw new FaultError('store-io', `cannot lock or unlock ${home}`, { cause })
  }
}
