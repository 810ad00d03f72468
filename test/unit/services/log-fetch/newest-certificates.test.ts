import { describe, expect, it } from 'vitest'
import type { Certificate } from '../../../../src/codec/certificate/certificate.ts'
import { FaultError } from '../../../../src/model/fault.ts'
import type { Did } from '../../../../src/model/ids.ts'
import { NewestCertificates } from '../../../../src/services/log-fetch/newest-certificates.ts'
import { ManualClock } from '../../../setup/manual-clock.ts'

const [A, B, C] = ['did:key:a', 'did:key:b', 'did:key:c'] as Did[] as [Did, Did, Did]
const MACHINE = 3

function certificateOf(size: number): Certificate {
  return { head: { size } } as unknown as Certificate
}

/** Ten leaves, of which four are certified here. `has`: sizes that others show. */
function node(has: ReadonlyMap<Did, number>) {
  const clock = new ManualClock()
  const asked: Did[] = []
  const state = { leaves: 10, certified: 4, leader: B as Did | undefined, connected: new Set([A, B, C]) }
  const defects: unknown[] = []
  const newest = new NewestCertificates({
    clock,
    leaves: () => state.leaves,
    certified: () => state.certified,
    leaderOf: () => state.leader,
    voters: [A, B, C],
    isConnected: (peer) => state.connected.has(peer),
    async fetch(peer) {
      asked.push(peer)
      const size = has.get(peer)
      if (size === undefined) throw new FaultError('peer-refused', 'it has none')
      return certificateOf(size)
    },
    keep: ({ head }) => {
      state.certified = head.size
    },
    onDefect: (defect) => void defects.push(defect),
  })
  const want = async (): Promise<void> => {
    newest.wanted(MACHINE)
    await new Promise(setImmediate)
  }
  return { newest, clock, asked, state, defects, want }
}

describe('a voter that is asked for a certificate that it has not', () => {
  it('gets it from who leads the group, and asks no more once the end of its log is covered', async () => {
    const { asked, state, want, clock } = node(new Map([[B, 10]]))
    await want()
    expect([asked, state.certified]).toEqual([[B], 10])
    clock.advance(3_600_000)
    await want()
    expect(asked).toEqual([B])
  })

  it('asks the others in turn where the leader has none, each time later', async () => {
    const { asked, state, want, clock, defects } = node(new Map([[C, 9]]))
    const times: number[] = []
    for (let ms = 0; ms < 16_000; ms += 100) {
      const before = asked.length
      await want()
      if (asked.length > before) times.push(ms)
      clock.advance(100)
    }
    expect(asked).toEqual([B, A, C, B, A])
    expect(times).toEqual([0, 1_000, 3_000, 7_000, 15_000])
    expect([state.certified, defects]).toEqual([9, []])
  })

  it('begins anew when its log has grown', async () => {
    const { asked, state, want, clock } = node(new Map())
    for (let n = 0; n < 3; n++) {
      await want()
      clock.advance(3_600_000)
    }
    state.leaves = 11
    await want()
    expect(asked).toEqual([B, A, C, B])
  })

  it('asks nobody who is not connected, and keeps nothing older', async () => {
    const { asked, state, want, clock } = node(new Map([[A, 3]]))
    state.connected.delete(B)
    await want()
    clock.advance(1_000)
    state.connected.clear()
    await want()
    expect([asked, state.certified]).toEqual([[A], 4])
  })

  it('asks for few groups at once', async () => {
    const { newest, asked } = node(new Map([[B, 10]]))
    for (let machine = 0; machine < 100; machine++) newest.wanted(machine)
    expect(asked).toHaveLength(8)
  })
})
