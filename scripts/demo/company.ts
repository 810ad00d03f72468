/** Who plays in the demonstration, and what each does in which story. */
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import type { Payload } from '../../src/codec/payload/verbs.ts'
import { Challenger } from '../../src/sim/heart/cast/challenger.ts'
import type { Line, Part, Scene } from '../../src/sim/heart/cast/scene.ts'
import { Verifier } from '../../src/sim/heart/cast/verifier.ts'
import { Worker, type WorkerWay } from '../../src/sim/heart/cast/worker.ts'
import { CAPABILITY, credits } from '../../src/sim/heart/casting.ts'
import { PLAY_PARAMETERS } from '../../src/sim/heart/parameters.ts'
import { Stage } from '../../src/sim/heart/stage.ts'

export const STORIES = ['success', 'lost lease', 'lying worker', 'upheld challenge'] as const
export type Story = (typeof STORIES)[number]

/** Workers by name: what part of the budget they ask, and their way in each story; absent: they do not bid. */
const WORKERS: Readonly<
  Record<string, { readonly percent: number; readonly ways: Partial<Record<Story, WorkerWay>> }>
> = {
  bob: {
    percent: 50,
    ways: { success: 'honest', 'lost lease': 'sleeper', 'lying worker': 'liar', 'upheld challenge': 'liar' },
  },
  carol: {
    percent: 80,
    ways: { 'lost lease': 'honest', 'lying worker': 'honest', 'upheld challenge': 'honest' },
  },
}
const VERIFIERS = ['vera', 'viktor', 'valeria', 'vito', 'volker']
const CHALLENGER = 'charlie'
const REQUESTER = 'alice'
export const PEOPLE = [REQUESTER, ...Object.keys(WORKERS), ...VERIFIERS, CHALLENGER]

/** A part that is another one in each story. */
class Changing implements Part {
  readonly actor: Part['actor']
  readonly #of: (scene: Scene) => Part | undefined

  constructor(actor: Part['actor'], of: (scene: Scene) => Part | undefined) {
    this.actor = actor
    this.#of = of
  }

  lines(scene: Scene): readonly Line[] {
    return this.#of(scene)?.lines(scene) ?? []
  }
}

export function makeStage(startMs: number): Stage {
  const stage = new Stage({
    crypto: nodeCrypto,
    seed: 'demo',
    voters: 3,
    checks: true,
    certifies: true,
    startMs,
    genesis: (didOf) => ({
      label: 'demo',
      parameters: PLAY_PARAMETERS,
      insurance: credits(1_000),
      accounts: [REQUESTER, ...Object.keys(WORKERS), CHALLENGER].map((name) => ({
        did: didOf(name),
        amount: credits(1_000),
      })),
      verifiers: VERIFIERS.map((name) => ({
        did: didOf(name),
        stake: credits(1_000),
        capabilities: [CAPABILITY],
      })),
    }),
  })
  stage.tick(500)
  return stage
}

export function makeParts(stage: Stage): readonly Part[] {
  const storyOf = ({ payload }: Scene): Story => payload.label as Story
  const workers = Object.entries(WORKERS).map(([name, { percent, ways }]) => {
    const actor = stage.actor(name)
    const manifest = actor.account('MANIFEST', manifestOf(name), stage.timeMs)
    stage.submit(manifest)
    const price = (budget: bigint): bigint => (budget * BigInt(percent)) / 100n
    return new Changing(actor, (scene) => {
      const way = ways[storyOf(scene)]
      return way === undefined ? undefined : new Worker(actor, way, nodeCrypto, manifest.cid, price)
    })
  })
  const verifiers = VERIFIERS.map((name) => {
    const actor = stage.actor(name)
    // In the last story nobody looks at the first result; whoever is asked about the challenge does.
    const isLazy = (scene: Scene): boolean =>
      storyOf(scene) === 'upheld challenge' && scene.need.state === 'COMMITTED' && scene.need.attempt === 0
    return new Changing(
      actor,
      (scene) => new Verifier(actor, isLazy(scene) ? 'nodder' : 'honest', nodeCrypto.sha256),
    )
  })
  const challenger = new Challenger(stage.actor(CHALLENGER), 'honest', nodeCrypto.sha256)
  stage.tick(500)
  return [...workers, ...verifiers, challenger]
}

export function needOf(story: Story, input: Uint8Array): Payload<'NEED'> {
  return {
    label: story,
    task_type: CAPABILITY,
    capability: CAPABILITY,
    input: { inline: input },
    requires: [],
    produces: [],
    constraints: {},
    task_class: 'simple',
    budget: credits(20),
    verify_bounty: credits(2),
    verification: { mode: 'reexecute' },
    idempotency_key: story.replaceAll(' ', '-'),
  }
}

function manifestOf(name: string): Payload<'MANIFEST'> {
  const offer = {
    name: CAPABILITY,
    about: 'counts what a text is made of',
    task_types: [],
    tags: [],
    constraints: {},
    price: credits(10),
  }
  return { version: 1, label: name, capabilities: [offer] }
}
