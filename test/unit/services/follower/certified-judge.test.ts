import { describe, expect, it } from 'vitest'
import type { Rejection } from '../../../../src/model/rejection.ts'
import { ok, type Result } from '../../../../src/model/result.ts'
import { CertifiedJudge, takingNothing } from '../../../../src/services/follower/certified-judge.ts'
import type { Taken } from '../../../../src/services/follower/follower-host.ts'
import { SignatureBook } from '../../../setup/certificates.ts'
import { CertifiedLog } from '../../../setup/certified-log.ts'

const log = new CertifiedLog(1, new SignatureBook()).add('a', 'b', 'c', 'd')
const other = new CertifiedLog(2, new SignatureBook()).add('a')
/** Of a size that is known; nobody signed it. */
const forged = { ...log.batch(0) }
const BAD: Result<never, Rejection> = { ok: false, error: { code: 'BAD_SIGNATURE', message: 'bad' } }

function judgeOf(...taken: readonly Taken[]): CertifiedJudge {
  const answers = [...taken]
  return new CertifiedJudge(
    (): Result<Taken, Rejection> => {
      const value = answers.shift()
      return value === undefined ? BAD : { ok: true, value }
    },
    (batch) => (batch === forged ? BAD : { ok: true, value: undefined }),
  )
}

describe('a message of certified batches', () => {
  it.each([
    ['new', 'accept', []],
    ['gap', 'accept', [1]],
    ['full', 'accept', [1]],
    ['known', 'ignore', []],
    ['unproved', 'ignore', [1]],
  ] as const)('that is %s: %s', (taken, validity, behind) => {
    expect(judgeOf(taken).judge([log.batch(0)])).toEqual({ validity, behind })
  })

  it('is rejected whole for one bad batch', () => {
    expect(judgeOf('new').judge([log.batch(0), other.batch(0)]).validity).toBe('reject')
  })

  it('goes on when one of its batches is news', () => {
    expect(judgeOf('known', 'new').judge([log.batch(0), other.batch(0)]).validity).toBe('accept')
  })

  it('does not go on with what is known here and was never true, nor with what this node cannot judge', () => {
    expect(judgeOf('known', 'new').judge([forged, other.batch(0)]).validity).toBe('reject')
    expect(judgeOf('new', 'known').judge([other.batch(0), forged]).validity).toBe('reject')
    expect(judgeOf('new', 'unproved').judge([other.batch(0), log.batch(0)])).toEqual({
      validity: 'ignore',
      behind: [1],
    })
    // Without news nothing is judged for it: any number of old messages can be made up.
    expect(judgeOf('known').judge([forged]).validity).toBe('ignore')
  })

  it('with two batches of one group is rejected before any of them is judged', () => {
    const judge = judgeOf('new', 'new')
    expect(judge.judge([log.batch(0, 3), log.batch(3)]).validity).toBe('reject')
    expect(judge.judge([log.batch(0), other.batch(0)]).validity).toBe('accept')
  })

  it('is news once, however many messages are made of one certificate', () => {
    const judge = judgeOf('gap', 'gap', 'gap', 'new')
    expect(judge.judge([log.batch(2)]).validity).toBe('accept')
    expect(judge.judge([log.batch(3)]).validity).toBe('ignore')
    expect(judge.judge([{ ...log.batch(0), records: [] }]).validity).toBe('ignore')
    expect(judge.judge([log.batch(0, 3)]).validity).toBe('ignore')
  })
})

describe('a node that needs nothing of what it passes on', () => {
  it('judges a size of a group once, and what is false each time', () => {
    let judged = 0
    const take = takingNothing((batch) => {
      judged += 1
      return batch === forged ? BAD : ok(undefined)
    })
    expect(take(log.batch(0, 3))).toEqual(ok('new'))
    for (const batch of [log.batch(0, 3), log.batch(1, 3), log.batch(0, 2)])
      expect(take(batch)).toEqual(ok('known'))
    expect(judged).toBe(1)
    for (let n = 0; n < 2; n++) expect(take(forged)).toEqual(BAD)
    expect(take(log.batch(3))).toEqual(ok('new'))
    expect(take(other.batch(0))).toEqual(ok('new'))
    expect(judged).toBe(5)
  })
})
