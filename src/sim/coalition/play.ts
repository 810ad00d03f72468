import type { Side } from './setting.ts'

/** What a group of the coalition's seats says of a result. Other seats say what is so. */
export type Word = 'accept' | 'reject' | 'unavailable'

/**
 * One attempt as it comes to its end: who works, what the work is, who says what, and who challenges. Which seats are the
 * coalition's is part of it, so that a search over attempts is one over who sits where.
 */
export interface Attempt {
  readonly worker: Side
  /** `none`: nothing is delivered, by the end of the lease or by a YIELD that costs nothing. */
  readonly work: 'right' | 'wrong' | 'none' | 'yield'
  /** Seats of the others that answered, with what is so. */
  readonly truthful: number
  /** Seats of the coalition that answered. */
  readonly words: Readonly<Partial<Record<Word, number>>>
  /** Seats of the coalition that said nothing, and lost their turn. */
  readonly silent: number
  /** How the attempt ends: the side that reached K, or neither, for good. */
  readonly end: 'final' | 'rejected' | 'split' | 'none'
  /** Who challenges that end; it is upheld where the end is wrong. */
  readonly challenger: Side | 'nobody'
  /** Challenge seats of the coalition, fewer than K. */
  readonly judges: number
  /** The challenger takes it back before it is judged. */
  readonly isWithdrawn: boolean
  /** Further challenges of the coalition, which close with an upheld one, and whose seats have answered by then. */
  readonly voided: number
}

/** Everything that happens to one need, attempt by attempt. */
export interface Play {
  /** Plan seats of the coalition. */
  readonly planSeats: number
  readonly attempts: readonly Attempt[]
}

/** True when the end is what no honest seat would have said. */
export function isWrongEnd({ work, end }: Attempt): boolean {
  return (end === 'final' && work === 'wrong') || (end === 'rejected' && work === 'right')
}

/** True when another attempt can follow. */
export function goesOn(attempt: Attempt): boolean {
  const { end, challenger, isWithdrawn } = attempt
  if (end === 'rejected' || end === 'none') return true
  return end === 'final' && attempt.work === 'wrong' && challenger !== 'nobody' && !isWithdrawn
}

const TEXTS = { coalition: 'C', others: 'H' } as const

/** The play in a few words, for tables: C the coalition, H everybody else. */
export function playText({ planSeats, attempts }: Play): string {
  return [`plan seats ${planSeats} C`, ...attempts.map(attemptText)].join('; ')
}

function attemptText(attempt: Attempt): string {
  const { worker, work, words, truthful, silent, end, challenger, judges, isWithdrawn, voided } = attempt
  if (end === 'none') return `${TEXTS[worker]} ${work === 'yield' ? 'yields' : 'delivers nothing'}`
  const seats = Object.entries(words).map(([word, count]) => `${count} C ${word}`)
  const said = [...seats, `${truthful} H true`, `${silent} C silent`].filter((text) => !text.startsWith('0 '))
  const challenge =
    challenger === 'nobody'
      ? ''
      : `, ${TEXTS[challenger]} challenges (${judges} C judge)${voided === 0 ? '' : `, with ${voided} more`}`
  return `${TEXTS[worker]} ${work}: ${said.join(', ')} → ${end}${challenge}${isWithdrawn ? ', withdrawn' : ''}`
}
