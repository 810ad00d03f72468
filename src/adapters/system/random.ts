import { randomFillSync } from 'node:crypto'
import type { Random } from '../../ports/random.ts'

/** The operating system's generator, as node:crypto hands it out: fit for keys. */
export const systemRandom: Random = {
  bytes: (count) => randomFillSync(new Uint8Array(count)),
}
