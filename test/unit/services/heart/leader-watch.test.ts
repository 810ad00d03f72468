import { describe, expect, it } from 'vitest'
import { encodeBucketCommand } from '../../../../src/codec/entry/bucket-command.ts'
import { PATIENCE, WatchedLeader } from '../../../setup/watched-leader.ts'

const BUCKET = 7
const GROUP = 8
const bytes = (text: string) => new TextEncoder().encode(text)

/** A leader that has led for long enough, and something that this node holds all the time. */
function holding(...names: readonly string[]) {
  const led = new WatchedLeader()
  const held = new Set(names)
  const say = (): void => {
    for (const name of held) led.watch.hold(BUCKET, name, () => bytes(name))
  }
  led.watch.isWatching(BUCKET)
  led.ticks = PATIENCE
  return { led, held, say, pass: (ticks: number) => led.pass(ticks, say) }
}

describe('what this voter holds and another one should have proposed', () => {
  it('is proposed from here after three election timeouts, once, for three more', () => {
    const { led, pass } = holding('a')
    pass(PATIENCE)
    expect(led.proposed).toEqual([])
    pass(10)
    expect(led.proposed).toMatchObject([{ machine: BUCKET, deadlineTicks: PATIENCE }])
    expect(led.taken()).toEqual(['a'])
    pass(PATIENCE - 10)
    expect(led.taken()).toEqual([])
    expect(led.deposed).toEqual([])
  })

  it('is not, where it is held no more', () => {
    const { led, held, pass } = holding('a')
    pass(PATIENCE)
    held.delete('a')
    pass(20)
    held.add('a')
    pass(PATIENCE)
    expect(led.taken()).toEqual([])
    expect(led.watch.holds(BUCKET, 'a')).toBe(true)
  })

  it.each(['waiting', undefined] as const)('is not, and nobody is accused, where there is %s', (what) => {
    const { led } = holding()
    led.pass(20 * PATIENCE, () => led.watch.hold(BUCKET, 'a', () => what))
    expect([led.taken(), led.deposed]).toEqual([[], []])
  })

  it('is proposed as soon as it can be, where others had to say what it takes', () => {
    const { led } = holding()
    led.pass(PATIENCE + 10, () => led.watch.hold(BUCKET, 'a', () => 'waiting'))
    led.watch.hold(BUCKET, 'a', () => bytes('a'))
    expect(led.taken()).toEqual(['a'])
  })

  it('is nothing to accuse a leader of, where there is nothing to propose after all', () => {
    const { led } = holding()
    for (let n = 0; n < 9; n++) {
      led.pass(PATIENCE + 10, () => led.watch.hold(BUCKET, 'a', () => undefined))
      led.pass(10, () => undefined)
    }
    expect(led.deposed).toEqual([])
  })

  it('is on its way 64 at a time', () => {
    const { led, pass } = holding(...Array.from({ length: 100 }, (_, n) => `${n}`))
    pass(PATIENCE + 10)
    expect(led.proposed.length).toBe(64)
  })
})

describe('a leader', () => {
  it.each(['nothing', 'unknown', 'that it was taken'])(
    'is deposed when what was proposed is not in the log after three election timeouts, and it says %s',
    (answer) => {
      const { led, pass } = holding('a')
      pass(PATIENCE + 10)
      const [proposal] = led.proposed
      if (answer === 'unknown') proposal?.done({ kind: 'unknown' })
      if (answer === 'that it was taken')
        proposal?.done({
          kind: 'settled',
          verdict: { kind: 'applied', result: bytes('') },
          index: 9 as never,
        })
      pass(PATIENCE - 10)
      expect(led.deposed).toEqual([])
      pass(10)
      expect(led.deposed).toEqual([GROUP])
    },
  )

  it('is not, when the log refused it: that is said here', () => {
    const { led, held, pass } = holding('a')
    pass(PATIENCE + 10)
    const refused = { kind: 'rejected', code: 'CONFLICT', message: 'no' } as const
    led.verdicts.set('a', refused)
    held.clear()
    led.ticks += PATIENCE
    expect(led.watch.hold(BUCKET, 'a', () => bytes('a'))).toEqual(refused)
    expect(led.watch.holds(BUCKET, 'a')).toBe(false)
    held.add('a')
    pass(20 * PATIENCE)
    expect(led.deposed).toEqual([])
  })

  it('is not, when this node itself did not let it out', () => {
    const { led, pass } = holding('a')
    led.refusesHere = true
    pass(20 * PATIENCE)
    expect(led.deposed).toEqual([])
  })

  it('may refuse what is right twice, not three times', () => {
    const { led, pass } = holding('a')
    const refuse = (): void => {
      for (const { done } of led.proposed.splice(0)) done({ kind: 'refused', why: 'queue-full', detail: '' })
    }
    for (const times of [1, 2]) {
      pass(PATIENCE + 10)
      expect([led.proposed.length, led.deposed.length, times]).toEqual([1, 0, times])
      // Something of its own got into the log.
      led.watch.works(BUCKET)
      refuse()
    }
    pass(PATIENCE)
    refuse()
    led.watch.works(BUCKET)
    pass(PATIENCE)
    expect(led.deposed).toEqual([GROUP])
  })

  it('has three times as long where the log has what is not applied here', () => {
    const { led, pass } = holding('a')
    pass(PATIENCE + 10)
    led.behind = true
    pass(3 * PATIENCE - 10)
    expect(led.deposed).toEqual([])
    pass(10)
    expect(led.deposed).toEqual([GROUP])
  })

  it('that is new, or leads a new term, has its full time', () => {
    const { led, pass } = holding('a')
    pass(PATIENCE + 10)
    led.leader = 3
    pass(2 * PATIENCE)
    expect([led.taken(), led.deposed]).toEqual([['a'], []])
    expect(led.watch.isWatching(BUCKET)).toBe(true)
    led.term++
    expect(led.watch.isWatching(BUCKET)).toBe(false)
    pass(2 * PATIENCE - 10)
    expect([led.taken(), led.deposed]).toEqual([[], []])
    pass(10)
    expect(led.taken()).toEqual(['a'])
  })

  it('is accused again later where this node may not depose now', () => {
    const { led, pass } = holding('a')
    led.depositions = 0
    pass(2 * PATIENCE + 20)
    expect([led.taken(), led.deposed]).toEqual([['a'], []])
    led.depositions = 1
    pass(2 * PATIENCE + 20)
    expect([led.taken(), led.deposed]).toEqual([['a'], [GROUP]])
  })
})

describe('a leader that passes on and proposes nothing itself', () => {
  /** Something new each time, which gets into the log when this node proposes it. */
  function helping(times: number, between: (led: WatchedLeader) => void = () => undefined) {
    const { led, held, pass } = holding()
    for (let n = 0; n < times && led.deposed.length === 0; n++) {
      held.add(`${n}`).add(`${n} too`)
      pass(PATIENCE + 10)
      held.clear()
      between(led)
      pass(10)
    }
    return led
  }

  it('is helped twice, and deposed the third time within a hundred election timeouts', () => {
    const twice = helping(2)
    expect([twice.taken().length, twice.deposed]).toEqual([4, []])
    expect(helping(3).deposed).toEqual([GROUP])
  })

  it('is deposed too by a voter who always comes a little later than another one', () => {
    const late = (ticks: number): readonly number[] => {
      const { led, held, pass } = holding()
      for (let n = 0; n < 9 && led.deposed.length === 0; n++) {
        held.add(`${n}`)
        pass(ticks)
        held.clear()
        pass(PATIENCE)
      }
      expect(led.taken()).toEqual([])
      return led.deposed
    }
    expect(late(PATIENCE)).toEqual([GROUP])
    expect(late(20)).toEqual([])
  })

  it('is not deposed where the times are far apart', () => {
    expect(helping(6, (led) => led.pass(1_000, () => undefined)).deposed).toEqual([])
  })

  it('is not, where it does its part in another group that it leads', () => {
    expect(
      helping(9, ({ watch }) => watch.isWatching(BUCKET + 1) && watch.works(BUCKET + 1)).deposed,
    ).toEqual([])
  })

  it('is not, where a round takes long in ticks and what was held in one is gone in the next', () => {
    const { led } = holding()
    for (let n = 0; n < 20; n++) {
      led.ticks += 100
      if (n % 2 === 0) led.watch.hold(BUCKET, `${n}`, () => bytes(`${n}`))
      led.watch.endRound()
    }
    expect([led.taken(), led.deposed]).toEqual([[], []])
  })

  it('is not, where it gets an entry of its own into the log', () => {
    const own = (by: number, kind: 'applied' | 'rejected') => (led: WatchedLeader) => {
      const lead = {
        v: 1 as const,
        kind: 'lead' as const,
        bucket: BUCKET,
        slot: 1,
        by: WatchedLeader.did(by),
      }
      const item = { kind: 'command' as const, command: encodeBucketCommand(lead) }
      const verdict = { kind, result: bytes(''), code: 'CONFLICT', message: '' } as never
      led.watch.applied({ machine: BUCKET, item, verdict, subject: undefined })
    }
    expect(helping(9, own(2, 'applied')).deposed).toEqual([])
    expect(helping(9, own(3, 'applied')).deposed).toEqual([GROUP])
    expect(helping(9, own(2, 'rejected')).deposed).toEqual([GROUP])
  })
})

describe('a node that takes no part in deciding', () => {
  it('watches nobody', () => {
    const { watch } = new WatchedLeader(false)
    expect(watch.isWatching(BUCKET)).toBe(false)
    watch.hold(BUCKET, 'a', () => bytes('a'))
    expect(watch.holds(BUCKET)).toBe(false)
  })

  it('and one that leads watches not itself', () => {
    const led = new WatchedLeader()
    led.leader = 1
    led.ticks = 10 * PATIENCE
    expect(led.watch.isWatching(BUCKET)).toBe(false)
  })
})
