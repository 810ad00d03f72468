import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClusterNode } from '../../src/node/demo/cluster.ts'
import { homePaths } from '../../src/node/home.ts'
import { initHome } from '../../src/node/init-home.ts'
import { ApiClient } from '../../src/sdk/client.ts'
import type { MeshNetwork } from './mesh-cluster.ts'

/**
 * A node that is no voter: a home of its own with the network's genesis and the addresses of some voters. It runs when this
 * resolves, and belongs to the network's processes.
 */
export async function joinNetwork(
  { cluster, directory }: MeshNetwork,
  name: string,
  through: readonly ClusterNode[] = cluster.nodes,
): Promise<ClusterNode> {
  const home = join(directory, name)
  const settings = {
    meshListen: '/ip4/127.0.0.1/tcp/0',
    meshBootstrap: through.map(addressOf).join(','),
    meshMdns: false,
  }
  const made = await initHome({ home, network: cluster.network.genesis, settings })
  if (!made.ok) throw new Error(made.error.message)
  const node = { name, home, did: made.value.did, api: new ApiClient({ socketPath: homePaths(home).socket }) }
  cluster.run(node)
  return node
}

/** Where a node of a founded network listens. */
export function addressOf({ home }: ClusterNode): string {
  const [, address] = /^listen = "([^"]+)"/m.exec(readFileSync(homePaths(home).config, 'utf8')) ?? []
  if (address === undefined) throw new Error(`${home} says no address`)
  return address
}
