import type { Payload } from '../../codec/payload/verbs.ts'
import { MICRO_PER_CREDIT, type MicroText } from '../../model/micro.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { Chance } from '../raft/chance.ts'
import type { Actor } from './actor.ts'
import { Challenger, type ChallengerWay } from './cast/challenger.ts'
import type { Part } from './cast/scene.ts'
import { Verifier, type VerifierWay } from './cast/verifier.ts'
import { Worker, type WorkerWay } from './cast/worker.ts'
import { PLAY_PARAMETERS } from './parameters.ts'
import { Stage } from './stage.ts'

export const CAPABILITY = 'text/stats'

/** Who takes part, and how. */
export interface Casting {
  readonly voters: number
  readonly workers: readonly WorkerWay[]
  readonly verifiers: readonly VerifierWay[]
  readonly challengers: readonly ChallengerWay[]
  readonly requesters: number
}

export interface Company {
  readonly stage: Stage
  readonly parts: readonly Part[]
  readonly requesters: readonly Actor[]
}

export interface CompanyOptions {
  readonly crypto: Crypto
  readonly casting: Casting
  readonly seed: string
  /** Signatures are checked, effects certified. */
  readonly checks: boolean
  readonly certifies: boolean
  readonly chance: Chance
}

const START_MS = 1_800_000_000_000
/** Slots of a play are fewer, whoever draws their beacons. */
const PLAY_CHAIN_LENGTH = 1_536

/** Credits as they stand in payloads; thousandths count. */
export function credits(amount: number): MicroText {
  return ((BigInt(Math.round(amount * 1_000)) * MICRO_PER_CREDIT) / 1_000n).toString() as MicroText
}

/** Mostly honest people, by chance. */
export function castByChance(chance: Chance): Casting {
  const some = <Way>(least: number, most: number, honest: Way, others: readonly Way[]): Way[] =>
    Array.from({ length: least + chance.below(most - least + 1) }, () =>
      chance.is(0.6) ? honest : chance.pick(others),
    )
  return {
    voters: chance.pick([1, 3, 4, 5]),
    workers: some<WorkerWay>(2, 5, 'honest', ['liar', 'secretive', 'sleeper', 'absent', 'quitter', 'thief']),
    verifiers: some<VerifierWay>(3, 14, 'honest', [
      'nodder',
      'denier',
      'silent',
      'twofaced',
      'hider',
      'meddler',
      'stutterer',
      'doubter',
      'doubter',
    ]),
    challengers: some<ChallengerWay>(0, 3, 'honest', ['frivolous', 'teaser', 'waverer', 'late']),
    requesters: 2,
  }
}

/** A stage with these people on it, whose workers have published what they offer. */
export function assemble({ crypto, casting, seed, checks, certifies, chance }: CompanyOptions): Company {
  const named = (kind: string, count: number) => Array.from({ length: count }, (_, at) => `${kind} ${at}`)
  const workers = named('worker', casting.workers.length)
  const verifiers = named('verifier', casting.verifiers.length)
  const challengers = named('challenger', casting.challengers.length)
  const requesters = named('requester', casting.requesters)
  const stage = new Stage({
    crypto,
    seed,
    voters: casting.voters,
    checks,
    certifies,
    signs: checks || certifies,
    chainLength: PLAY_CHAIN_LENGTH,
    startMs: START_MS,
    genesis: (didOf) => ({
      parameters: PLAY_PARAMETERS,
      insurance: credits(10_000),
      accounts: [...workers, ...challengers, ...requesters].map((name) => ({
        did: didOf(name),
        amount: credits(5_000),
      })),
      verifiers: verifiers.map((name) => ({
        did: didOf(name),
        stake: credits(500 + chance.below(2_000)),
        capabilities: [CAPABILITY],
      })),
    }),
  })
  stage.tick(500)
  const { sha256 } = crypto
  const parts = [
    ...casting.workers.map((way, at) =>
      hireWorker(stage, crypto, workers[at] ?? '', way, 40 + chance.below(60)),
    ),
    ...casting.verifiers.map((way, at) => new Verifier(stage.actor(verifiers[at] ?? ''), way, sha256)),
    ...casting.challengers.map((way, at) => new Challenger(stage.actor(challengers[at] ?? ''), way, sha256)),
  ]
  stage.tick(500)
  return { stage, parts, requesters: requesters.map((name) => stage.actor(name)) }
}

function hireWorker(stage: Stage, crypto: Crypto, name: string, way: WorkerWay, percent: number): Worker {
  const actor = stage.actor(name)
  const offer = {
    name: CAPABILITY,
    about: '',
    task_types: [],
    tags: [],
    constraints: {},
    price: credits(1),
  }
  const manifest = actor.account('MANIFEST', { version: 1, label: name, capabilities: [offer] }, stage.timeMs)
  stage.submit(manifest)
  return new Worker(actor, way, crypto, manifest.cid, (budget) => (budget * BigInt(percent)) / 100n)
}

/** A need as chance will have it. */
export function needByChance(chance: Chance, key: string): Payload<'NEED'> {
  const task_class = chance.pick(['simple', 'simple', 'simple', 'complex', 'critical'] as const)
  const budget = task_class === 'simple' ? chance.pick([0.5, 0.9, 5]) : chance.pick([5, 20])
  return {
    label: key,
    task_type: CAPABILITY,
    capability: CAPABILITY,
    input: { inline: chance.bytes(1 + chance.below(40)) },
    requires: [],
    produces: [],
    constraints: {
      ...(chance.is(0.2) ? { commit_reveal: true } : {}),
      ...(chance.is(0.1) ? { improving_rounds: 1 } : {}),
    },
    task_class,
    budget: credits(budget),
    verify_bounty: credits(chance.pick([0.1, 1, 3])),
    verification: { mode: 'reexecute' },
    idempotency_key: key,
  }
}
