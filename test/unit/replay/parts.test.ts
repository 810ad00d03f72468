import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../src/adapters/crypto/node-crypto.ts'
import { machinesOf } from '../../../src/core/machines/machines.ts'
import { PartRunner } from '../../../src/replay/part-runner.ts'
import type { Part, PartGround, PartResult, PartThreads } from '../../../src/replay/parts.ts'
import { replay } from '../../../src/replay/replay.ts'
import type { ReplayReport } from '../../../src/replay/report.ts'
import { FORMS, fileOf, piecesOf } from '../../setup/bundles.ts'
import { exportOf, forged, logsOf, replayOf } from '../../setup/exports.ts'
import { Theatre } from '../../setup/theatre.ts'

/** A thread that answers late and the last first, and takes so many parts at a time. */
class LateThread implements PartThreads {
  readonly partBytesMax: number
  readonly #room: number
  readonly #given: Part[] = []
  done = 0
  #runner: PartRunner | undefined

  constructor(room: number, partBytesMax = 1_000_000) {
    this.#room = room
    this.partBytesMax = partBytesMax
  }
  get hasRoom(): boolean {
    return this.#given.length < this.#room
  }
  begin(ground: PartGround): void {
    this.#runner = new PartRunner({ crypto: nodeCrypto, machinesOf }, ground)
  }
  give(part: Part): void {
    this.#given.push(part)
  }
  take(): readonly PartResult[] {
    return []
  }
  /** What is given comes back with the next look. */
  work(): void {
    const results = this.#given.splice(0).map((part) => this.#runner?.run(part) as PartResult)
    this.done += results.length
    this.take = () => results.splice(0).toReversed()
  }
}

function replayedWith(threads: LateThread, file: Uint8Array): ReplayReport {
  const options = { allowUnchecked: new Set<string>(), crypto: nodeCrypto, machinesOf, threads }
  const run = replay(piecesOf(file, 65_536), options)
  for (let next = run.next(), turns = 0; ; next = run.next(), turns++) {
    if (next.done === true) return next.value
    if (next.value.isWaiting === true || turns % 5 === 4) threads.work()
  }
}

const theatre = new Theatre({ workers: ['liar', 'honest'] })
const { thread } = theatre.post('need-0')
for (let n = 1; n < 12; n++) theatre.post(`need-${n}`, {}, thread)
theatre.play(3_000)
const exported = exportOf(logsOf(theatre), thread)
const buckets = new Set(theatre.needs.map(({ id }) => theatre.stage.bucketOf(id)))

describe.each(Object.entries(FORMS))('buckets that other threads do, from a %s', (_, form) => {
  const file = fileOf(form(exported.blocks))
  const alone = JSON.stringify(replayOf(file))

  it.each([0, 1, 3, 100])('come to the same report, word for word: room for %i', (room) => {
    const threads = new LateThread(room)
    expect(JSON.stringify(replayedWith(threads, file))).toBe(alone)
    expect(threads.done > 0).toBe(room > 0)
    expect(threads.done).toBeLessThanOrEqual(buckets.size)
  })

  it('are done while they are read where they are too large to wait', () => {
    const threads = new LateThread(100, 1_000)
    expect(JSON.stringify(replayedWith(threads, file))).toBe(alone)
    expect(threads.done).toBe(0)
  })
})

describe('a bucket that is not sound', () => {
  const changed = forged(exported, (blocks) => {
    const ends = blocks.filter(({ kind }) => kind === 'end')
    const victim = ends[ends.length >> 1]
    return blocks.map((block) =>
      block === victim && block.kind === 'end' ? { ...block, state: 'SPLIT' } : block,
    )
  })

  it.each([0, 100])('is a divergence, whoever did it: room for %i', (room) => {
    expect(replayedWith(new LateThread(room), changed).divergence).toBeDefined()
    expect(replayOf(changed).divergence?.check).toBe('records')
  })

  it('takes no other with it: a bucket that lacks its end, an envelope that stands twice', () => {
    const cut = forged(exported, (blocks) =>
      blocks.filter((block, at) => block.kind !== 'end' || at % 2 === 0),
    )
    expect(replayedWith(new LateThread(2), cut).divergence).toBeDefined()
    const short = forged(exported, (blocks) => blocks.filter(({ kind }) => kind !== 'plans'))
    expect(replayedWith(new LateThread(100), short).divergence).toBeDefined()
  })
})

describe('a file of more than one index', () => {
  it('has an index in the middle of a bucket, which goes on behind it', () => {
    const large = new Theatre()
    const first = large.post('large-0')
    for (let n = 1; n < 90; n++) large.post(`large-${n}`, {}, first.thread)
    expect(large.play(500)).toBe(true)
    const { blocks } = exportOf(logsOf(large), first.thread)
    expect(blocks.length).toBeGreaterThan(1_024 + 2)
    const threads = new LateThread(3)
    const { divergence, sound } = replayedWith(threads, fileOf(FORMS.CAR(blocks)))
    expect([divergence, sound]).toEqual([undefined, true])
    expect(threads.done).toBeGreaterThan(10)
  })
})
