import { describe, expect, it } from 'vitest'
import type { Rejection } from '../../../../src/model/rejection.ts'
import type { Result } from '../../../../src/model/result.ts'
import { CertifiedJudge } from '../../../../src/services/follower/certified-judge.ts'
import type { Taken } from '../../../../src/services/follower/follower-host.ts'
import { SignatureBook } from '../../../setup/certificates.ts'
import { CertifiedLog } from '../../../setup/certified-log.ts'

const log = new CertifiedLog(1, new SignatureBook()).add('a', 'b', 'c', 'd')
const other = new CertifiedLog(2, new SignatureBook()).add('a')

function judgeOf(...taken: readonly Taken[]): CertifiedJudge {
  const answers = [...taken]
  return new CertifiedJudge((): Result<Taken, Rejection> => {
    const value = answers.shift()
    if (value !== undefined) return { ok: true, value }
    return { ok: false, error: { code: 'BAD_SIGNATURE', message: 'bad' } }
  })
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

  it('is news once, however many messages are made of one certificate', () => {
    const judge = judgeOf('gap', 'gap', 'gap', 'new')
    expect(judge.judge([log.batch(2)]).validity).toBe('accept')
    expect(judge.judge([log.batch(3)]).validity).toBe('ignore')
    expect(judge.judge([{ ...log.batch(0), records: [] }]).validity).toBe('ignore')
    expect(judge.judge([log.batch(0, 3)]).validity).toBe('ignore')
  })
})
