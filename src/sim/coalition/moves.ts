import type { Attempt } from './play.ts'

/** Challenges beside the one that is upheld, where there are any. */
const VOIDED = 8

type Tally = Pick<Attempt, 'truthful' | 'words' | 'silent' | 'end'>

/**
 * Every way in which an attempt may go, up to what changes nothing: how many seats of each kind are the coalition's is
 * taken at its bounds, because all that a seat earns or loses goes by the seat. Assumed of everybody else: they
 * work and judge rightly; a wrong end is challenged in time, by the coalition itself if it likes; the coalition has fewer than
 * K of the 2K - 1 seats of a challenge.
 */
export function movesOf(k: number): readonly Attempt[] {
  return [...nothing(), ...rightWork(k), ...wrongWork(k)]
}

function nothing(): readonly Attempt[] {
  const blank = {
    worker: 'coalition',
    truthful: 0,
    words: {},
    silent: 0,
    end: 'none',
    challenger: 'nobody',
    judges: 0,
    isWithdrawn: false,
    voided: 0,
  } as const
  return [
    { ...blank, work: 'none' },
    { ...blank, work: 'yield' },
  ]
}

/** Seats of the side that does not decide, at most K - 1: none, or all. */
function few(k: number): readonly number[] {
  return [...new Set([0, k - 1])]
}

function rightWork(k: number): readonly Attempt[] {
  const accepted = few(k).flatMap((against): readonly Tally[] => [
    { truthful: k, words: { reject: against }, silent: 0, end: 'final' },
    { truthful: 0, words: { accept: k, reject: against }, silent: 0, end: 'final' },
    { truthful: k, words: { reject: against }, silent: k, end: 'final' },
  ])
  const rejected = (['reject', 'unavailable'] as const).flatMap((word) =>
    few(k).flatMap((against): readonly Tally[] => [
      { truthful: against, words: { [word]: k }, silent: 0, end: 'rejected' },
      { truthful: 0, words: { [word]: k, accept: against }, silent: 0, end: 'rejected' },
    ]),
  )
  const workers = (['coalition', 'others'] as const).map((worker) => ({ worker, work: 'right' as const }))
  return workers.flatMap((by) => [
    ...accepted.flatMap((tally) => ends(k, { ...by, ...tally })),
    ...rejected.flatMap((tally) => ends(k, { ...by, ...tally })),
    ...splits(k, 'reject').map((tally) => unchallenged({ ...by, ...tally })),
  ])
}

function wrongWork(k: number): readonly Attempt[] {
  const accepted = few(k).flatMap((against): readonly Tally[] => [
    { truthful: against, words: { accept: k }, silent: 0, end: 'final' },
    { truthful: 0, words: { accept: k, reject: against }, silent: 0, end: 'final' },
  ])
  const rejected = few(k).flatMap((against): readonly Tally[] => [
    { truthful: k, words: { accept: against }, silent: 0, end: 'rejected' },
    { truthful: k, words: { accept: against }, silent: k, end: 'rejected' },
    { truthful: 0, words: { accept: against, reject: k }, silent: 0, end: 'rejected' },
    { truthful: 0, words: { accept: against, unavailable: k }, silent: 0, end: 'rejected' },
  ])
  const by = { worker: 'coalition', work: 'wrong' } as const
  return [
    ...[...accepted, ...rejected].flatMap((tally) => ends(k, { ...by, ...tally })),
    ...splits(k, 'accept').map((tally) => unchallenged({ ...by, ...tally })),
  ]
}

/** No side has K for good: only silence of all that are left does that, to the last of the order. `lie`: what is not so. */
function splits(k: number, lie: 'accept' | 'reject'): readonly Tally[] {
  return few(k).flatMap((count): readonly Tally[] => [
    { truthful: count, words: {}, silent: k, end: 'split' },
    { truthful: count, words: { [lie]: k - 1 }, silent: k, end: 'split' },
    { truthful: 0, words: { accept: count, reject: k - 1 }, silent: 2 * k, end: 'split' },
  ])
}

type Judged = Tally & Pick<Attempt, 'worker' | 'work'>

function unchallenged(judged: Judged): Attempt {
  return { ...judged, challenger: 'nobody', judges: 0, isWithdrawn: false, voided: 0 }
}

/**
 * Who may challenge: a wrong end somebody does; the coalition may challenge any end, of a rejection only its own worker. It
 * may take a challenge back that is not needed.
 */
function ends(k: number, judged: Judged): readonly Attempt[] {
  const isWrong = (judged.work === 'wrong') === (judged.end === 'final')
  const mayItself = judged.end === 'final' || judged.worker === 'coalition'
  const none = unchallenged(judged)
  const own = mayItself ? few(k).map((judges): Attempt => ({ ...none, challenger: 'coalition', judges })) : []
  if (!isWrong) return [none, ...own, ...own.slice(0, 1).map((one) => ({ ...one, isWithdrawn: true }))]
  const others = few(k).map((judges): Attempt => ({ ...none, challenger: 'others', judges }))
  // Its own worker, wrongly rejected by its own seats, may let it be.
  const isItsOwnLoss = judged.end === 'rejected' && judged.worker === 'coalition'
  if (isItsOwnLoss) return [none, ...own]
  const many = judged.end === 'final' ? own.slice(-1).map((one) => ({ ...one, voided: VOIDED })) : []
  return [...own, ...others, ...many]
}
