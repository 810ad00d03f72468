/** Deposits of payment channels; what is signed between the two stays outside. Source: economy.md, "Registry, marketplace, channels, …". */
import { type Rejection, reject } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { Book } from './book.ts'
import { credit, DONE, tooLittle } from './credits.ts'

/** Rejects DUPLICATE, INSUFFICIENT_FUNDS of either side, MALFORMED for a channel with oneself. */
export function openChannel(
  book: Book,
  id: string,
  sides: readonly [string, string],
  deposits: readonly [bigint, bigint],
): Result<undefined, Rejection> {
  if (book.channel(id) !== undefined) return reject('DUPLICATE', 'the channel is open')
  if (sides[0] === sides[1]) return reject('MALFORMED', 'a channel has two sides')
  for (const side of [0, 1] as const) {
    const { balance } = book.account(sides[side])
    if (balance < deposits[side]) return tooLittle(balance, deposits[side], 'the balance is')
  }
  for (const side of [0, 1] as const) {
    const account = book.account(sides[side])
    book.putAccount(sides[side], { ...account, balance: account.balance - deposits[side] })
    book.row('CHANNEL_OPEN', deposits[side], `balance ${sides[side]}`, `channel ${id}`)
  }
  book.putChannel(id, { sides, deposits })
  return DONE
}

/** Pays the deposits out, `toFirst` of them to the first side. Rejects CONFLICT for no such channel, OVER_CAP. */
export function closeChannel(book: Book, id: string, toFirst: bigint): Result<undefined, Rejection> {
  const channel = book.channel(id)
  if (channel === undefined) return reject('CONFLICT', 'no such channel')
  const [first, second] = channel.sides
  const whole = channel.deposits[0] + channel.deposits[1]
  if (toFirst > whole) return reject('OVER_CAP', `${toFirst}, where the deposits are ${whole}`)
  book.putChannel(id, undefined)
  credit(book, first, toFirst)
  credit(book, second, whole - toFirst)
  book.row('CHANNEL_CLOSE', toFirst, `channel ${id}`, `balance ${first}`)
  book.row('CHANNEL_CLOSE', whole - toFirst, `channel ${id}`, `balance ${second}`)
  return DONE
}
