import { HUB } from '../../codec/entry/item.ts'
import { recomputeStateHash } from '../../core/records/state-hash.ts'
import { assert } from '../../model/fault.ts'
import type { Crypto } from '../../ports/crypto.ts'
import { Chance } from '../raft/chance.ts'
import { Violation } from '../raft/violation.ts'
import { auditHub } from './audit/audit-hub.ts'
import { auditNeeds } from './audit/audit-need.ts'
import { assemble, type Casting, castByChance, needByChance } from './casting.ts'
import { type Checks, newChecks } from './checks.ts'
import { PLAY_SLOT_MS } from './parameters.ts'
import { Play } from './play.ts'
import { foldable, refold } from './replicas.ts'
import type { Stage } from './stage.ts'

const REPLICAS = 2

export interface RunOptions {
  readonly crypto: Crypto
  readonly seed: number
  /** Acts of chance before the play is brought to its end. */
  readonly steps: number
  readonly needs: number
  readonly checksSignatures: boolean
  readonly certifies: boolean
  /** By default what the seed has it. */
  readonly casting?: Casting
  /** Given the stage before the play begins: for who wants to see its logs whatever comes of it. */
  readonly onStage?: (stage: Stage) => void
  /** How many other replicas fold the logs at the end; two where it is absent. */
  readonly replicas?: number
}

export interface RunResult {
  readonly items: number
  readonly needs: number
  readonly refusedNeeds: number
  /** How many needs ended in each state. */
  readonly outcomes: Readonly<Record<string, number>>
  /** Of the hub at the end. */
  readonly hash: string
}

/** Rounds in which everything must come to its end once chance has stopped. */
const ENDING_ROUNDS = 700

/** The people of a seed. */
export function castOf(seed: number): Casting {
  return castByChance(new Chance(seed, 'cast'))
}

/** A whole play from one seed, with all checks; throws a `Violation` where a promise is broken. */
export function runPlay(options: RunOptions): RunResult {
  const { crypto, seed, steps, needs } = options
  const chance = new Chance(seed, 'play')
  const casting = options.casting ?? castOf(seed)
  const company = assemble({
    crypto,
    casting,
    seed: String(seed),
    checks: options.checksSignatures,
    certifies: options.certifies,
    chance,
  })
  const { stage, parts, requesters } = company
  options.onStage?.(stage)
  const checks = newChecks(stage)
  const play = new Play({ stage, parts, chance, slotMs: PLAY_SLOT_MS, check: () => checks.now() })
  let refusedNeeds = 0
  for (let step = 0, posted = 0; step < steps; step++) {
    if (posted < needs && step % Math.ceil(steps / needs) === 0) {
      if (!play.post(chance.pick(requesters), needByChance(chance, `need-${posted++}`))) refusedNeeds++
    } else play.step()
  }
  end(play)
  checks.atEnd(play.posted.map(({ id }) => id))
  auditHub(stage)
  auditNeeds(stage)
  compareReplicas(options, stage, chance)
  return resultOf(play, checks, stage.hub.hash().toHex(), refusedNeeds)
}

function end(play: Play): void {
  for (let round = 0; play.open.length > 0; round++) {
    if (round >= ENDING_ROUNDS) {
      const left = play.open.map(({ id }) => `${id} ${play.stateOf(id) ?? 'waits'}`)
      throw new Violation('liveness', `after ${round} rounds there are still ${left.join(', ')}`)
    }
    play.round()
  }
}

/** Other replicas, each with its own interleaving, and the hash made again from every record. */
function compareReplicas(
  { crypto, replicas = REPLICAS }: RunOptions,
  stage: Parameters<typeof newChecks>[0],
  chance: Chance,
): void {
  const { network, hub } = stage
  const logs = new Map([HUB, ...network.buckets].map((machine) => [machine, foldable(network.log(machine))]))
  for (let replica = 0; replica < replicas; replica++) {
    const parts = {
      machines: stage.machines,
      voters: stage.voters.map(({ did }) => did),
      sha256: crypto.sha256,
      chance,
    }
    for (const [machine, hash] of refold(logs, parts)) {
      const here = network.group(machine).machine.hash().toHex()
      if (here !== hash) throw new Violation('replica', `machine ${machine} came to another state`)
    }
  }
  const whole = recomputeStateHash(hub.records, crypto.sha256).toHex()
  assert(whole === hub.hash().toHex(), 'the hash that is kept is that of every record')
}

function resultOf(play: Play, checks: Checks, hash: string, refusedNeeds: number): RunResult {
  const outcomes: Record<string, number> = {}
  for (const { id } of play.posted) {
    const state = play.stateOf(id) ?? 'none'
    outcomes[state] = (outcomes[state] ?? 0) + 1
  }
  return { items: checks.items, needs: play.posted.length, refusedNeeds, outcomes, hash }
}
