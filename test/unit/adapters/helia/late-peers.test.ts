import { describe, expect, it } from 'vitest'
import { LatePeers } from '../../../../src/adapters/helia/late-peers.ts'
import type { PeerBlocks } from '../../../../src/adapters/helia/peer-blocks.ts'

const BLOCK = new Uint8Array([1])
const CID_OF_IT = {} as never
const SIGNAL = new AbortController().signal

function late() {
  const seen = { loads: 0, announced: 0, closes: 0 }
  const peers = {
    announce: async () => void seen.announced++,
    fetch: async () => BLOCK,
    close: async () => void seen.closes++,
  } as unknown as PeerBlocks
  const load = async () => {
    seen.loads += 1
    return peers
  }
  return { seen, late: new LatePeers({ getPeers: () => [] } as never, load) }
}

describe('peers that are spoken to later', () => {
  it('are not loaded before they are wanted, and once', async () => {
    const { seen, late: peers } = late()
    await peers.announce(CID_OF_IT)
    expect(seen).toEqual({ loads: 0, announced: 0, closes: 0 })
    await Promise.all([peers.open(), peers.open(), peers.fetch(CID_OF_IT, [], SIGNAL)])
    await peers.announce(CID_OF_IT)
    expect(seen).toEqual({ loads: 1, announced: 1, closes: 0 })
  })

  it('are asked for a block before that, which loads them', async () => {
    const { seen, late: peers } = late()
    expect(await peers.fetch(CID_OF_IT, [], SIGNAL)).toBe(BLOCK)
    expect(seen.loads).toBe(1)
  })

  it('are not loaded for a store that is closed, and are closed with it otherwise', async () => {
    const first = late()
    await first.late.close()
    await first.late.open()
    expect(first.seen).toMatchObject({ loads: 0, closes: 0 })
    const second = late()
    await second.late.open()
    await second.late.close()
    expect(second.seen).toMatchObject({ loads: 1, closes: 1 })
  })

  it('are there when somebody is connected, or named', () => {
    const { late: peers } = late()
    expect([peers.hasPeers([]), peers.hasPeers([CID_OF_IT])]).toEqual([false, true])
  })
})
