import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeVoterMessage } from '../../../../src/codec/voter-message/voter-message.ts'
import type { Did } from '../../../../src/model/ids.ts'
import { VoterMail } from '../../../../src/services/heart/voter-mail.ts'

const VOTERS = ['a', 'b', 'c', 'd', 'e'] as Did[]
const BATCH = new Uint8Array([1, 2, 3])

/** Mail of one node, connected to some voters; what it sent. */
function mailOf(self: string, connected: readonly string[]) {
  const sent: { readonly to: Did; readonly kind: string; readonly places: readonly number[] }[] = []
  const time = { nowMs: 0 }
  const mail = new VoterMail({
    self: self as Did,
    voters: VOTERS,
    clock: { monotonicMs: () => time.nowMs },
    isConnected: (peer) => connected.includes(peer),
    send(to, bytes) {
      if (!connected.includes(to)) return
      const message = decodeVoterMessage(bytes)
      if (!message.ok) throw new Error(message.error.message)
      sent.push({
        to,
        kind: message.value.kind,
        places: message.value.kind === 'pass-on' ? message.value.to : [],
      })
    },
    sendSelf: () => undefined,
  })
  return { mail, sent, time }
}

describe('a batch for the voters', () => {
  it('goes to each once where all are connected', () => {
    const { mail, sent } = mailOf('b', VOTERS)
    mail.batch(BATCH)
    expect(sent.map(({ to, kind }) => [to, kind])).toEqual(['a', 'c', 'd', 'e'].map((to) => [to, 'batch']))
  })

  it('comes to every voter where one is connected, whoever those are that are not', () => {
    fc.assert(
      fc.property(fc.constantFrom('a', 'c', 'far'), fc.subarray(VOTERS, { minLength: 1 }), (self, near) => {
        const { mail, sent } = mailOf(self, near)
        mail.batch(BATCH)
        const reached = new Set<string>(sent.map(({ to }) => to))
        for (const { to, kind, places } of sent) {
          if (kind !== 'pass-on') continue
          const next = mailOf(to, VOTERS)
          next.mail.passOn(self as Did, BATCH, places)
          for (const { to: last } of next.sent) reached.add(last)
        }
        const others = VOTERS.filter((voter) => voter !== self)
        const isAnyNear = near.some((voter) => voter !== self)
        expect([...reached].toSorted()).toEqual(isAnyNear ? others : [])
        expect(sent.filter(({ kind }) => kind === 'pass-on').length).toBeLessThanOrEqual(1)
      }),
    )
  })

  it('goes another way the next time: one that passes nothing on does not keep it', () => {
    const { mail, sent } = mailOf('far', ['a', 'b'])
    for (let n = 0; n < 2; n++) mail.batch(BATCH)
    const ways = sent.filter(({ kind }) => kind === 'pass-on').map(({ to }) => to)
    expect(ways.toSorted()).toEqual(['a', 'b'])
  })
})

describe('what is passed on', () => {
  it('goes neither back nor to places that no voter has, and to nobody twice', () => {
    const { mail, sent } = mailOf('a', VOTERS)
    mail.passOn('b' as Did, BATCH, [0, 1, 2, 2, 40])
    expect(sent).toEqual([{ to: 'c', kind: 'batch', places: [] }])
  })

  it.each([
    ['large', 1_000_000, 2, 4],
    ['small', 100, 481, 963],
  ])(
    'is bounded by what it costs others, for each peer that is no voter and for all of them: %s batches',
    (...of) => {
      const [, bytes, own, all] = of
      const { mail, sent, time } = mailOf('a', VOTERS)
      const passed = (from: string): number => {
        sent.length = 0
        for (let n = 0; n < 1_000; n++) mail.passOn(from as Did, new Uint8Array(bytes), [1])
        return sent.length
      }
      expect([passed('one'), passed('two'), passed('three')]).toEqual([own, own, all - 2 * own])
      expect(passed('e')).toBe(1_000)
      time.nowMs = 60_000
      expect(passed('one')).toBe(own)
    },
  )
})
