import { describe, expect, it } from 'vitest'
import { defaultParameters } from '../../../../src/model/parse-parameters.ts'
import { movesOf } from '../../../../src/sim/coalition/moves.ts'
import { type Attempt, goesOn, isWrongEnd, playText } from '../../../../src/sim/coalition/play.ts'
import { runPlay } from '../../../../src/sim/coalition/run-play.ts'
import { type Setting, termsOf } from '../../../../src/sim/coalition/setting.ts'

const CREDIT = 1_000_000n
const setting: Setting = {
  parameters: defaultParameters('production'),
  taskClass: 'complex',
  budget: 20n * CREDIT,
  bounty: 14n * CREDIT,
  eligible: 20,
  isBootstrap: false,
  requester: 'others',
}

const attempt: Attempt = {
  worker: 'coalition',
  work: 'right',
  truthful: 5,
  words: {},
  silent: 0,
  end: 'final',
  challenger: 'nobody',
  judges: 0,
  isWithdrawn: false,
  voided: 0,
}

const play = (...attempts: readonly Attempt[]) => ({ planSeats: 0, attempts })

describe('a play', () => {
  it('in which the coalition does its work gains nothing: the price is what the work is worth', () => {
    expect(runPlay(setting, play(attempt))).toEqual({ gain: 0n, insured: 0n, burned: 0n })
  })

  it('pays the coalition for its answers, which are no gain out of a bounty of others', () => {
    expect(
      runPlay(setting, { planSeats: 5, attempts: [{ ...attempt, truthful: 0, words: { accept: 5 } }] }).gain,
    ).toBe(0n)
  })

  it('in which its seats accept its wrong result burns at least what was at stake, whoever challenges', () => {
    const { lock } = termsOf(setting)
    expect(lock).toBe(13_600_000n)
    for (const challenger of ['coalition', 'others'] as const) {
      const wrong: Attempt = { ...attempt, work: 'wrong', truthful: 0, words: { accept: 5 }, challenger }
      const { gain, burned } = runPlay(setting, play(wrong))
      expect(burned >= setting.budget + setting.bounty).toBe(true)
      expect(gain < -(setting.budget + setting.bounty) / 2n).toBe(true)
    }
  })

  it('counts a right result that others made for the coalition', () => {
    const own: Setting = { ...setting, requester: 'coalition' }
    // Wrongly rejected, so that it is not paid; the worker's challenge costs the five seats their locks.
    const rejected: Attempt = {
      ...attempt,
      worker: 'others',
      truthful: 0,
      words: { reject: 5 },
      end: 'rejected',
      challenger: 'others',
    }
    const { lock } = termsOf(own)
    const least = lock > 100n * CREDIT ? lock : 100n * CREDIT
    const slashed = 5n * (lock + least / 2n)
    // Of the 14 fees others earned five (the plan), and what four seats could still have earned was shared out.
    expect(runPlay(own, play(rejected)).gain).toBe(own.budget - slashed - 9n * CREDIT)
  })

  it('of a split gives half of the budget to the worker and takes the locks of the silent', () => {
    const split: Attempt = { ...attempt, work: 'wrong', truthful: 0, silent: 5, end: 'split' }
    const { lock } = termsOf(setting)
    expect(runPlay(setting, play(split)).gain).toBe(setting.budget / 2n - 5n * lock)
  })

  it('that goes on and on with a worker whom its own seats reject draws nothing from the insurance account', () => {
    for (const word of ['reject', 'unavailable'] as const) {
      const again: Attempt = {
        ...attempt,
        work: 'wrong',
        truthful: 0,
        words: { [word]: 5, accept: 4 },
        end: 'rejected',
      }
      const own: Setting = { ...setting, requester: 'coalition' }
      const { gain, insured } = runPlay(own, { planSeats: 5, attempts: [again, again, again, again, again] })
      expect(gain <= 0n).toBe(true)
      // What the insurance account got of the bonds it may give back, as far as they are more than the bounty.
      expect(insured <= 0n).toBe(true)
    }
  })

  it('in which it challenges what is right costs the bond, of which its own judges get no more than their part', () => {
    const false4: Attempt = { ...attempt, worker: 'others', challenger: 'coalition', judges: 4 }
    const critical: Setting = { ...setting, taskClass: 'critical', bounty: 1_000n * CREDIT }
    const { gain, insured } = runPlay(critical, play(false4))
    expect([gain, insured]).toEqual([-50n * CREDIT + 4n * ((50n * CREDIT) / 9n), 0n])
  })

  it('gains nothing by many challenges of one wrong result, whose seats answer in vain', () => {
    const many: Attempt = {
      ...attempt,
      work: 'wrong',
      truthful: 0,
      words: { accept: 5 },
      challenger: 'coalition',
      judges: 4,
      voided: 8,
    }
    const own: Setting = {
      ...setting,
      taskClass: 'critical',
      bounty: 1_000n * CREDIT,
      requester: 'coalition',
    }
    const { gain } = runPlay(own, play(many))
    expect(gain < -(own.budget + own.bounty) / 2n).toBe(true)
  })

  it('ends where the slashes do not pay for the fees of a next attempt', () => {
    const wrong: Attempt = {
      ...attempt,
      work: 'wrong',
      truthful: 0,
      words: { accept: 5 },
      challenger: 'others',
    }
    const next: Attempt = { ...wrong, words: { reject: 7 }, end: 'rejected', challenger: 'nobody' }
    const dear: Setting = { ...setting, taskClass: 'critical', bounty: 1_000n * CREDIT }
    expect(runPlay(dear, play(wrong, next))).toEqual(runPlay(dear, play(wrong)))
    const cheap: Setting = { ...setting, bounty: 1n * CREDIT }
    expect(runPlay(cheap, play(wrong, next))).not.toEqual(runPlay(cheap, play(wrong)))
  })

  it('says in words what it is', () => {
    const wrong: Attempt = {
      ...attempt,
      work: 'wrong',
      truthful: 0,
      words: { accept: 5 },
      challenger: 'coalition',
    }
    expect(playText(play(wrong))).toBe(
      'plan seats 0 C; C wrong: 5 C accept → final, C challenges (0 C judge)',
    )
  })
})

describe('the moves of the search', () => {
  const ks = [1, 2, 5]

  it('let nobody but the coalition lie, and nobody have K seats on both sides', () => {
    for (const k of ks) {
      for (const { work, worker, end, truthful, words } of movesOf(k)) {
        if (worker === 'others') expect(work).toBe('right')
        if (end === 'none') continue
        const against = (words.reject ?? 0) + (words.unavailable ?? 0)
        const accepting = (words.accept ?? 0) + (work === 'right' ? truthful : 0)
        const rejecting = against + (work === 'right' ? 0 : truthful)
        expect([end === 'final', end === 'rejected']).toEqual([accepting >= k, rejecting >= k])
      }
    }
  })

  it('leave no wrong end of others unchallenged, and give no challenge K judges of the coalition', () => {
    for (const k of ks) {
      for (const move of movesOf(k)) {
        if (isWrongEnd(move) && (move.end === 'final' || move.worker === 'others')) {
          expect(move.challenger).not.toBe('nobody')
          expect(move.isWithdrawn).toBe(false)
        }
        expect(move.judges).toBeLessThan(Math.max(k, 1))
      }
    }
  })

  it('contain each kind of cheating', () => {
    const moves = movesOf(5)
    const has = (test: (move: Attempt) => boolean): boolean => moves.some(test)
    expect(has((move) => isWrongEnd(move) && move.challenger === 'coalition')).toBe(true)
    expect(has(({ end, silent }) => end === 'split' && silent > 0)).toBe(true)
    expect(has(({ words, work }) => work === 'right' && words.unavailable === 5)).toBe(true)
    expect(has(({ work }) => work === 'none')).toBe(true)
    expect(has(({ isWithdrawn }) => isWithdrawn)).toBe(true)
    expect(has(({ voided }) => voided > 0)).toBe(true)
    expect(has((move) => !isWrongEnd(move) && move.challenger === 'coalition')).toBe(true)
    expect(moves.filter(goesOn).length).toBeGreaterThan(50)
  })
})
