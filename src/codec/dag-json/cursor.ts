import { assert } from '../../model/fault.ts'
import type { Rejection, RejectionCode } from '../../model/rejection.ts'

const WHITE_SPACE = /[ \t\n\r]/

/** A place in a text, and the first thing that was refused of it. */
export class JsonCursor {
  protected readonly text: string
  protected at = 0
  private refusal: Rejection | undefined

  constructor(text: string) {
    this.text = text
  }

  rejection(): Rejection {
    assert(this.refusal !== undefined, 'a reader that has no value has a rejection')
    return this.refusal
  }

  /** Goes past `token` if it is next. */
  protected take(token: string): boolean {
    if (!this.text.startsWith(token, this.at)) return false
    this.at += token.length
    return true
  }

  /** What stands here is none of what may: white space is only not canonical, all else no JSON. */
  protected refuseHere(wanted: string): undefined {
    if (this.at >= this.text.length) return this.refuse('MALFORMED', `cut short: ${wanted}`, this.at)
    const isSpace = WHITE_SPACE.test(this.text.charAt(this.at))
    return isSpace
      ? this.refuse('NOT_CANONICAL', 'white space', this.at)
      : this.refuse('MALFORMED', wanted, this.at)
  }

  protected refuse(code: RejectionCode, what: string, at: number): undefined {
    return this.refuseWhole(code, `${what}, at character ${at}`)
  }

  protected refuseWhole(code: RejectionCode, message: string): undefined {
    this.refusal ??= { code, message }
    return undefined
  }
}
