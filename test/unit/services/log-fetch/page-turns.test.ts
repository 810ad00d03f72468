import { describe, expect, it } from 'vitest'
import type { Did } from '../../../../src/model/ids.ts'
import { PageTurns } from '../../../../src/services/log-fetch/page-turns.ts'
import { ManualClock } from '../../../setup/manual-clock.ts'

const [A, B, C] = ['a', 'b', 'c'] as unknown as readonly [Did, Did, Did]
const RATES = { perSecond: 100, burst: 100, allPerSecond: 1_000, allBurst: 1_000 }

class Stage {
  readonly clock = new ManualClock()
  readonly gone = new Set<Did>()
  readonly done: Did[] = []
  readonly turns: PageTurns
  underway = 0

  constructor(rates: Partial<typeof RATES> = {}) {
    const mesh = { isConnected: (peer: Did) => !this.gone.has(peer) }
    this.turns = new PageTurns({ mesh, clock: this.clock }, { ...RATES, ...rates })
  }

  /** Work that takes a turn of the event loop. */
  ask(peer: Did, work = 100): Promise<Did | undefined> {
    const asked = this.turns.take(peer, async () => {
      expect(++this.underway).toBe(1)
      await settled()
      this.underway -= 1
      this.done.push(peer)
      return { value: peer, work }
    })
    asked.catch(() => undefined)
    return asked
  }

  async after(ms: number): Promise<readonly Did[]> {
    this.clock.advance(ms)
    for (let turn = 0; turn < 12; turn++) await settled()
    return this.done.splice(0)
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('work for peers', () => {
  it('is done one piece at a time, of each peer in its turn', async () => {
    const stage = new Stage({ perSecond: 1_000, burst: 1_000 })
    for (const peer of [A, A, A, A, B, C, B]) void stage.ask(peer, 10)
    expect(await stage.after(0)).toEqual([A, A, B, C, A, B, A])
  })

  it('waits while its peer had more than its rate allows, and hurries or holds up nobody else', async () => {
    const stage = new Stage()
    for (const peer of [A, A, A]) void stage.ask(peer, 150)
    expect(await stage.after(0)).toEqual([A])
    void stage.ask(B)
    expect(await stage.after(0)).toEqual([B])
    expect(await stage.after(499)).toEqual([])
    expect(await stage.after(1)).toEqual([A])
    expect(await stage.after(1_499)).toEqual([])
    expect(await stage.after(1)).toEqual([A])
  })

  it('waits while all peers together had more than there is', async () => {
    const stage = new Stage({ allPerSecond: 100, allBurst: 100 })
    for (const peer of [A, B, C]) void stage.ask(peer, 200)
    expect(await stage.after(0)).toEqual([A])
    expect(await stage.after(999)).toEqual([])
    expect(await stage.after(1)).toEqual([B])
    expect(await stage.after(2_000)).toEqual([C])
  })

  it('is refused beyond what one peer may have waiting, and beyond what may wait at all', async () => {
    const stage = new Stage()
    const asked = Array.from({ length: 7 }, () => stage.ask(A, 1))
    expect(await stage.after(0)).toHaveLength(5)
    const values = await Promise.all(asked)
    expect(values).toEqual([A, A, A, A, A, undefined, undefined])
    const many = Array.from({ length: 2_000 }, (_, n) => stage.ask(`peer ${n}` as Did, 1))
    expect(await many.at(-1)).toBeUndefined()
  })

  it('is not done for a peer that went away', async () => {
    const stage = new Stage()
    void stage.ask(A)
    const given = stage.ask(B)
    stage.gone.add(B)
    await expect(given).rejects.toMatchObject({ code: 'peer-gone' })
    expect(await stage.after(10_000)).toEqual([A])
  })

  it('that fails holds up nobody', async () => {
    const stage = new Stage()
    const failed = stage.turns.take(A, () => Promise.reject(new Error('a disk')))
    await expect(failed).rejects.toThrow('a disk')
    void stage.ask(B)
    expect(await stage.after(0)).toEqual([B])
  })
})
