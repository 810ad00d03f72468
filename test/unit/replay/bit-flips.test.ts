import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../src/adapters/crypto/node-crypto.ts'
import { JudgedSignatures } from '../../../src/replay/judged-signatures.ts'
import { FORMS, fileOf, readAllOf } from '../../setup/bundles.ts'
import { exportOf, logsOf, replayOf } from '../../setup/exports.ts'
import { seededRandom } from '../../setup/seeded-random.ts'
import { Theatre } from '../../setup/theatre.ts'

const FLIPS = 1_000

const blocks = played()
/** The same question has the same answer in each of a thousand replays. */
const judged = new JudgedSignatures(nodeCrypto.verify)
const crypto: typeof nodeCrypto = { ...nodeCrypto, verify: (...question) => judged.accepts(...question) }

function played() {
  const theatre = new Theatre()
  const { thread } = theatre.post('one')
  expect(theatre.play(3_000)).toBe(true)
  return exportOf(logsOf(theatre), thread).blocks
}

/** First bytes of the header and of each block or line. */
function startsOf(file: Uint8Array): readonly number[] {
  const read = readAllOf(file, 65_536)
  if (typeof read === 'string') throw new Error(read)
  return [0, ...read.map(({ place }) => place.byte)]
}

/** Where a changed byte is found: in its block; the header's link to the root also where the root is another. */
function placesOf(at: number, starts: readonly number[]): readonly number[] {
  const unit = starts.findLastIndex((byte) => byte <= at)
  return starts.slice(unit, unit === 0 ? 2 : unit + 1)
}

function sampled(size: number): readonly number[] {
  const random = seededRandom(7)
  return Array.from({ length: FLIPS }, () => {
    const [high = 0, middle = 0, low = 0] = random.bytes(3)
    return (high * 65_536 + middle * 256 + low) % size
  })
}

describe('an export with one bit flipped (record.md, "Replay")', () => {
  it.each(Object.entries(FORMS))(
    'does not replay, and its block or line is named, wherever it is in a %s',
    (_form, write) => {
      const file = fileOf(write(blocks))
      expect(replayOf(file, { crypto }).sound).toBe(true)
      const starts = startsOf(file)
      for (const [sample, at] of sampled(file.length).entries()) {
        const flipped = file.with(at, (file[at] as number) ^ (1 << (sample % 8)))
        const { sound, divergence } = replayOf(flipped, { crypto })
        expect(sound, `byte ${at}`).toBe(false)
        expect(divergence, `byte ${at}`).toMatchObject({ check: 'encoding' })
        expect(divergence?.event, `byte ${at}`).not.toBe('')
        expect(placesOf(at, starts), `byte ${at}`).toContain(divergence?.place.byte)
      }
    },
    120_000,
  )
})
