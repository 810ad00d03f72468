import { afterEach, describe, expect, it } from 'vitest'
import type { Libp2pMesh } from '../../../../src/adapters/libp2p/mesh.ts'
import { GOSSIP_BYTES_MAX } from '../../../../src/ports/mesh.ts'
import { meshedOn, openMeshes, topicOf, until } from '../../../setup/meshes.ts'

const TOPIC = topicOf('system')

let nodes: readonly Libp2pMesh[] = []
afterEach(async () => {
  await Promise.all(nodes.map(({ mesh }) => mesh.stop()))
})

/** What each node took in, by its number. */
function collect(): string[][] {
  return nodes.map(({ mesh }) => {
    const heard: string[] = []
    mesh.subscribe(TOPIC, (_from, data) => {
      heard.push(new TextDecoder().decode(data.subarray(0, 16)))
      return 'accept'
    })
    return heard
  })
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('gossip', () => {
  it('reaches all of five nodes once each, and not the one that published', async () => {
    nodes = await openMeshes(5)
    const heard = collect()
    await meshedOn(TOPIC, nodes)
    for (const [at, { mesh }] of nodes.entries()) mesh.publish(TOPIC, bytesOf(`from ${at}`))
    await until(() => heard.every((texts) => texts.length >= 4))
    for (const [at, texts] of heard.entries()) {
      const others = [0, 1, 2, 3, 4].filter((other) => other !== at).map((other) => `from ${other}`)
      expect(texts.toSorted()).toEqual(others)
    }
  })

  it('carries a message of a whole mebibyte', async () => {
    nodes = await openMeshes(3)
    const heard = collect()
    await meshedOn(TOPIC, nodes)
    nodes[0]?.mesh.publish(TOPIC, new Uint8Array(GOSSIP_BYTES_MAX).fill(65))
    await until(() => heard.slice(1).every((texts) => texts.length === 1))
    expect(heard[1]).toEqual(['A'.repeat(16)])
  })
})
