import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../../../src/ports/network-log.ts'
import { LogTrees } from '../../../../src/services/log-fetch/log-trees.ts'
import { ThinTree } from '../../../../src/services/log-fetch/thin-tree.ts'
import { hashOf, sha256 } from '../../../setup/certificates.ts'
import { LogPeers, logOf } from '../../../setup/log-peers.ts'

const BUCKET = 3

function between(log: readonly LogRecord[]): readonly LogRecord[] {
  return log.flatMap((record, at): LogRecord[] =>
    at % 5 === 4 ? [record, { kind: 'certificate', certificate: Uint8Array.of(at) }] : [record],
  )
}

describe('the tree of a stored log', () => {
  it('proves what a whole tree proves, of any two sizes, whatever certificates are between its leaves', async () => {
    const peers = new LogPeers()
    peers.keep(BUCKET, between(logOf(BUCKET, 300)))
    const whole = peers.treeOf(BUCKET)
    const log = await peers.trees.of(BUCKET)
    expect(log.tree.frontier()).toEqual(whole.frontier())
    for (let of = 1; of <= 300; of += of % 64 > 61 || of % 64 < 2 ? 1 : 7)
      for (let size = 1; size <= of; size += size % 64 > 61 || size % 64 < 2 ? 1 : 11)
        expect((await log.consistency(size, of)).value).toEqual(whole.consistency(size, of))
  })

  it('says what was read for a proof: the leaves of two chunks, unless they are remembered', async () => {
    const peers = new LogPeers()
    peers.keep(BUCKET, logOf(BUCKET, 300, 2_048))
    const log = await peers.trees.of(BUCKET)
    const workOf = async (size: number, of: number) => (await log.consistency(size, of)).work
    expect(await workOf(100, 200)).toBeGreaterThan(2 * 64 * 2)
    expect(await workOf(90, 210)).toBe(0)
    expect(await workOf(64, 299)).toBe(0)
  })

  it('gives its leaves from any of them on', async () => {
    const peers = new LogPeers()
    const leaves = logOf(BUCKET, 200)
    peers.keep(BUCKET, between(leaves))
    const log = await peers.trees.of(BUCKET)
    for (const from of [0, 1, 4, 5, 63, 64, 65, 128, 199])
      expect([...log.leaves(from)]).toEqual(leaves.slice(from))
  })

  it('has nothing of what is inside of whole chunks: who asks for a proof brings it', () => {
    const tree = new ThinTree(sha256)
    for (let at = 0; at < 200; at++) tree.append(hashOf(`leaf ${at}`))
    expect(tree.consistency(64, 192, new Map())).toHaveLength(2)
    expect(() => tree.consistency(63, 192, new Map())).toThrow('is brought')
    expect(() => tree.consistency(64, 191, new Map())).toThrow('is brought')
  })

  it('is read in turns: a short log does not wait for a long one, and only one is read at a time', async () => {
    const peers = new LogPeers()
    peers.keep(BUCKET, logOf(BUCKET, 3_000))
    for (const machine of [4, 5, 6]) peers.keep(machine, logOf(machine, 10))
    let [reads, readsAtOnce] = [0, 0]
    const archive = {
      count: (machine: number) => peers.logs.count(machine),
      kind: (machine: number, at: number) => peers.logs.kind(machine, at),
      record(machine: number, at: number) {
        readsAtOnce = Math.max(readsAtOnce, ++reads)
        return peers.logs.record(machine, at)
      },
    }
    const later = (task: () => void): void =>
      void setImmediate(() => {
        reads = 0
        task()
      })
    const trees = new LogTrees({ archive, sha256, later })
    const order: number[] = []
    const asked = [BUCKET, BUCKET, 4, 5, 6].map(async (machine) => {
      const { tree } = await trees.of(machine)
      order.push(machine)
      expect(tree.frontier()).toEqual(peers.treeOf(machine).frontier())
    })
    await Promise.all(asked)
    expect(order).toEqual([4, 5, 6, BUCKET, BUCKET])
    expect(readsAtOnce).toBe(128)
  })

  it('goes on after a disk that failed', async () => {
    const peers = new LogPeers()
    peers.keep(BUCKET, logOf(BUCKET, 10))
    let isBroken = true
    const trees = new LogTrees({
      archive: {
        count: (machine) => peers.logs.count(machine),
        kind: (machine, at) => peers.logs.kind(machine, at),
        record(machine, at) {
          if (isBroken && at === 5) throw new Error('a disk')
          return peers.logs.record(machine, at)
        },
      },
      sha256,
      later: setImmediate,
    })
    await expect(trees.of(BUCKET)).rejects.toThrow('a disk')
    isBroken = false
    expect((await trees.of(BUCKET)).tree.frontier()).toEqual(peers.treeOf(BUCKET).frontier())
  })
})
