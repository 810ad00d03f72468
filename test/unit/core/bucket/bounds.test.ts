import { describe, expect, it } from 'vitest'
import { didOfKey } from '../../../../src/codec/did/did-key.ts'
import { ROLE_SEATS_MAX } from '../../../../src/core/market/quorum.ts'
import type { Did, PublicKey } from '../../../../src/model/ids.ts'
import { sha256, someLink } from '../../../setup/heart-bucket.ts'
import { challenging, commitTo, final } from '../../../setup/heart-challenges.ts'
import { type Led, leadTo, must, outcome } from '../../../setup/heart-moves.ts'

const strangers: readonly Did[] = Array.from({ length: ROLE_SEATS_MAX }, (_, at) =>
  didOfKey(sha256(Uint8Array.of(at & 255, at >> 8, 3)) as PublicKey),
)

/** COMMITTED, with so many seats that were silent before its own ones. */
function crowded(silent: number): Led {
  const led = leadTo('COMMITTED', { isTrusting: true, k: 2 })
  const { kit, one } = led
  const key = `${one.key} result 0`
  const committee = kit.records.get('committees', key)
  if (committee === undefined) throw new Error('a committee')
  const out = strangers.slice(0, silent)
  const value = { ...committee, seats: [...out, ...committee.seats], silent: out }
  kit.records.apply([{ table: 'committees', key, value }])
  return led
}

function wave({ kit, one }: Led) {
  return kit.propose(one.command('wave', { role: 'result', verdicts: [], seen: one.seen() }))
}

describe('a role has a bounded number of seats', () => {
  it('a wave asks for what there is room for', () => {
    const led = crowded(ROLE_SEATS_MAX - 3)
    led.kit.advance(5_000)
    must(wave(led))
    expect(led.kit.lastSent('draw')).toMatchObject({ role: 'result', count: 1, wave: 1 })
  })

  it('then its order is as if used up, and the need ends by its deadline', () => {
    const led = crowded(ROLE_SEATS_MAX - 2)
    led.kit.advance(5_000)
    must(wave(led))
    expect(led.kit.sentOf('draw')).toEqual([])
    expect(outcome(wave(led))).toBe('WINDOW_CLOSED')
    led.kit.advance(72 * 3_600_000)
    must(led.kit.propose(led.one.command('split', { seen: led.one.seen(), carried: [] })))
    expect(led.kit.lastSent('end').outcome).toBe('split')
  })
})

describe('open challenges of a need are bounded, closed ones are not', () => {
  it('the 129th is taken when one of the others is closed', () => {
    const led = final()
    const { kit, one } = led
    const first = challenging(led, kit.person(20))
    must(commitTo(first))
    const known = kit.records.get('challenges', `${one.key} ${first.said.id}`)
    if (known === undefined) throw new Error('a challenge')
    const ids = Array.from({ length: 128 }, (_, at) => String(someLink(at)))
    const put = (id: string, state: 'revealed' | 'closed') =>
      kit.records.apply([{ table: 'challenges', key: `${one.key} ${id}`, value: { ...known, state } }])
    for (const id of ids) put(id, 'revealed')
    kit.records.apply([{ table: 'needs', key: one.key, value: { ...one.need, challenges: ids } }])
    expect(outcome(commitTo(challenging(led, kit.person(21))))).toBe('RATE_LIMITED')
    put(ids[5] ?? '', 'closed')
    must(commitTo(challenging(led, kit.person(21))))
    expect(outcome(commitTo(challenging(led, kit.person(22))))).toBe('RATE_LIMITED')
  })
})
