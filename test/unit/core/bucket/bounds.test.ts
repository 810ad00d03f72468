import { describe, expect, it } from 'vitest'
import { didOfKey } from '../../../../src/codec/did/did-key.ts'
import { SEATS_MAX } from '../../../../src/codec/entry/fields.ts'
import type { Did, PublicKey } from '../../../../src/model/ids.ts'
import { sha256 } from '../../../setup/heart-bucket.ts'
import { type Led, leadTo, must, outcome } from '../../../setup/heart-moves.ts'

const strangers: readonly Did[] = Array.from({ length: SEATS_MAX }, (_, at) =>
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

describe('a role has at most as many seats as an effect can name', () => {
  it('a wave asks for what there is room for', () => {
    const led = crowded(SEATS_MAX - 3)
    led.kit.advance(5_000)
    must(wave(led))
    expect(led.kit.lastSent('draw')).toMatchObject({ role: 'result', count: 1, wave: 1 })
  })

  it('then its order is as if used up, and the need ends by its deadline', () => {
    const led = crowded(SEATS_MAX - 2)
    led.kit.advance(5_000)
    must(wave(led))
    expect(led.kit.sentOf('draw')).toEqual([])
    expect(outcome(wave(led))).toBe('WINDOW_CLOSED')
    led.kit.advance(72 * 3_600_000)
    must(led.kit.propose(led.one.command('split', { seen: led.one.seen(), carried: [] })))
    expect(led.kit.lastSent('end').outcome).toBe('split')
  })
})
