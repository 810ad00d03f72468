import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { cidOf, RAW } from '../../../../src/codec/cid.ts'
import { ContentNodes, noiseBytes } from '../../../setup/content-nodes.ts'
import { fileBlock } from '../../../setup/file-block.ts'

const MIB = 1_048_576
const ALL = { bytesMax: 64 * MIB }
let nodes: ContentNodes
let directory: string

beforeEach(() => {
  nodes = new ContentNodes()
  directory = nodes.folder()
})
afterEach(() => nodes.close())

/** Lays a block into the directory, as if it had come from a peer. */
function lay(bytes: Uint8Array, isFile = true): CID {
  const cid = cidOf(bytes, nodeCrypto.sha256, RAW)
  const name = Buffer.from(cid.multihash.digest).toString('hex')
  mkdirSync(join(directory, name.slice(0, 2)), { recursive: true })
  writeFileSync(join(directory, name.slice(0, 2), name), bytes)
  return isFile ? CID.decode(Uint8Array.from([1, 0x70, ...cid.bytes.subarray(2)])) : cid
}

/** Levels of blocks that each have the one below so many times. */
function tower(levels: number, times: number): CID {
  let part = { cid: lay(Uint8Array.of(7), false), size: 1 }
  for (let level = 0; level < levels; level++) {
    const parts = Array.from({ length: times }, () => part)
    part = { cid: lay(fileBlock(parts)), size: part.size * times }
  }
  return part.cid
}

async function outcome(cid: CID): Promise<unknown> {
  const store = await nodes.open({ directory })
  return await store.get(cid, ALL).then(
    (bytes) => bytes.length,
    (error: unknown) => (error as { code: string }).code,
  )
}

describe('a file whose blocks lie', () => {
  it('about the size of a part, is refused, whichever way', async () => {
    const leaf = lay(noiseBytes(1_000, 1), false)
    const inner = lay(fileBlock([{ cid: leaf, size: 1_000 }]))
    const root = (size: number, cid: CID): CID => lay(fileBlock([{ cid, size }]))
    const [good, short, long] = [root(1_000, leaf), root(1_001, leaf), root(999, leaf)]
    const [goodInner, wrongInner] = [root(1_000, inner), root(1_001, inner)]
    const store = await nodes.open({ directory })
    for (const cid of [good, goodInner]) expect(await store.get(cid, ALL)).toEqual(noiseBytes(1_000, 1))
    for (const cid of [short, long, wrongInner])
      await expect(store.get(cid, ALL)).rejects.toMatchObject({ code: 'content-malformed' })
  })

  it('about what it is, is refused', async () => {
    expect(await outcome(lay(noiseBytes(100, 1)))).toBe('content-malformed')
  })

  it('by having itself ever again in itself, costs no more than its bounds', async () => {
    expect(await outcome(tower(15, 1))).toBe(1)
    await nodes.close()
    nodes = new ContentNodes()
    directory = nodes.folder()
    expect(await outcome(tower(18, 1))).toBe('content-malformed')
    await nodes.close()
    nodes = new ContentNodes()
    directory = nodes.folder()
    expect(await outcome(tower(4, 64))).toBe('content-malformed')
    await nodes.close()
    nodes = new ContentNodes()
    directory = nodes.folder()
    expect(await outcome(tower(4, 200))).toBe('content-too-large')
  })
})
