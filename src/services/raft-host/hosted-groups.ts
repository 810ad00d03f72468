import type { GroupId } from '../../model/raft.ts'
import type { HostedGroup } from './hosted-group.ts'

/**
 * The groups of a node, and those of them that a turn has to look at. A group is looked at while it is awake or has
 * anything to do; all that gives it something says so by `touch`. So a turn costs what is busy, however many groups
 * sleep. Source: raft-host-catalogue G2.
 */
export class HostedGroups {
  readonly #all = new Map<GroupId, HostedGroup>()
  readonly #busy = new Set<HostedGroup>()

  get(id: GroupId): HostedGroup | undefined {
    return this.#all.get(id)
  }

  has(id: GroupId): boolean {
    return this.#all.has(id)
  }

  get size(): number {
    return this.#all.size
  }

  /** All of them, asleep or not: not for what happens every turn or tick. */
  all(): Iterable<HostedGroup> {
    return this.#all.values()
  }

  /** Those to look at; one that is touched meanwhile is among them. */
  busy(): Iterable<HostedGroup> {
    return this.#busy
  }

  get isAnyBusy(): boolean {
    return this.#busy.size > 0
  }

  /** Adds a group, or puts it in the place of what had its id. */
  put(group: HostedGroup): void {
    this.delete(group.id)
    this.#all.set(group.id, group)
    this.#busy.add(group)
  }

  delete(id: GroupId): void {
    const group = this.#all.get(id)
    if (group !== undefined) this.#busy.delete(group)
    this.#all.delete(id)
  }

  /** There is something to do for it: the coming turns look at it, whether it sleeps or not. */
  touch(group: HostedGroup): void {
    if (this.#all.get(group.id) === group) this.#busy.add(group)
  }

  /** At the end of a turn: those that sleep, or stopped, and have nothing to do are left alone. */
  settle(): void {
    for (const group of this.#busy) if (isAtRest(group)) this.#busy.delete(group)
  }
}

function isAtRest(group: HostedGroup): boolean {
  const { asleep, condition, waiting, queue, internal, reads, out, receiving, seals } = group
  if (!asleep && condition === 'running') return false
  if (waiting.size + queue.length + internal.length + reads.length > 0 || group.sleepDue) return false
  if (out !== undefined || receiving !== undefined || isCheckpointAsked(group)) return false
  return seals.wanted.size === 0 && seals.owed.size === 0
}

/** A state is to be stored, and there is something new in it. */
export function isCheckpointAsked({ checkpointDue, checkpoint, replica, condition }: HostedGroup): boolean {
  return condition === 'running' && checkpointDue && checkpoint?.applied !== replica?.applied
}
