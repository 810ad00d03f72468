import { ByteSink, ByteTail } from '../../codec/job/bounded-bytes.ts'
import type { JobFile } from '../../ports/job.ts'
import { Descriptors } from './descriptors.ts'
import { SeededChance } from './seeded-chance.ts'
import { VirtualClock } from './virtual-clock.ts'

/** Of what a task says on its standard error. */
const STDERR_BYTES_MAX = 4_096

export interface WorldSetup {
  readonly args: readonly string[]
  /** `NAME=value` each. */
  readonly env: readonly string[]
  readonly input: Uint8Array
  /** In the folder `/`, read-only. */
  readonly files: readonly JobFile[]
  readonly seed: Uint8Array
  readonly outputBytesMax: number
}

/** All that a task can see and change besides its own memory: nothing of it is outside this object. */
export class World {
  readonly args: readonly Uint8Array[]
  readonly env: readonly Uint8Array[]
  readonly clock = new VirtualClock()
  readonly chance: SeededChance
  readonly stdout: ByteSink
  readonly stderr = new ByteTail(STDERR_BYTES_MAX)
  readonly descriptors: Descriptors

  constructor({ args, env, input, files, seed, outputBytesMax }: WorldSetup) {
    this.args = args.map(zeroTerminated)
    this.env = env.map(zeroTerminated)
    this.chance = new SeededChance(seed)
    this.stdout = new ByteSink(outputBytesMax)
    this.descriptors = new Descriptors(input, files)
  }
}

function zeroTerminated(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`)
}
