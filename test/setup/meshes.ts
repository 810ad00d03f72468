import { randomBytes } from 'node:crypto'
import { type Libp2pMesh, openLibp2pMesh } from '../../src/adapters/libp2p/mesh.ts'
import type { MeshOptions } from '../../src/adapters/libp2p/options.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { assert } from '../../src/model/fault.ts'
import type { SecretKey } from '../../src/model/ids.ts'

/** The network that tests are in unless they say otherwise. */
export const NETWORK = 'testnet'

export function topicOf(name: string, network: string = NETWORK): string {
  return `/canswarm/${network}/${name}`
}

export function newSecret(): SecretKey {
  return new Uint8Array(randomBytes(32)) as SecretKey
}

/** A node on loopback, on any port. */
export function openMesh(options: Partial<MeshOptions> = {}): Promise<Libp2pMesh> {
  return openLibp2pMesh({
    network: NETWORK,
    secret: newSecret(),
    clock: systemClock,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    ...options,
  })
}

/** The one address of a node on loopback. */
export function addressOf({ mesh }: Libp2pMesh): string {
  const [address] = mesh.addresses()
  assert(address !== undefined, 'the node listens')
  return address
}

/** Nodes of which each is connected with each. */
export async function openMeshes(
  count: number,
  options: Partial<MeshOptions> = {},
): Promise<readonly Libp2pMesh[]> {
  const nodes = await Promise.all(Array.from({ length: count }, () => openMesh(options)))
  for (const [at, node] of nodes.entries())
    for (const other of nodes.slice(at + 1)) await node.mesh.connect(addressOf(other))
  return nodes
}

/** Everybody has heard that everybody else is on the topic. */
export async function meshedOn(topic: string, nodes: readonly Libp2pMesh[]): Promise<void> {
  await until(() => nodes.every(({ mesh }) => mesh.subscribers(topic).length >= nodes.length - 1))
}

const ROUND_MS = 5

/** Resolves when the condition holds; rejects when it does not within `limitMs`. */
export async function until(holds: () => boolean, limitMs = 15_000): Promise<void> {
  const startMs = performance.now()
  while (!holds()) {
    if (performance.now() - startMs > limitMs)
      throw new Error(`not within ${limitMs} ms: ${holds.toString()}`)
    const { promise, resolve } = Promise.withResolvers<void>()
    setTimeout(resolve, ROUND_MS)
    await promise
  }
}
