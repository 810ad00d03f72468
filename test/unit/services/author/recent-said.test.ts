import { describe, expect, it } from 'vitest'
import { cidOfId } from '../../../../src/core/bucket/need-turn.ts'
import type { ThreadId } from '../../../../src/model/ids.ts'
import { RecentSaid } from '../../../../src/services/author/recent-said.ts'
import { addsTask, person, type Said, say } from '../../../setup/said.ts'

const ALICE = person('alice')
const THREAD = 'a'.repeat(32) as ThreadId
const HOUR = 3_600_000
const [OPEN, OVER] = [addsTask(ALICE, THREAD, 1), addsTask(ALICE, THREAD, 2)].map(
  ({ envelope }) => envelope.id,
)

/** Something about a need, said at a time. */
function word(need: string | undefined, atMs: number): Said['envelope'] {
  const { envelope } = say(ALICE, { thread: THREAD, seq: 1 }, 'CANCEL', { need_id: cidOfId(need as never) })
  return { ...envelope, body: { ...envelope.body, ts: atMs } }
}

describe('of what an author said', () => {
  it('all of the last hour is kept, and what is about open needs, in order', () => {
    const recent = new RecentSaid((need) => need === OPEN)
    const words = [word(OPEN, 0), word(OVER, 1), word(OVER, HOUR + 5), word(OPEN, 2 * HOUR)]
    for (const one of words) recent.note(one)
    expect(recent.all()).toEqual([words[0], words[2], words[3]])
  })

  it('no more is held while a long journal is read', () => {
    const recent = new RecentSaid(() => false)
    const one = word(OVER, 0)
    for (let hour = 0; hour < 20_000; hour++) recent.note({ ...one, body: { ...one.body, ts: hour * HOUR } })
    expect(recent.all()).toHaveLength(1)
  })
})
