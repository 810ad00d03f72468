import { describe, expect, it } from 'vitest'
import { decodeFrame } from '../../../../src/codec/raft-frame/frame.ts'
import type { GroupId, LogIndex, RaftId, Term } from '../../../../src/model/raft.ts'
import { Outgoing } from '../../../../src/services/raft-host/outgoing.ts'

const [G, H, A, B] = [1 as GroupId, 2 as GroupId, 2 as RaftId, 3 as RaftId]

/** What each peer was sent, as `kind:first byte of the message`. */
function outgoing(): { out: Outgoing; sent: () => Record<number, readonly string[]> } {
  const told: [RaftId, string][] = []
  const transport = {
    send(to: RaftId, frame: Uint8Array): boolean {
      const items = decodeFrame(frame)
      if (!items.ok) throw new Error(items.error.message)
      for (const item of items.value) {
        told.push([to, item.kind === 'message' ? `message:${item.bytes[0]}` : item.kind])
      }
      return true
    },
    follow: () => undefined,
    distrust: () => undefined,
  }
  const out = new Outgoing(transport, 1_000_000)
  const sent = (): Record<number, readonly string[]> => {
    out.flush(0)
    const byPeer: Record<number, string[]> = {}
    for (const [to, text] of told.splice(0)) (byPeer[to] ??= []).push(text)
    return byPeer
  }
  return { out, sent }
}

function message(group: GroupId, byte: number) {
  return { kind: 'message', group, bytes: Uint8Array.of(byte) } as const
}

describe('appends without entries', () => {
  it('are held until the tick, the newest in the place of those before it', () => {
    const { out, sent } = outgoing()
    out.hold(A, message(G, 1))
    out.hold(B, message(G, 2))
    out.hold(A, message(G, 3))
    expect(sent()).toEqual({})
    out.releaseAll()
    expect(sent()).toEqual({ [A]: ['message:3'], [B]: ['message:2'] })
    out.releaseAll()
    expect(sent()).toEqual({})
  })

  it('are not sent when an append of the group goes to that peer, which tells what they tell', () => {
    const { out, sent } = outgoing()
    out.hold(A, message(G, 1))
    out.hold(B, message(G, 2))
    out.hold(A, message(H, 3))
    out.addAppend(A, message(G, 4))
    out.releaseAll()
    expect(sent()).toEqual({ [A]: ['message:4', 'message:3'], [B]: ['message:2'] })
  })

  it('leave before a word to sleep and before a seal is asked for, which rest on what is committed', () => {
    const { out, sent } = outgoing()
    out.hold(A, message(G, 1))
    out.add(A, { kind: 'sleep', group: G, term: 1 as Term, index: 1 as LogIndex })
    out.hold(B, message(G, 2))
    out.hold(B, message(H, 3))
    out.add(B, { kind: 'seal-wanted', group: G, size: 1 })
    expect(sent()).toEqual({ [A]: ['message:1', 'sleep'], [B]: ['message:2', 'seal-wanted'] })
  })

  it('are forgotten with their term', () => {
    const { out, sent } = outgoing()
    out.hold(A, message(G, 1))
    out.forget(G)
    out.releaseAll()
    expect(sent()).toEqual({})
  })
})
