import type { CID } from '../../codec/cid.ts'
import { type BucketCommand, encodeBucketCommand } from '../../codec/entry/bucket-command.ts'
import { encodeItem } from '../../codec/entry/item.ts'
import { cidOfId } from '../../core/bucket/need-turn.ts'
import { stepBucket } from '../../core/bucket/step.ts'
import type { BucketTables } from '../../core/bucket/tables.ts'
import type { NeedState } from '../../core/bucket/transitions.ts'
import { candidatesOf } from '../../core/proposer/candidates.ts'
import { NeedPool, sightingsOf } from '../../core/proposer/pool.ts'
import { HISTORY_START } from '../../core/records/history.ts'
import type { View } from '../../core/records/view.ts'
import type { AppliedAt, World } from '../../core/records/world.ts'
import { assert } from '../../model/fault.ts'
import type { Actor, Spoken } from './actor.ts'

export interface LeaderParts {
  readonly bucket: number
  readonly view: View<BucketTables>
  readonly world: World
  readonly at: () => AppliedAt
  /** Its voters, the leader first: here all have seen the same. */
  readonly voters: readonly Actor[]
  readonly propose: (command: Uint8Array) => void
}

/**
 * What the leader of a bucket does: keeps what was said of each need, and proposes what the machine would accept now. It
 * asks the machine's own step first, so nothing that is refused is proposed, and no rule stands here.
 */
export class Leader {
  readonly #parts: LeaderParts
  readonly #pools = new Map<string, NeedPool>()
  /** What of each need there was when nothing more was accepted. */
  readonly #idle = new Map<string, readonly unknown[]>()
  readonly #heard = new Map<string, number>()

  constructor(parts: LeaderParts) {
    this.#parts = { ...parts, world: remembering(parts.world) }
  }

  /** Something that was said about a need of this bucket. */
  hear(need: string, { field }: Spoken, slot: number, timeMs: number): void {
    const opened = this.#parts.world.openEnvelope(field, timeMs)
    assert(opened.ok, 'the simulation speaks well-formed envelopes')
    const pool = this.#pools.get(need) ?? new NeedPool()
    this.#pools.set(need, pool)
    pool.add({ envelope: opened.value, field, seenAt: slot })
    this.#heard.set(need, (this.#heard.get(need) ?? 0) + 1)
  }

  /** Proposes for a need until nothing more is accepted at this slot; gives the kinds that were. */
  act(need: string, slot: number): readonly BucketCommand['kind'][] {
    const done: BucketCommand['kind'][] = []
    if (this.#isIdle(need, slot)) return done
    for (let next = this.#next(need, slot); next !== undefined; next = this.#next(need, slot)) {
      this.#parts.propose(encodeBucketCommand(next))
      this.#forget(need)
      done.push(next.kind)
    }
    this.#idle.set(need, this.#all(need, slot))
    return done
  }

  /** Nothing that it looks at has changed since it found nothing to propose. */
  #isIdle(need: string, slot: number): boolean {
    const before = this.#idle.get(need)
    return before !== undefined && this.#all(need, slot).every((one, at) => one === before[at])
  }

  #all(need: string, slot: number): readonly unknown[] {
    const { view } = this.#parts
    return [slot, this.#heard.get(need), view.get('needs', need), view.get('bucket', '')]
  }

  /** All that could be proposed for a need, lawful or not; `state`: as if it were in another. */
  candidates(need: string, slot: number, state?: NeedState): Iterable<BucketCommand> {
    const { view, voters, world } = this.#parts
    const [leader] = voters
    assert(leader !== undefined, 'a bucket has voters')
    const pool = this.#pools.get(need) ?? new NeedPool()
    const id = cidOfId(need)
    const head = view.get('needs', need)?.head ?? HISTORY_START
    const seen = once(() => {
      const body = { v: 1 as const, need: id, head, slot, seen: sightingsOf(pool) }
      return voters.map((voter) => voter.state('seen-statement', body))
    })
    const have = (cid: CID) => voters.map((voter) => voter.state('have-statement', { v: 1, need: id, cid }))
    return candidatesOf({ view, world, need, pool, slot, by: leader.did, seen, have }, state)
  }

  #next(need: string, slot: number): BucketCommand | undefined {
    const { view, world, at } = this.#parts
    for (const command of this.candidates(need, slot)) {
      const item = encodeItem({ kind: 'command', command: encodeBucketCommand(command) })
      if (stepBucket(view, command, item, at(), world).verdict.kind === 'applied') return command
    }
    return undefined
  }

  #forget(need: string): void {
    const carried = this.#parts.view.get('envelopes', need) ?? []
    this.#pools.get(need)?.carried(carried.map(({ id }) => id))
  }
}

/** A world that opens an envelope it has opened before no second time: terms of delegations play no part here. */
function remembering(world: World): World {
  const known = new WeakMap<object, ReturnType<World['openEnvelope']>>()
  return {
    ...world,
    openEnvelope: (field, atMs) => {
      const opened = known.get(field as object) ?? world.openEnvelope(field, atMs)
      known.set(field as object, opened)
      return opened
    },
  }
}

/** Made when it is asked for the first time. */
function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
