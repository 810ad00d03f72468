import { describe, expect, it } from 'vitest'
import { DIGEST_PARTS, THREADS_PER_ANSWER } from '../../../../src/codec/plan-sync/request.ts'
import type { ThreadId } from '../../../../src/model/ids.ts'
import { PlanBook } from '../../../../src/services/plan-sync/plan-book.ts'
import { sha256 } from '../../../setup/certificates.ts'
import { addTask, patch, personOf } from '../../../setup/plan-nodes.ts'

const ALICE = personOf('alice')
const ALL = Array.from({ length: DIGEST_PARTS }, (_, part) => part)

function threadNumber(n: number): ThreadId {
  return String(n)
    .padStart(6, '0')
    .replaceAll(/[0-9]/gu, (digit) => 'abcdefghij'[Number(digit)] as string)
    .padEnd(32, 'z') as ThreadId
}

function bookOf(numbers: readonly number[]): PlanBook {
  const book = new PlanBook(sha256)
  for (const n of numbers) book.add(patch(threadNumber(n), ALICE, 1, [addTask('work')]))
  return book
}

const names = (threads: ReturnType<PlanBook['threadsIn']>): readonly string[] =>
  threads.map(([thread]) => thread)

describe('the threads of a book', () => {
  it('come ascending, whatever order they came in, and are gone when they are dropped', () => {
    const numbers = [5, 3, 9, 1, 7]
    const book = bookOf(numbers)
    expect(names(book.threadsIn(ALL))).toEqual([1, 3, 5, 7, 9].map(threadNumber))
    for (const n of [1, 5, 9]) book.drop(threadNumber(n))
    expect(names(book.threadsIn(ALL))).toEqual([3, 7].map(threadNumber))
    expect(names(book.threadsIn(ALL, threadNumber(3)))).toEqual([threadNumber(7)])
    expect(names(book.threadsIn(ALL, threadNumber(4)))).toEqual([threadNumber(7)])
  })

  it('are told once, however often their part is asked for', () => {
    const book = bookOf([1, 2, 3])
    expect(names(book.threadsIn([...ALL, ...ALL, ...ALL]))).toEqual([1, 2, 3].map(threadNumber))
  })

  it('are those of the parts, which together have all of them', () => {
    const numbers = Array.from({ length: 300 }, (_, n) => n)
    const book = bookOf(numbers)
    const byPart = ALL.flatMap((part) => names(book.threadsIn([part])))
    expect(byPart.toSorted()).toEqual(numbers.map(threadNumber))
    expect(new Set(ALL.map((part) => book.threadsIn([part]).length)).size).toBeGreaterThan(1)
  })

  it('come page by page', () => {
    const numbers = Array.from({ length: THREADS_PER_ANSWER + 10 }, (_, n) => n)
    const book = bookOf(numbers)
    const first = names(book.threadsIn(ALL))
    const second = names(book.threadsIn(ALL, first.at(-1)))
    expect([...first, ...second]).toEqual(numbers.map(threadNumber))
    expect(second).toHaveLength(10)
  })
})
