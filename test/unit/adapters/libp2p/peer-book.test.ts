import { describe, expect, it } from 'vitest'
import { PeerBook } from '../../../../src/adapters/libp2p/peer-book.ts'
import type { Did } from '../../../../src/model/ids.ts'
import { ManualClock } from '../../../setup/manual-clock.ts'

const PEER = 'did:key:peer' as Did
const OTHER = 'did:key:other' as Did

function bookOf() {
  const clock = new ManualClock()
  const banned: [Did, string][] = []
  const book = new PeerBook(clock, (did, why) => banned.push([did, why]))
  return { clock, book, banned }
}

describe('what a node thinks of its peers', () => {
  it('a peer of whom nothing is known has a whole score', () => {
    const { book } = bookOf()
    expect(book.score(PEER)).toBe(1)
    expect(book.seen(PEER)).toEqual({ latencyMs: undefined, delivered: 0, total: 0 })
  })

  it('points take from the score and are worked off in ten minutes', () => {
    const { book, clock } = bookOf()
    book.penalise(PEER, 50, 'test')
    expect(book.score(PEER)).toBeCloseTo(0.5)
    expect(book.score(OTHER)).toBe(1)
    clock.advance(150_000)
    expect(book.score(PEER)).toBeCloseTo(0.75)
    clock.advance(600_000)
    expect(book.score(PEER)).toBe(1)
  })

  it('below 0.3 a peer is banned for a minute, and no longer', () => {
    const { book, clock, banned } = bookOf()
    book.penalise(PEER, 70, 'just enough')
    expect(banned).toEqual([])
    book.penalise(PEER, 1, 'too much')
    expect(banned).toEqual([[PEER, 'too much']])
    clock.advance(59_999)
    expect(book.isBanned(PEER)).toBe(true)
    expect(book.bans()).toEqual([{ did: PEER, why: 'too much', times: 1, untilMs: clock.nowMs() + 1 }])
    clock.advance(1)
    expect(book.isBanned(PEER)).toBe(false)
    expect(book.bans()).toEqual([])
  })

  it('repeat offenders are banned four times as long each time, at most a day; after a day it is forgotten', () => {
    const { book, clock } = bookOf()
    const durations = [1, 2, 3, 4, 5, 6, 7, 8].map(() => {
      book.penalise(PEER, 100, 'again')
      const [ban] = book.bans()
      const durationMs = (ban?.untilMs ?? 0) - clock.nowMs()
      clock.advance(durationMs)
      return durationMs / 60_000
    })
    expect(durations).toEqual([1, 4, 16, 64, 256, 1024, 1440, 1440])
    clock.advance(86_400_001)
    book.ban(OTHER, 1, 'so that bans are looked through')
    book.penalise(PEER, 100, 'after long')
    expect(book.bans().find(({ did }) => did === PEER)?.times).toBe(1)
  })

  it('a ban by hand lasts as long as it says, and ends when it is lifted', () => {
    const { book, clock, banned } = bookOf()
    book.ban(PEER, 10_000, 'by hand')
    expect(banned).toHaveLength(1)
    book.unban(PEER)
    expect(book.isBanned(PEER)).toBe(false)
    book.ban(PEER, 10_000, 'by hand')
    clock.advance(10_000)
    expect(book.isBanned(PEER)).toBe(false)
  })

  it('a peer that delivers nothing loses a quarter of its score, and is not banned for it', () => {
    const { book, banned } = bookOf()
    for (let turn = 0; turn < 1000; turn += 1) book.note(PEER, false)
    expect(book.score(PEER)).toBeCloseTo(0.75)
    for (let turn = 0; turn < 1000; turn += 1) book.note(PEER, true)
    expect(book.score(PEER)).toBeGreaterThan(0.95)
    expect(banned).toEqual([])
  })

  it('keeps no more than its bounds, whoever comes', () => {
    const { book } = bookOf()
    for (let at = 0; at < 10_000; at += 1) {
      book.penalise(`did:key:${at}` as Did, 71, 'flood of identities')
    }
    expect(book.bans().length).toBeLessThanOrEqual(4096)
    expect(book.bans().at(-1)?.did).toBe('did:key:9999')
  })
})
