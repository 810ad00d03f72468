import type { GroupId, RaftId } from '../../model/raft.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { StateMachine } from '../../ports/state-machine.ts'
import { type Board, type BoardWrite, boardMachine } from './machines.ts'
import { lyingFrame, SealChecks } from './seal-checks.ts'
import { SimKeys } from './sim-keys.ts'
import type { World, WorldOptions } from './world.ts'

/**
 * A run whose groups have certificates. With five nodes or more it withstands one liar, and node 1 is one: it signs two
 * roots for every size. What it says otherwise is true, since raft is not built for liars.
 */
export class SealedRun {
  readonly checks: SealChecks
  readonly #keys: SimKeys
  readonly #nodes: number
  readonly #f: number
  readonly #sha256: Sha256
  #world: World | undefined

  constructor(nodes: number, sha256: Sha256) {
    this.#keys = new SimKeys(sha256)
    this.#nodes = nodes
    this.#f = nodes < 5 ? 0 : 1
    this.#sha256 = sha256
    const liars = this.#liars().map((id) => this.#keys.didOf(id))
    this.checks = new SealChecks(new Set(liars), this.#f)
  }

  options(): Pick<WorldOptions, 'certificationOf' | 'onSeal' | 'machine'> {
    return {
      machine: sealedBoard,
      certificationOf: this.#keys.certification(this.#nodes, this.#f),
      onSeal: (node, notice) => {
        const found = this.#world?.node(node)
        if (found === undefined) return
        const sealedOf = (group: GroupId) => found.host?.group(group)?.replica?.sealed
        this.checks.take(node, notice, { disk: found.durable, sealedOf })
      },
    }
  }

  /** To be called before the world goes on. */
  watch(world: World): void {
    this.#world = world
    const liars = new Set(this.#liars())
    world.tamper = (from, _to, frame) =>
      liars.has(from) ? lyingFrame(frame, from, this.#keys, this.#sha256) : frame
  }

  #liars(): readonly RaftId[] {
    return this.#f === 0 ? [] : [1 as RaftId]
  }
}

/** A board that wants every cell that is set certified, and every fourth recorded: once, as an arrival. */
const sealedBoard: StateMachine<Board, BoardWrite> = {
  ...boardMachine,
  step(view, command, at) {
    const step = boardMachine.step(view, command, at)
    const isSet = step.writes.some(({ kind }) => kind === 'put')
    return isSet ? { ...step, seal: true, closing: at.position % 4 === 0 } : step
  },
  certified(_view, { position }) {
    const writes = [{ kind: 'arrived', text: `closed ${position}` }] as const
    return { writes, verdict: { kind: 'applied', result: new Uint8Array(0) }, effects: [] }
  },
}
